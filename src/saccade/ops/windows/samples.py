"""Windows to learn from: objects' boxes that are moved a little or a lot, and windows of the grid itself.

Legend: n objects, m windows of a scale, s windows that count, p pixels a side of a window that is cut out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import roi_align

from saccade.core.annotation import Annotation
from saccade.ops.boxes.assign import Assignment, assign, objects_like
from saccade.ops.boxes.geometry import from_centres, to_centres
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import Sampler


@dataclass(frozen=True)
class Jitter:
    """Boxes moved at random.

    Attributes:
        copies: How often each box is moved.
        shift: Greatest shift of the centre, over the box's sides.
        growth: Greatest change of each side, as a logarithm.
    """

    copies: int
    shift: float
    growth: float

    def __call__(self, boxes: Tensor) -> Tensor:
        """(copies · n, 4) of boxes (n, 4); what is drawn is drawn by PyTorch's generator on the CPU."""
        centres = to_centres(boxes).repeat(self.copies, 1)
        draw = (torch.rand(len(centres), 4) * 2 - 1).to(boxes)
        moved = centres[:, :2] + draw[:, :2] * self.shift * centres[:, 2:]
        return from_centres(torch.cat([moved, centres[:, 2:] * (draw[:, 2:] * self.growth).exp()], 1))


@dataclass(frozen=True)
class WindowSample:
    """Which windows of a picture a classifier of windows learns from.

    Attributes:
        jitters: How objects' boxes are moved; what is moved far is the background that is hardest to tell.
        each: How many windows of each scale's grid are candidates, drawn at random.
        matcher: Which candidate shows which object.
        pick: Which candidates count.
    """

    jitters: tuple[Jitter, ...]
    each: int
    matcher: Matcher
    pick: Sampler

    def __call__(self, truth: Annotation, size: Tensor, grids: Sequence[Tensor]) -> tuple[Tensor, Assignment]:
        """Windows (s, 4) that count, and what each shows.

        Args:
            truth: What the picture shows, in input pixels.
            size: (2,) height and width of the picture in input pixels.
            grids: (m, 4) windows of each scale.
        """
        objects = objects_like(truth, grids[0]).boxes
        moved = [] if objects is None else [jitter(objects) for jitter in self.jitters]
        boxes = torch.cat([*moved, *(windows[_draw(len(windows), self.each)] for windows in grids)])
        found = assign(self.matcher, boxes, truth, size)
        places = self.pick(found.rows[None], boxes.new_zeros(1, len(boxes)))[0].nonzero()[:, 0]
        return boxes[places], found[places]


def cut_out(pictures: Tensor, boxes: Tensor, owners: Tensor, side: int) -> Tensor:
    """(s, C, p, p) the pixels of boxes, warped to squares; shrinking averages all that is covered.

    Args:
        pictures: (B, C, H, W).
        boxes: (s, 4) in their pixels.
        owners: (s,) the picture of each box.
        side: p.
    """
    rows = torch.cat([owners[:, None].to(boxes), boxes], 1)
    return roi_align(pictures.float(), rows.float(), side, aligned=True).to(pictures.dtype)


def _draw(count: int, most: int) -> Tensor:
    """Positions of at most `most` of `count`, in order."""
    return torch.arange(count) if count <= most else torch.randperm(count)[:most].sort().values
