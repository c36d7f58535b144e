"""Things put on the picture's pixels: who hides whom, and which of them still show.

Legend: (H, W) picture, (h, w) one thing's window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.data.scenes.figure import Layer, figure_layers
from saccade.data.scenes.layout import CLASSES, Thing, draw_things
from saccade.data.scenes.shapes import SHAPES, Array

_LEAST_SHARE, _LEAST_MAIN_SHARE = 0.35, 0.75  # of a thing's pixels that must show
_LEAST_PIXELS = 12
_LARGEST_OTHER = 0.45  # a smaller thing shows less than this share of the main one's pixels
_MARGIN = 0.04  # of the side, around a thing: room for its shadow


@dataclass(frozen=True)
class Placed:
    """One thing on the pixel grid.

    Attributes:
        thing: What it is.
        window: x1, y1, x2, y2 in whole pixels, a little wider than the thing.
        layers: Its layers, back to front; distances in pixels.
        mask: (h, w) bool, its pixels, hidden ones too.
    """

    thing: Thing
    window: tuple[int, int, int, int]
    layers: list[Layer]
    mask: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Pixels, hidden ones too."""
        return int(self.mask.sum())

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window."""
        x1, y1, x2, y2 = self.window
        return slice(y1, y2), slice(x1, x2)


@dataclass(frozen=True)
class Stage:
    """All that is needed to paint one scene and to tell what it shows.

    Attributes:
        placed: The things that show, the main one first.
        owner: (H, W) int64, which thing each pixel shows; -1 is background.
        depth: (H, W) float32, how near that thing is; -1 is background.
    """

    placed: list[Placed]
    owner: NDArray[np.int64]
    depth: Array

    def visible(self, position: int) -> NDArray[np.bool_]:
        """(h, w) bool: the pixels of one thing that nothing hides, within its window."""
        return self.owner[self.placed[position].slices] == position


def set_stage(seed: int, index: int, size: int) -> Stage:
    """The things of one scene on a picture of `size` pixels; those that would hide too much or show too little go."""
    stage = Stage([], np.full((size, size), -1, dtype=np.int64), np.full((size, size), -1, dtype=np.float32))
    for thing in draw_things(seed, index):
        _try(stage, place(thing, size))
    return stage


def place(thing: Thing, size: int) -> Placed:
    """One thing on the pixel grid of a picture of `size` pixels."""
    to_pixels = np.diag([size, size, 1.0]) @ thing.to_picture
    window = _window(thing, size)
    x1, y1, x2, y2 = window
    inverse = np.linalg.inv(to_pixels)
    columns, rows = np.arange(x1, x2) + 0.5, np.arange(y1, y2) + 0.5
    x, y, w = ((row[0] * columns[None] + (row[1] * rows + row[2])[:, None]).astype(np.float32) for row in inverse)
    x, y = x / w, y / w
    unit = np.float32(thing.unit * size)
    layers = [Layer(layer.distance * unit, layer.tone) for layer in _layers(thing, x, y)]
    mask = np.logical_or.reduce([layer.distance < 0 for layer in layers])
    return Placed(thing, window, layers, mask)


def _window(thing: Thing, size: int) -> tuple[int, int, int, int]:
    low = np.floor((thing.box[:2] - _MARGIN) * size).astype(int).clip(0, size - 1)
    high = np.ceil((thing.box[2:] + _MARGIN) * size).astype(int).clip(low + 1, size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _layers(thing: Thing, x: Array, y: Array) -> list[Layer]:
    if thing.joints is not None:
        return figure_layers(thing.joints, x, y)
    return [Layer(SHAPES[CLASSES[thing.label]].distance(x, y))]


def _try(stage: Stage, new: Placed) -> None:
    """Adds a thing, unless it or one that it hides would then show too little."""
    rows, columns = new.slices
    owner, depth = stage.owner[rows, columns], stage.depth[rows, columns]
    shown = new.mask & (depth < new.thing.depth)
    kept = np.bincount((stage.owner + 1).ravel(), minlength=len(stage.placed) + 1)[1:]
    kept = kept - np.bincount(owner[shown] + 1, minlength=len(stage.placed) + 1)[1:]
    for position, old in enumerate(stage.placed):
        if kept[position] < _least(old, main=position == 0):
            return
    pixels = int(shown.sum())
    if pixels < _least(new, main=not stage.placed) or (stage.placed and pixels > _LARGEST_OTHER * kept[0]):
        return
    owner[shown], depth[shown] = len(stage.placed), new.thing.depth
    stage.placed.append(new)


def _least(placed: Placed, main: bool) -> float:
    """Pixels of a thing that must show."""
    return _LEAST_MAIN_SHARE * placed.area if main else max(_LEAST_SHARE * placed.area, _LEAST_PIXELS)
