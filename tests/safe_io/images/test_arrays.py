"""Arrays as pictures: axes told apart or refused, headers judged before values, plain numbers alone."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.safe_io.images.arrays import layout
from saccade.safe_io.images.pictures import decode_picture, picture_size


def saved(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


BYTES = np.arange(5 * 8 * 9, dtype=np.uint8).reshape(5, 8, 9)


@pytest.mark.parametrize("channels", [None, 5])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("last", [False, True])
def test_both_orders_of_axes_give_one_picture(last: bool, order: str, channels: int | None) -> None:
    values = np.array(BYTES.transpose(1, 2, 0) if last else BYTES, order=order)
    assert torch.equal(decode_picture(saved(values), channels), torch.from_numpy(BYTES))


def test_two_axes_are_grey() -> None:
    assert torch.equal(decode_picture(saved(BYTES[0]), 1), torch.from_numpy(BYTES[:1]))
    assert decode_picture(saved(BYTES[0])).shape == (3, 8, 9)


@pytest.mark.parametrize(
    ("shape", "channels", "found"),
    [
        ((8, 9), None, (1, (8, 9), False)),
        ((3, 8, 9), None, (3, (8, 9), False)),
        ((8, 9, 3), None, (3, (8, 9), True)),
        ((100, 40, 56), 100, (100, (40, 56), False)),
        ((40, 56, 100), 100, (100, (40, 56), True)),
        ((40, 100, 56), 56, (56, (40, 100), True)),
        ((1, 8, 9), 4, (1, (8, 9), False)),
    ],
)
def test_which_axis_is_which(shape: tuple[int, ...], channels: int | None, found: tuple[object, ...]) -> None:
    assert tuple(layout(shape, channels, "a.npy")) == found


@pytest.mark.parametrize("shape", [(), (5,), (4, 4, 4), (100, 40, 56), (3, 3, 9), (1, 3, 8, 9), (0, 5), (0, 5, 5)])
def test_axes_that_cannot_be_told_apart_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(saved(np.zeros(shape, np.uint8)))
    for look in (decode_picture, picture_size):
        with pytest.raises(DataError) as caught:
            look(path)
        assert caught.value.path == str(path)


def test_16_bits_keep_all_their_levels() -> None:
    ramp = np.arange(65536).reshape(256, 256)
    for kind in ("<u2", ">u2"):
        found = decode_picture(saved(ramp.astype(kind)), 1)
        assert (found.double() * 65535).round().long().flatten().tolist() == list(range(65536))


def test_floats_and_bits() -> None:
    values = np.linspace(0, 1, 12).reshape(3, 4)
    for kind in (np.float16, np.float32, np.float64):
        found = decode_picture(saved(values.astype(kind)), 1)
        assert found.dtype == torch.float32
        assert np.allclose(found[0], values, atol=1e-3)
    assert decode_picture(saved(values > 0.5), 1)[0].tolist() == ((values > 0.5) * 255).tolist()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.full((4, 4), 1.5), "floats 0..1"),
        (np.full((4, 4), 7, np.int64), "declared range"),
        (np.full((4, 4), 7, np.uint32), "declared range"),
        (np.full((4, 4), 1j), "uint8, uint16 or floats"),
        (np.full((4, 4), "a"), "uint8, uint16 or floats"),
    ],
)
def test_other_numbers_are_refused(values: np.ndarray, what: str) -> None:
    with pytest.raises(DataError, match=what):
        decode_picture(saved(values))


def test_what_is_no_number_is_counted_and_placed(tmp_path: Path) -> None:
    values = np.full((2, 6, 8), 0.5, np.float32)
    values[1, 2, 3] = np.nan
    values[1, 5, 7] = np.inf
    (tmp_path / "a.npy").write_bytes(saved(values))
    where = "found 2 that are NaN or infinite, the first at channel 1, row 2, column 3"
    with pytest.raises(DataError, match=where) as caught:
        decode_picture(tmp_path / "a.npy")
    assert caught.value.path == str(tmp_path / "a.npy")


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_objects_are_never_read(tmp_path: Path) -> None:
    data = saved(np.array([[Canary(tmp_path / "canary")]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="object"):
        decode_picture(data)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    "shape", ["(30000, 30000)", "(99999999999, 9)", "(-1, 5)", "(3, 70000, 5)", "(400, 1000, 1000)"]
)
def test_a_header_that_lies_or_claims_too_much_is_refused(shape: str, tmp_path: Path) -> None:
    honest = saved(np.zeros((10, 20), np.uint8))
    old = b"'shape': (10, 20), }"
    new = b"'shape': %s, }" % shape.encode()
    path = tmp_path / "a.npy"
    path.write_bytes(honest.replace(old.ljust(len(new)), new))
    for look in (decode_picture, picture_size):
        with pytest.raises(DataError) as caught:
            look(path)
        assert caught.value.path == str(path)


@pytest.mark.parametrize("keep", [6, 10, 60, 128, 200])
def test_cut_arrays_are_refused(keep: int) -> None:
    with pytest.raises(DataError):
        decode_picture(saved(BYTES)[:keep])


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 140), byte=st.integers(0, 255))
def test_a_changed_byte_gives_a_picture_or_a_data_error(place: int, byte: int) -> None:
    data = bytearray(saved(BYTES))
    data[place] = byte
    try:
        found = decode_picture(bytes(data)).ndim
    except DataError as error:
        found = error.path
    assert found in (3, "<bytes>")
