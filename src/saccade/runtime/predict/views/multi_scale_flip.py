"""Several views of a picture: larger, smaller, mirrored, or a part of it alone.

Each view has a `Frame` of its own that leads what a network says of it back to the picture's own pixels, so that boxes,
masks, joints and maps of any view are at home there; `merge` makes one prediction of them. He et al.
2015, Deep Residual Learning, appendix A, and Girshick's detectors were measured with several scales and mirrored;
Simonyan and Zisserman 2014, arXiv 1409.1556, section 3.2, classify by a grid of crops of each scale; tiles let a
network of small inputs see the small things of a large picture.

Legend: (H, W) a picture's own size.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror, scaling, translation
from saccade.core.geometry.resample import Size
from saccade.core.input.fit import target_size
from saccade.core.input.input_spec import InputSpec

SMALLEST, LARGEST = 0.1, 8.0
# Pixels of a tile's side at least, and the greatest share of it that its neighbour may show too.
LEAST_TILE, MOST_OVERLAP = 16, 0.9
OVERLAP = 0.2
MOST_CROPS = 20


class Window(NamedTuple):
    """A part of a picture, in whole pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> Size:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


class ViewOptions(TypedDict, total=False):
    """Keywords by which a user says what views a network is shown; see `viewing`."""

    scales: Sequence[float]
    flip: bool
    tile: int | None
    overlap: float
    crops: int | None


@dataclass(frozen=True)
class Tiles:
    """Squares that cover a picture, in rows from the top; a side of the picture that is shorter is taken whole.

    Attributes:
        size: Side in the picture's own pixels.
        overlap: Share of a side that neighbours have in common at least.

    Raises:
        UsageError: One of them is out of bounds.
    """

    size: int
    overlap: float = OVERLAP

    def __post_init__(self) -> None:
        if self.size < LEAST_TILE or not 0 <= self.overlap <= MOST_OVERLAP:
            raise UsageError(
                f"tiles of {LEAST_TILE} pixels or more that overlap by 0 to {MOST_OVERLAP:g}",
                f"{self.size} and {self.overlap:g}",
            )

    @property
    def margin(self) -> int:
        """Pixels that neighbours have in common at least."""
        return math.ceil(self.size * self.overlap)

    def windows(self, size: Size) -> list[Window]:
        """The tiles of a picture of `size` (H, W)."""
        rows, columns = (self._along(length) for length in size)
        return [Window(top, left, bottom, right) for top, bottom in rows for left, right in columns]

    def _along(self, length: int) -> list[tuple[int, int]]:
        """Begin and end of the tiles of one side, spread evenly."""
        if length <= self.size:
            return [(0, length)]
        gaps = math.ceil((length - self.size) / max(self.size - self.margin, 1))
        starts = [round(place * (length - self.size) / gaps) for place in range(gaps + 1)]
        return [(start, start + self.size) for start in starts]


@dataclass(frozen=True)
class View:
    """Which part of a picture is seen, and how large.

    Attributes:
        window: The part.
        inner: From the part's pixels to the network's, before mirroring.
        mirrored: Whether left and right change places then.
        size: (H, W) of the whole picture.
        margin: Pixels along a border between tiles that the neighbour shows too.
        pairs: Joints that change places where it is mirrored.
    """

    window: Window
    inner: Frame
    mirrored: bool
    size: Size
    margin: int = 0
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def frame(self) -> Frame:
        """From the whole picture's pixels to the network's."""
        top, left, *_ = self.window
        frame = self.inner
        if self.window.size != self.size:
            cut = Frame(translation(-left, -top), self.size, self.window.size)
            frame = cut.then(frame.matrix, frame.target)
        if not self.mirrored:
            return frame
        return replace(frame.then(mirror(frame.target[1]), frame.target), pairs=self.pairs)

    def visualize(self, image: Tensor, spec: InputSpec) -> Tensor:
        """(C, h, w) float32 0..1 of a picture (C, H, W), before normalising."""
        top, left, bottom, right = self.window
        return self.visualize_part(image[:, top:bottom, left:right], spec)

    def visualize_part(self, part: Tensor, spec: InputSpec) -> Tensor:
        """The same of the window alone, (C, bottom - top, right - left)."""
        seen, _ = spec.resize(part, self.inner)
        return seen.flip(-1) if self.mirrored else seen


@dataclass(frozen=True)
class MultiScaleFlip:
    """Which views of a picture a network is shown.

    Attributes:
        scales: Sizes, as factors of the size that the network takes otherwise.
        flip: Whether each is shown mirrored too.
        tiles: The parts that are shown in place of the whole picture, or None.
        crops: Rows and columns of crops of the size that the network takes, spread over the picture of each scale in
            place of the central one; None for that alone.
        pairs: Joints that change places in mirrored views.

    Raises:
        UsageError: There is no scale, one is out of bounds or stands twice, or there are both tiles and crops.
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    tiles: Tiles | None = None
    crops: int | None = None
    pairs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        good = all(math.isfinite(scale) and SMALLEST <= scale <= LARGEST for scale in self.scales)
        if not self.scales or not good or len(set(self.scales)) != len(self.scales):
            listed = ", ".join(f"{scale:g}" for scale in self.scales) or "none"
            raise UsageError(f"distinct scales from {SMALLEST:g} to {LARGEST:g}", listed)
        if self.crops is not None and (self.tiles is not None or not 1 <= self.crops <= MOST_CROPS):
            found = "tiles too" if self.tiles is not None else self.crops
            raise UsageError(f"a grid of 1 to {MOST_CROPS} rows of crops, and no tiles", found)

    @property
    def plain(self) -> bool:
        """Whether there is one view: the picture as the network takes it anyway."""
        return self.scales == (1.0,) and not self.flip and self.tiles is None and self.crops is None

    def of(self, size: Size, spec: InputSpec, truth: Annotation | None = None) -> Iterator[View]:
        """The views of a picture: tile by tile, scale by scale, the plain one before its mirrored.

        Args:
            size: (H, W) of the picture.
            spec: How pictures get into the network.
            truth: What is known of the picture: where its person is, for networks of one person's pose.
        """
        whole = Window(0, 0, *size)
        if self.crops is not None:
            for frame in self._cropped(size, spec, self.crops):
                yield from (View(whole, frame, mirrored, size) for mirrored in self._sides())
            return
        for window in [whole] if self.tiles is None else self.tiles.windows(size):
            own = spec.frame(window.size, truth)
            for scale in self.scales:
                for mirrored in self._sides():
                    margin = 0 if self.tiles is None else self.tiles.margin
                    yield View(window, scaled(own, scale), mirrored, size, margin, self.pairs)

    def _sides(self) -> tuple[bool, ...]:
        """Whether a view is mirrored: not, and then, where that is asked for."""
        return (False, True) if self.flip else (False,)

    def _cropped(self, size: Size, spec: InputSpec, rows: int) -> Iterator[Frame]:
        """The frames of the crops, scale by scale, row by row."""
        for scale in self.scales:
            resized, target = target_size("crop", size, spec.size, round((spec.shorter or 0) * scale), None)
            whole = Frame(scaling(resized[1] / size[1], resized[0] / size[0]), size, resized)
            tops, lefts = (_spread(length - side, rows) for length, side in zip(resized, target, strict=True))
            yield from (whole.then(translation(-left, -top), target) for top in tops for left in lefts)

    def plain_values(self) -> list[object]:
        """What tells these views from others, as JSON takes it."""
        tiles = [] if self.tiles is None else [self.tiles.size, self.tiles.overlap]
        return [list(self.scales), self.flip, *tiles, *([] if self.crops is None else [{"crops": self.crops}])]


def viewing(
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
    tile: int | None = None,
    overlap: float = OVERLAP,
    crops: int | None = None,
) -> MultiScaleFlip:
    """The views that a user asks for.

    Args:
        scales: Sizes at which each picture is seen, as factors of its usual one.
        flip: Whether each is seen mirrored too.
        tile: Side of the tiles that are seen in place of the whole picture, in its own pixels.
        overlap: Share of a tile's side that its neighbour shows too.
        crops: Rows and columns of crops that a classifier is shown of each scale.

    Raises:
        UsageError: A number is out of bounds.
    """
    tiles = None if tile is None else Tiles(tile, overlap)
    return MultiScaleFlip(tuple(map(float, scales)), flip, tiles, crops)


def _spread(room: int, count: int) -> list[int]:
    """Where crops begin along a side: evenly from end to end, one alone in the middle."""
    if count == 1:
        return [round(room / 2)]
    return [round(place * room / (count - 1)) for place in range(count)]


def scaled(frame: Frame, scale: float) -> Frame:
    """The frame followed by a change of size, to whole pixels; the frame itself where nothing changes."""
    if scale == 1:
        return frame
    height, width = (max(round(side * scale), 1) for side in frame.target)
    return frame.then(scaling(width / frame.target[1], height / frame.target[0]), (height, width))
