"""Maps of several views become one: their mean in the picture's own pixels, part by part as soon as all of it is there.

Legend: C maps of a view, (H, W) the picture's own size, n rows of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.geometry.affine import translation
from saccade.core.score_maps import IGNORE, ScoreMap, above_half, best, strips
from saccade.runtime.predict.views.multi_scale_flip import View, Window

# Takes a part of a picture as soon as it is known: its window, (C, n, w) means, 0 where nothing was shown, and (n, w)
# bool, the pixels that some view shows.
TakePart: TypeAlias = Callable[[Window, Tensor, Tensor], None]


@dataclass
class _Part:
    """What one view says: the maps, and how much its rows (h,) and columns (w,) count.

    Of a tile that waits for the next row of tiles alone, only the rows that both show are kept, in the picture's own
    pixels: `kept`, from row `first` of the window on.
    """

    view: View
    maps: ScoreMap | None
    down: Tensor
    across: Tensor
    first: int = 0
    kept: tuple[Tensor, Tensor] | None = None

    def values(self, top: int, left: int, bottom: int, right: int) -> tuple[Tensor, Tensor]:
        """(C, n, w) values of a part of the window, and (n, w) how much each counts."""
        if self.kept is not None:
            rows, columns = slice(top - self.first, bottom - self.first), slice(left, right)
            values, shown = self.kept[0][:, rows, columns], self.kept[1][rows, columns]
        else:
            assert self.maps is not None
            values, shown = self.maps.part(top, left, bottom, right)
        return values, self.down[top:bottom, None] * self.across[left:right] * shown

    def forget(self, first: int) -> None:
        """Keep the rows from `first` on alone, where they take less than the maps."""
        height, width = self.view.window.size
        if self.kept is not None:
            values, shown = self.kept
            self.kept = values[:, first - self.first :].clone(), shown[first - self.first :].clone()
        elif self.maps is not None and (height - first) * width < self.maps.maps[0].numel():
            values, shown = self.maps.part(first, 0, height, width)
            self.kept, self.maps = (values.clone(), shown), None  # a view of the maps would keep all of them
        else:
            return
        self.first = first


@dataclass
class _Band:
    """Columns that the same tiles show, from `left` to `right`: rows above `done` are decided.

    Attributes:
        waiting: The first row of each view that shows the columns and has not come yet, by its place.
    """

    left: int
    right: int
    waiting: dict[int, int]
    done: int = 0

    def ready(self, height: int) -> int:
        """The row above which all views have come."""
        return min(self.waiting.values(), default=height)


class MapMean:
    """The mean over views of what is said of each pixel; near a border between tiles a view counts ever less.

    Neighbouring tiles so pass into each other. Views may come in any order; what is said of pixels that no further view
    shows is decided at once and forgotten, so that of tiles in rows, beside the last tile, only the rows are held that
    the next row of tiles shows too.

    Args:
        views: All views of the picture.
        lines: Whether the maps are of thin lines, whose greatest values stay where they are shrunk.
        decide: Whether what each pixel is of is wanted: of the ``best`` class by the means, or of those of which they
            are ``above_half``.
        suppression: Whether the means are wanted.
        compact: Whether classes are held in bytes, or, of more than 255, in 32 bits.
        take: Takes the means part by part, in place of the maps of the whole below, which are not made then.

    Attributes:
        means: (C, H, W), where they are wanted.
        semantic: (H, W) the best class of each pixel, where that is wanted.
        masks: (C, H, W) bool, the classes above one half, where these are wanted.
        unseen: (H, W) bool, beside them: the pixels that no view shows.
    """

    def __init__(
        self,
        views: Sequence[View],
        *,
        lines: bool = False,
        decide: Literal["best", "above_half"] | None = None,
        suppression: bool = True,
        compact: bool = False,
        take: TakePart | None = None,
    ) -> None:
        self.views, self.lines, self.decide, self.suppression = views, lines, decide, suppression
        self.compact, self.take = compact, take
        self._bands = _bands_of(views)
        self._parts: list[_Part] = []
        self.means: Tensor | None = None
        self.semantic: Tensor | None = None
        self.masks: Tensor | None = None
        self.unseen: Tensor | None = None

    def add(self, place: int, maps: Tensor, frame: Frame) -> None:
        """What is said of the view at a place: (C, h, w) where a frame leads, without padding."""
        view = self.views[place]
        top, left, *_, right = view.window
        back = translation(-left, -top) @ frame.inverse().matrix
        part = ScoreMap(maps, back, view.window.size).without_detail(self.lines)
        self._parts.append(_Part(view, part, *shares(view)))
        self._begin(len(maps))
        bands = [band for band in self._bands if left <= band.left < right]
        for band in bands:
            band.waiting.pop(place, None)
            self._settle(band, len(maps))
        self._forget()

    def _begin(self, count: int) -> None:
        height, width = self.views[0].size
        if self.take is not None:
            return
        if self.decide == "above_half" and self.masks is None:
            self.masks = torch.empty(count, height, width, dtype=torch.bool)
            self.unseen = torch.empty(height, width, dtype=torch.bool)
        if self.decide == "best" and self.semantic is None:
            kind = torch.int64 if not self.compact else torch.uint8 if count <= IGNORE else torch.int32
            self.semantic = torch.empty(height, width, dtype=kind)
        if self.suppression and self.means is None:
            self.means = torch.empty(count, height, width)

    def _settle(self, band: _Band, count: int) -> None:
        """Decide all rows of a band that no further view shows."""
        bottom, columns = band.ready(self.views[0].size[0]), slice(band.left, band.right)
        for first, last in strips(band.done, bottom, count * (band.right - band.left)):
            window = Window(first, band.left, last, band.right)
            mean, shown = self._mean(window, count)
            if self.take is not None:
                self.take(window, mean.masked_fill_(~shown, 0.0), shown)
            if self.semantic is not None:
                self.semantic[first:last, columns] = best(mean, shown)
            if self.masks is not None and self.unseen is not None:
                self.masks[:, first:last, columns] = above_half(mean, shown)
                self.unseen[first:last, columns] = ~shown
            if self.means is not None:
                self.means[:, first:last, columns] = mean.masked_fill_(~shown, 0.0)
        band.done = max(bottom, band.done)

    def _forget(self) -> None:
        """Let go of what was decided."""
        stays: list[_Part] = []
        for part in self._parts:
            top, left, bottom, right = part.view.window
            done = min(band.done for band in self._bands if left <= band.left < right)
            if done < bottom:
                stays.append(part)
                if done - top > part.first:
                    part.forget(done - top)
        self._parts = stays

    def _mean(self, window: Window, count: int) -> tuple[Tensor, Tensor]:
        """(C, n, w) means over the views in a window, and (n, w) bool, the pixels that some view shows."""
        height, width = window.size
        total, weight = torch.zeros(count, height, width), torch.zeros(height, width)
        for part in self._parts:
            top, left, bottom, right = part.view.window
            high, low = max(window.top, top), min(window.bottom, bottom)
            if high < low and left <= window.left < right:
                values, share = part.values(high - top, window.left - left, low - top, window.right - left)
                total[:, high - window.top : low - window.top] += values * share
                weight[high - window.top : low - window.top] += share
        shown = weight > 0
        return total / torch.where(shown, weight, 1.0), shown


def _bands_of(views: Sequence[View]) -> list[_Band]:
    """The bands of a picture, from the left: between every two sides of views."""
    edges = sorted({side for view in views for side in (view.window.left, view.window.right)})
    bands = [_Band(left, right, {}) for left, right in pairwise(edges)]
    at = {band.left: number for number, band in enumerate(bands)} | {edges[-1]: len(bands)}
    for place, view in enumerate(views):
        for band in bands[at[view.window.left] : at[view.window.right]]:
            band.waiting[place] = view.window.top
    return bands


def shares(view: View) -> tuple[Tensor, Tensor]:
    """How much the rows (h,) and columns (w,) of a view count: 1, and less and less towards a border between tiles."""
    top, left, bottom, right = view.window
    height, width = view.size
    return (
        _ramp(bottom - top, view.margin, top > 0, bottom < height),
        _ramp(right - left, view.margin, left > 0, right < width),
    )


def _ramp(length: int, margin: int, rises: bool, falls: bool) -> Tensor:
    share, steps = torch.ones(length), (torch.arange(length) + 0.5) / max(margin, 1)
    if rises:
        share = share.minimum(steps)
    return share.minimum(steps.flip(0)) if falls else share
