"""Run lengths and polygons against masks of known pixels; what does not fit is refused before it is decoded."""

import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.ops import rle


def some_masks(count: int, size: tuple[int, int], seed: int = 0) -> Masks:
    chance = torch.rand(count, *size, generator=torch.Generator().manual_seed(seed))
    return Masks.from_dense(chance > torch.linspace(0.05, 1, count).view(-1, 1, 1))


@pytest.mark.parametrize("count", [0, 1, 5])
def test_round_trip(count: int) -> None:
    masks = some_masks(count, (13, 29))
    texts = [code["counts"].encode() for code in rle.encode(masks)]
    assert torch.equal(rle.decode(texts, masks.size).dense(), masks.dense())


@pytest.mark.parametrize("seed", range(4))
def test_strings_and_pixels_are_those_of_cocos_own_code(seed: int) -> None:
    masks = some_masks(6, (5 + seed, 7), seed)
    dense = torch.cat([masks.dense(), torch.ones(1, *masks.size), torch.zeros(1, *masks.size)]).bool()
    for code, mask in zip(rle.encode(Masks.from_dense(dense)), dense, strict=True):
        theirs = coco.encode(np.asfortranarray(mask.numpy().astype(np.uint8)))
        assert code["counts"].encode() == rle._bytes(theirs)
        ours = rle.decode([code["counts"].encode()], masks.size)
        assert torch.equal(ours.dense()[0], torch.from_numpy(coco.decode(theirs)).bool())
        assert torch.equal(ours.windows, Masks.from_dense(mask[None]).windows)


def test_hand_sized() -> None:
    # Columns of a 2 x 3 picture: (0, 1), (1, 1), (0, 0).
    dense = torch.tensor([[[0, 1, 0], [1, 1, 0]]])
    assert rle.expand(rle.encode(Masks.from_dense(dense))[0]["counts"].encode()).tolist() == [1, 3, 2]
    assert torch.equal(rle.decode([rle.compress([1, 3, 2], (2, 3))], (2, 3)).dense(), dense.bool())


def test_empty_mask_has_an_empty_window() -> None:
    masks = rle.decode([rle.compress([6], (2, 3))], (2, 3))
    assert masks.windows[:, 2:].sub(masks.windows[:, :2]).tolist() == [[0, 0]]
    assert not masks.dense().any()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40))
def test_expand_undoes_compress(counts: list[int]) -> None:
    assert rle.expand(rle.compress(counts, (1, sum(counts)))).tolist() == counts


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_decode_or_are_refused(text: bytes) -> None:
    try:
        size = rle.decode([text], (4, 5)).size
    except DataError:
        size = (4, 5)
    assert size == (4, 5)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"", (2, 3)),
        (b"\xff", (2, 3)),
        (b"P", (2, 3)),
        (b"o" * 50, (2, 3)),
        (rle.compress([1, 3, 2], (2, 3)), (2, 4)),
        (rle.compress([1, 3, 2], (2, 3)), (100_000, 100_000)),
        (rle.compress([10**10], (100_000, 100_000)), (2, 3)),
    ],
)
def test_codes_that_do_not_fit_are_refused(text: bytes, size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="expected"):
        rle.decode([text], size)


@pytest.mark.parametrize("counts", [[1, 2], [-1, 7], [7], [], [2**62, 2**62, 2**62, 2**62, 6]])
def test_counts_that_do_not_fill_the_picture_are_refused(counts: list[int]) -> None:
    with pytest.raises(DataError, match="expected"):
        rle.compress(counts, (2, 3))


def test_polygons_are_rasterised_as_coco_does_it() -> None:
    square = np.array([1, 1, 4, 1, 4, 3, 1, 3], float)
    triangle = np.array([5.2, 0.1, 8.9, 0.4, 7.0, 5.5], float)
    masks = rle.decode([rle.rasterise([square], (6, 9)), rle.rasterise([square, triangle], (6, 9))], (6, 9))
    assert masks.areas()[0] == 6
    assert masks.boxes()[0].tolist() == [1, 1, 4, 3]
    code = coco.merge(coco.frPyObjects([square.tolist(), triangle.tolist()], 6, 9))
    assert torch.equal(masks.dense()[1], torch.from_numpy(coco.decode(code)).bool())


@pytest.mark.parametrize(
    "polygon", [[], [1, 1, 2, 2], [1, 1, 2, 2, 3, 3, 4], [1, 1, 2, 2, 1e12, 3], [1, 1, float("nan"), 2, 3, 3]]
)
def test_polygons_that_cannot_be_drawn_are_refused(polygon: list[float]) -> None:
    with pytest.raises(DataError, match="expected"):
        rle.rasterise([np.array(polygon, float)], (6, 9))
    assert not rle.decode([rle.rasterise([], (6, 9))], (6, 9)).dense().any()
