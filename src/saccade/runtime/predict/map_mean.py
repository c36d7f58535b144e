"""Maps of several views become one: their mean in the picture's own pixels, row by row as soon as all of it is there.

Legend: C maps of a view, (H, W) the picture's own size, n rows of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.geometry.affine import translation
from saccade.core.score_maps import ScoreMap, best, strips
from saccade.runtime.predict.multi_scale_flip import View


@dataclass(frozen=True)
class _Part:
    """What one view says: the maps, and how much its rows (h,) and columns (w,) count."""

    view: View
    maps: ScoreMap
    down: Tensor
    across: Tensor


class MapMean:
    """The mean over views of what is said of each pixel; near a border between tiles a view counts ever less.

    Neighbouring tiles so pass into each other. Views may come in any order; those whose rows are done are forgotten,
    so that of tiles in rows only a row or two are held at a time.

    Args:
        views: All views of the picture.
        lines: Whether the maps are of thin lines, whose greatest values stay where they are shrunk.
        decide: Whether the class of each pixel is wanted, the one whose mean is best.
        suppression: Whether the means are wanted.
    """

    def __init__(
        self, views: Sequence[View], *, lines: bool = False, decide: bool = False, suppression: bool = True
    ) -> None:
        self.views, self.lines, self.decide, self.suppression = views, lines, decide, suppression
        self._left = set(range(len(views)))
        self._parts: list[_Part] = []
        self._done = 0
        self.means: Tensor | None = None
        self.semantic: Tensor | None = None

    def add(self, place: int, maps: Tensor, frame: Frame) -> None:
        """What is said of the view at a place: (C, h, w) where a frame leads, without padding."""
        view = self.views[place]
        top, left, *_ = view.window
        back = translation(-left, -top) @ frame.inverse().matrix
        part = ScoreMap(maps, back, view.window.size).without_detail(self.lines)
        self._parts.append(_Part(view, part, *shares(view)))
        self._left.discard(place)
        self._settle(min((self.views[other].window.top for other in self._left), default=view.size[0]), len(maps))

    def _settle(self, bottom: int, count: int) -> None:
        """Finish all rows above `bottom`."""
        height, width = self.views[0].size
        if self._done == 0:
            self.semantic = torch.empty(height, width, dtype=torch.int64) if self.decide else None
            self.means = torch.empty(count, height, width) if self.suppression else None
        for first, last in strips(self._done, bottom, count * width):
            mean, shown = self._mean(first, last, count)
            if self.semantic is not None:
                self.semantic[first:last] = best(mean, shown)
            if self.means is not None:
                self.means[:, first:last] = mean.masked_fill_(~shown, 0.0)
        self._done = max(bottom, self._done)
        self._parts = [part for part in self._parts if part.view.window.bottom > bottom]

    def _mean(self, first: int, last: int, count: int) -> tuple[Tensor, Tensor]:
        """(C, n, W) means over the views, and (n, W) bool, the pixels that some view shows."""
        width = self.views[0].size[1]
        total, weight = torch.zeros(count, last - first, width), torch.zeros(last - first, width)
        for part in self._parts:
            top, left, bottom, right = part.view.window
            high, low = max(first, top), min(last, bottom)
            if high < low:
                values, shown = part.maps.rows(high - top, low - top)
                share = part.down[high - top : low - top, None] * part.across * shown
                total[:, high - first : low - first, left:right] += values * share
                weight[high - first : low - first, left:right] += share
        shown = weight > 0
        return total / torch.where(shown, weight, 1.0), shown


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
