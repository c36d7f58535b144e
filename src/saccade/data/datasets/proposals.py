"""A data set with regions that a search proposes, each picture searched once and remembered on disk."""

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.picture import has_regions, size_of
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.ops.proposals.region_file import KnownRegions, picture_key
from saccade.ops.proposals.searches import Search
from saccade.ops.proposals.window_search import WindowSearch
from saccade.safe_io.writing.atomic import write_bytes

# A box is four float32 numbers.
_BOX = 16


def cache_folder() -> Path:
    """Where found regions are kept: ``$SACCADE_CACHE``, or ``saccade`` in the user's folder for caches."""
    named = os.environ.get("SACCADE_CACHE")
    if named:
        return Path(named) / "regions"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saccade" / "regions"


@dataclass(frozen=True)
class CachedSearch:
    """A search that keeps on disk what it found, a file a picture, written whole or not at all.

    Processes may search beside each other, and a search that was broken off goes on where it was.

    Attributes:
        search: Finds regions; equal searches have equal texts.
        folder: Where they are kept.
    """

    search: Search
    folder: Path = field(default_factory=cache_folder)

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) boxes of a picture (C, H, W)."""
        path = self._path(image)
        if path.is_file():
            data = path.read_bytes()
            if len(data) % _BOX == 0:
                return torch.from_numpy(np.frombuffer(data, "<f4").reshape(-1, 4).copy())
        found = self.search(image)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, found.numpy().astype("<f4").tobytes())
        return found

    def _path(self, image: Tensor) -> Path:
        settings = hashlib.sha256(repr(self.search).encode()).hexdigest()[:16]
        key = picture_key(image).hex()
        return self.folder / settings / key[:2] / f"{key}.boxes"


def cached_search(search: Search) -> Search:
    """The search, which keeps what it found, unless that is found as fast as it would be read."""
    quick = search is no_search or isinstance(search, KnownRegions | WindowSearch)
    return search if quick else CachedSearch(search)


def no_search(image: Tensor) -> Tensor:
    """(0, 4) boxes of a picture (C, H, W): the search of who learns without regions."""
    return image.new_zeros((0, 4), dtype=torch.float32)


def with_regions(dataset: Dataset, search: Search | None) -> Dataset:
    """The data set with regions for a system that seeks some; itself where it has some already or nobody seeks."""
    if search is None or has_regions(dataset):
        return dataset
    return ProposalDataset(dataset, cached_search(search))


@dataclass(frozen=True)
class ProposalDataset(DatasetWrapper):
    """A data set whose samples have regions.

    They are sought when a sample is read, so that a loader's workers search beside each other.

    Attributes:
        dataset: Pictures and truth.
        search: Finds regions.
    """

    dataset: Dataset
    search: Search

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields

    @property
    def has_regions(self) -> bool:
        """Whether samples have regions: they do."""
        return True

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        return replace(sample, regions=self.search(sample.image))

    def truth(self, index: int) -> Annotation:
        """The truth of one picture."""
        return self.dataset.truth(index)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index)
