"""Pictures of the study of boundaries: alike in size and in memory, with a class for each pixel.

Legend: (H, W) a picture's pixels, height before width.
"""

from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.core.score_maps import IGNORE
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.painted import with_pixels
from saccade.data.datasets.wrapper import DatasetWrapper

SCENES = "scenes"


class HeldPixels(DatasetWrapper):
    """Pictures whose middle is cut to one shape and shrunk to one size; those that stand upright stay so.

    Args:
        dataset: Pictures with classes of pixels.
        size: (H, W) of a picture that lies.
        most: How many are taken, evenly spread; None takes all.
    """

    fields = frozenset({"semantic"})

    def __init__(self, dataset: Dataset, size: tuple[int, int], most: int | None = None) -> None:
        self.dataset = dataset
        count = len(dataset) if most is None else min(most, len(dataset))
        self.places = [number * len(dataset) // count for number in range(count)]
        self.samples = [_held(dataset[place], size) for place in self.places]

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of pixels."""
        return Vocabularies({"semantic": self.dataset.vocabularies["semantic"]})

    @property
    def classes(self) -> tuple[str, ...]:
        """The same."""
        return self.vocabularies.main

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The other data set, and the place of one picture there."""
        return self.dataset, self.places[index]

    def truth(self, index: int) -> Annotation:
        """The classes of one picture's pixels."""
        return self.samples[index].truth

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.samples[index].id

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture's pixels show."""
        return frozenset(self.truth(index).get("semantic").unique().tolist()) - {IGNORE}


def opened(root: Path, name: str, split: str, size: tuple[int, int], most: int | None = None) -> HeldPixels:
    """A split of a set; masks of objects are painted as pixels.

    Args:
        root: Folder of the data sets.
        name: A folder there, or ``scenes``: the built-in pictures, 400 to learn from and 80 to measure on.
        split: ``train`` or ``val``.
        size: (H, W) of a picture that lies.
        most: How many pictures are taken at most, or None.
    """
    source = f"scenes:count=400,size={max(size)}" if name == SCENES else root / name
    return HeldPixels(with_pixels(sc.open_data(source, split), ("semantic",)), size, most)


def _held(sample: Sample, size: tuple[int, int]) -> Sample:
    classes = sample.truth.get("semantic")
    wanted = size if classes.shape[0] <= classes.shape[1] else (size[1], size[0])
    top, left, height, width = middle((classes.shape[0], classes.shape[1]), wanted)
    window = (slice(top, top + height), slice(left, left + width))
    image = shrunk(sample.image[:, *window].float(), wanted, "bilinear").round().clamp(0, 255).to(torch.uint8)
    classes = shrunk(classes[window][None].float(), wanted, "nearest-exact")[0].long()
    return replace(sample, image=image, truth=Annotation(semantic=classes))


def middle(found: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest window of a shape (H, W) in the middle of `found` (H, W)."""
    scale = min(found[0] / shape[0], found[1] / shape[1])
    height, width = (max(round(side * scale), 1) for side in shape)
    return (found[0] - height) // 2, (found[1] - width) // 2, height, width


def shrunk(maps: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    """Maps (C, h, w), floating, brought to a size (H, W)."""
    if maps.shape[1:] == size:
        return maps
    return F.interpolate(maps[None], size, mode=mode, antialias=mode == "bilinear")[0]
