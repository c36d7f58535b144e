"""Selective search: boxes of all regions that a picture falls into, at all scales, by many ways of looking.

Source: Uijlings, van de Sande, Gevers, Smeulders 2013, Selective search for object recognition; first regions by
Felzenszwalb, Huttenlocher 2004, as scikit-image makes them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from saccade.ops.proposals.region_grouping import Grouping, Likeness
from saccade.ops.proposals.region_histograms import (
    COLOUR_BINS,
    TEXTURE_BINS,
    Array,
    ColourSpace,
    colour_bins,
    histograms,
    in_space,
    texture_bins,
)
from saccade.ops.proposals.search_picture import colours_at

ALL, NO_COLOUR = Likeness(True, True, True, True), Likeness(False, True, True, True)
FILL, SIZE = Likeness(False, False, False, True), Likeness(False, False, True, False)


@dataclass(frozen=True)
class Mode:
    """A table of ways of looking (section 5.3); each of them is taken with each other.

    Attributes:
        spaces: Colour spaces.
        likenesses: Measures by which regions are merged.
        scales: Thresholds k of the first regions, which are at least so many pixels large.
    """

    spaces: tuple[ColourSpace, ...]
    likenesses: tuple[Likeness, ...]
    scales: tuple[int, ...]


MODES = {
    "fast": Mode(("hsv", "lab"), (ALL, NO_COLOUR), (50, 100)),
    "quality": Mode(("hsv", "lab", "rgi", "hue", "intensity"), (ALL, NO_COLOUR, FILL, SIZE), (50, 100, 150, 300)),
}


@dataclass(frozen=True)
class SelectiveSearch:
    """A search for regions, the same for the same picture each time.

    Attributes:
        mode: ``fast``: 8 ways of looking, about 2000 boxes. ``quality``: 80, about 10 000.
        count: How many boxes are given at most, or None for all.
        width: Wider pictures are shrunk to it before the search, as R-CNN does.
        side: Boxes of a shorter side are left out, as a share of the picture's width (R-CNN: 20 of 500 pixels).
        seed: Of the numbers by which the boxes' order is shuffled.
    """

    mode: Literal["fast", "quality"] = "fast"
    count: int | None = None
    width: int = 500
    side: float = 0.04
    seed: int = 0

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) boxes x1, y1, x2, y2 in pixels of a picture (C, H, W), uint8 or float 0..1; none stands twice.

        They are ordered by how late they came to be, times a random number: large regions first, but not all of one way
        of looking (section 4.1).
        """
        picture, scale = self.shrunk(image)
        boxes, ranks = self._all(picture)
        boxes = boxes[np.argsort(ranks, kind="stable")]
        _, first = np.unique(boxes, axis=0, return_index=True)
        boxes = boxes[np.sort(first)]
        sides = boxes[:, 2:] - boxes[:, :2]
        boxes = boxes[(sides >= self.side * picture.shape[1]).all(1)] if self.side else boxes
        return torch.from_numpy(boxes[: self.count].astype(np.float32)) * scale

    def shrunk(self, image: Tensor) -> tuple[Array, Tensor]:
        """RGB (h, w, 3) 0..1, and the factors by which boxes grow back."""
        height, width = image.shape[-2:]
        size = (max(round(height * self.width / width), 1), self.width) if width > self.width else (height, width)
        picture, back = colours_at(image, size)
        return picture.astype(np.float64), back

    def first_way(self, picture: Array) -> tuple[Array, Grouping]:
        """The first regions (h, w) of the first way of looking at a picture (h, w, 3), and their grouping to be run."""
        mode = MODES[self.mode]
        labels, histogram = _first_regions(in_space(picture, mode.spaces[0]), mode.scales[0])
        return labels, Grouping(labels, *histogram, mode.likenesses[0])

    def _all(self, picture: Array) -> tuple[Array, Array]:
        """Boxes of every way of looking, and their ranks."""
        mode, draw = MODES[self.mode], np.random.default_rng(self.seed)
        boxes: list[Array] = []
        ranks: list[Array] = []
        for space in mode.spaces:
            channels = in_space(picture, space)
            bins = colour_bins(channels), texture_bins(channels)
            for scale in mode.scales:
                labels, histogram = _first_regions(channels, scale, bins)
                for likeness in mode.likenesses:
                    found = Grouping(labels, *histogram, likeness).run()
                    boxes.append(found)
                    ranks.append(np.arange(len(found), 0, -1) * draw.random(len(found)))
        return np.concatenate(boxes), np.concatenate(ranks)


def _first_regions(
    channels: Array, scale: int, bins: tuple[Array, Array] | None = None
) -> tuple[Array, tuple[Array, Array]]:
    """Regions (h, w) by Felzenszwalb and Huttenlocher, and their histograms of colours and textures."""
    from skimage.segmentation import felzenszwalb  # needed to search alone

    colours, textures = bins or (colour_bins(channels), texture_bins(channels))
    labels = felzenszwalb(channels, scale=scale, sigma=0.8, min_size=scale, channel_axis=2)
    return labels, (histograms(labels, colours, COLOUR_BINS), histograms(labels, textures, TEXTURE_BINS))
