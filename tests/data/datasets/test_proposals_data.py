"""Regions on disk: files that are written and read, and a search that is made once a picture."""

from dataclasses import dataclass, field, replace

import pytest
import torch

from helpers import TinyDataset, picture
from saccade.core.errors import DataError, UsageError
from saccade.core.masks import Masks
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.projection import ProjectedDataset
from saccade.data.datasets.proposals import CachedSearch, ProposalDataset, cache_folder, with_regions
from saccade.data.datasets.subset import Subset
from saccade.ops.proposals.region_file import KnownRegions, RegionTable, picture_key, read_regions, write_regions
from saccade.ops.proposals.searches import search_named
from saccade.ops.proposals.window_search import WindowSearch
from saccade.ops.rle import encode

CALLS = []


@dataclass(frozen=True)
class Halves:
    """The left half of a picture; it counts how often it is asked."""

    share: float = 0.5
    asked: list = field(default_factory=lambda: CALLS, repr=False)

    def __call__(self, image):
        self.asked.append(tuple(image.shape))
        return torch.tensor([[0.0, 0, image.shape[2] * self.share, image.shape[1]]])


@pytest.fixture
def table():
    boxes = (torch.tensor([[0.0, 1, 2, 3], [1, 1, 4, 4]]), torch.zeros(0, 4))
    return RegionTable(("a.png", "ü.png"), (picture_key(picture(0)), picture_key(picture(1))), boxes, "by hand")


def test_a_file_of_regions_is_read_as_it_was_written(table, tmp_path):
    write_regions(tmp_path / "r.safetensors", table)
    found = read_regions(tmp_path / "r.safetensors")
    assert (found.ids, found.keys, found.made_by) == (table.ids, table.keys, "by hand")
    assert all(torch.equal(one, other) for one, other in zip(found.boxes, table.boxes, strict=True))


def test_scores_and_masks_are_read_as_they_were_written(table, tmp_path):
    dense = torch.zeros(2, 6, 7, dtype=torch.bool)
    dense[0, 1:3, 2:5] = True
    scores, masks = (torch.tensor([0.75, 0.5]), torch.zeros(0)), (encode(Masks.from_dense(dense)), [])
    write_regions(tmp_path / "r.safetensors", replace(table, scores=scores, masks=masks))
    found = read_regions(tmp_path / "r.safetensors")
    assert found.masks == masks
    assert [one.tolist() for one in found.scores] == [[0.75, 0.5], []]


def test_regions_of_a_file_are_found_by_the_picture(table, tmp_path):
    path = tmp_path / "r.safetensors"
    write_regions(path, table)
    search = search_named(str(path), count=1)
    assert search(picture(0)).tolist() == [[0, 1, 2, 3]]
    assert search(picture(1)).shape == (0, 4)
    with pytest.raises(DataError, match="regions in the file"):
        search(picture(2))


def test_a_picture_that_is_not_in_the_file_is_told_with_what_the_file_holds(table, tmp_path):
    path = tmp_path / "r.safetensors"
    write_regions(path, table)
    larger = torch.nn.functional.pad(picture(0), (0, 1))
    with pytest.raises(DataError, match=r"13 x 10 that is none of its 2 \(made by by hand\)\s+make.*saccade propose"):
        KnownRegions(str(path))(larger)
    path.unlink()
    with pytest.raises(DataError, match="found none"):
        KnownRegions(str(path))(picture(0))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_told(table, tmp_path, share):
    path = tmp_path / "r.safetensors"
    write_regions(path, table)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"r\.safetensors"):
        KnownRegions(str(path))(picture(0))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"boxes": torch.zeros(2, 5)},
        {"boxes": torch.tensor([[0.0, 1, 2, float("nan")], [0, 0, 1, 1]])},
        {"boxes": torch.zeros(2, 4, dtype=torch.int64)},
        {"counts": torch.tensor([2, 1])},
        {"counts": torch.tensor([3, -1])},
        {"keys": torch.zeros(1, 32, dtype=torch.uint8)},
        {"facts": torch.tensor([91, 93], dtype=torch.uint8)},
        {"scores": torch.zeros(5)},
        {"codes": torch.tensor([48], dtype=torch.uint8)},
        {"codes": torch.zeros(3, dtype=torch.uint8), "code_lengths": torch.tensor([1, 1]), "sizes": torch.ones(2, 2)},
    ],
    ids=lambda part: next(iter(part)),
)
def test_a_spoilt_part_of_a_file_is_told(table, tmp_path, spoilt):
    from saccade.safe_io.tensors.safetensors_file import read_tensors, write_tensors

    path = tmp_path / "r.safetensors"
    write_regions(path, table)
    write_tensors(path, read_tensors(path) | spoilt)
    with pytest.raises(DataError, match="expected"):
        read_regions(path)


def test_another_file_is_no_file_of_regions(tmp_path):
    from saccade.safe_io.tensors.safetensors_file import write_tensors

    path = tmp_path / "r.safetensors"
    write_tensors(path, {"boxes": torch.zeros(1, 4)})
    with pytest.raises(DataError, match="file of regions"):
        KnownRegions(str(path))(picture(0))


def test_an_unknown_search_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="selective-search-quality"):
        search_named("telepathy")
    assert search_named("windows", 3) == WindowSearch(count=3)


def test_a_picture_is_searched_once(tmp_path):
    CALLS.clear()
    remembering = CachedSearch(Halves(), tmp_path)
    first, again = remembering(picture(0)), CachedSearch(Halves(), tmp_path)(picture(0))
    assert torch.equal(first, again)
    assert CALLS == [(3, 10, 12)]
    assert CachedSearch(Halves(0.25), tmp_path)(picture(0)).tolist() == [[0, 0, 3, 10]]
    assert len(CALLS) == 2


def test_a_damaged_memory_is_sought_anew(tmp_path):
    remembering = CachedSearch(Halves(), tmp_path)
    first = remembering(picture(0))
    (file,) = tmp_path.rglob("*.boxes")
    file.write_bytes(file.read_bytes()[:-3])
    assert torch.equal(remembering(picture(0)), first)
    assert file.stat().st_size == 16


def test_samples_have_regions_and_truth_alone_costs_no_search(tmp_path, monkeypatch):
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "regions"
    CALLS.clear()
    data = with_regions(TinyDataset(), Halves())
    assert data.fields == TinyDataset().fields
    data.truth(0)
    assert CALLS == []
    assert data[0].regions.tolist() == [[0, 0, 6, 10]]
    assert data.id(0) == TinyDataset().id(0)
    assert with_regions(data, Halves()) is data
    for same in (Subset(data, [2, 0]), ProjectedDataset(data, frozenset()), ConcatDataset([data, data])):
        assert with_regions(same, Halves()) is same
        assert same[1].regions is not None
    assert isinstance(with_regions(ConcatDataset([data, TinyDataset()]), Halves()), ProposalDataset)
    plain = TinyDataset()
    assert with_regions(plain, None) is plain
