"""Edge boxes: of all boxes those that hold whole contours.

Source: Zitnick, Dollár 2014, Edge boxes: locating object proposals from edges, sections 3 and 4; constants as in the
authors' release.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.boxes.nms import nms
from saccade.ops.proposals.edge_groups import edge_groups
from saccade.ops.proposals.edge_map import Array, StructuredGradient, edge_map
from saccade.ops.proposals.edge_scores import BoxScorer
from saccade.ops.proposals.edge_windows import refined, windows
from saccade.ops.proposals.search_picture import colours_at

# Of so many times the boxes that are wanted suppression usually leaves enough; among all of them it takes far longer.
AHEAD = 16


@dataclass(frozen=True)
class EdgeBoxes:
    """A search for boxes that hold many edges, few of which belong to contours that leave the box.

    Attributes:
        count: How many boxes are given at most, or None for all.
        alpha: Intersection over union of neighbouring windows.
        beta: Of two boxes that overlap by more, the weaker goes; best is .05 above the overlap that is wanted.
        eta: Factor of `beta` after each box that stays, until it is .5; .9996 with `beta` .9 suits a thousand boxes.
        least: Boxes that score less are none. It is the authors' .01: they halve sides before they divide by them.
        ratio: Widest window: its width over its height; the tallest the other way round.
        area: Smallest window as a share of the picture: 1000 pixels of 500 × 375.
        side: Pictures are brought to this longer side before the search.
        refine: Sides of so many of the best windows are moved to where they score best.
        strength: Tells the strength (H, W) 0..1 of edges of a picture (H, W, 3) 0..1; equal ones have equal texts.
    """

    count: int | None = None
    alpha: float = 0.65
    beta: float = 0.75
    eta: float = 1.0
    least: float = 0.01 / 32**0.5
    ratio: float = 3.0
    area: float = 1000 / (500 * 375)
    side: int = 500
    refine: int = 2000
    strength: Callable[[Array], Array] = field(default_factory=StructuredGradient)

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) boxes x1, y1, x2, y2 in pixels of a picture (C, H, W), uint8 or float 0..1, best first.

        A picture without edges has none.
        """
        picture, back = self._sized(image)
        edges = edge_map(self.strength(picture))
        height, width = edges.strength.shape
        area = self.area * height * width
        boxes = windows(height, width, alpha=self.alpha, ratio=self.ratio, area=area)
        boxes, scores = self._best(boxes, BoxScorer(edges, edge_groups(edges)))
        found = within(boxes, height, width)
        return found[kept(found, torch.from_numpy(scores), self.beta, self.eta, self.count)] * back

    def _sized(self, image: Tensor) -> tuple[Array, Tensor]:
        height, width = image.shape[-2:]
        share = self.side / max(height, width)
        return colours_at(image, (max(round(height * share), 1), max(round(width * share), 1)))

    def _best(self, boxes: Array, scorer: BoxScorer) -> tuple[Array, Array]:
        """Boxes that score enough, the best of them refined, and their scores."""
        boxes = boxes[scorer.bound(boxes) > self.least]
        scores = scorer(boxes)
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] > self.least]
        first, rest = order[: self.refine], order[self.refine :]
        better, more = refined(boxes[first], scores[first], scorer, self.alpha)
        return np.concatenate([better, boxes[rest]]), np.concatenate([more, scores[rest]])


def within(boxes: Array, height: int, width: int) -> Tensor:
    """(n, 4) float32 x1, y1, x2, y2 in pixels of what lies inside the border of boxes, which is a pixel wide.

    Contours end before the picture's own border, so that nothing lies beyond a box's border there: the box goes on.
    """
    found = torch.from_numpy(boxes).float()
    last = torch.tensor([width - 1.0, height - 1])
    near = torch.where(found[:, :2] > 0, found[:, :2] + 1, 0.0)
    far = torch.where(found[:, 2:] < last, found[:, 2:], last + 1)
    # A box of two pixels is all border.
    return torch.cat([near, torch.maximum(far, near)], 1)


def kept(boxes: Tensor, scores: Tensor, beta: float, eta: float, count: int | None = None) -> Tensor:
    """Positions of the boxes (n, 4) that stay, by falling score, where the overlap that is borne falls box by box.

    Args:
        boxes: (n, 4).
        scores: (n,).
        beta: Intersection over union above which the weaker of two goes, at first.
        eta: Its factor after each box that stays, until it is .5.
        count: How many stay at most.
    """
    order = scores.argsort(descending=True, stable=True)
    if eta == 1 or beta <= 0.5:
        return _kept_alike(boxes, scores, order, beta, len(boxes) if count is None else count)
    boxes, most = boxes[order], torch.zeros(len(boxes))
    found: list[int] = []
    for place in range(len(boxes)):
        if most[place] <= beta:
            found.append(place)
            most = torch.maximum(most, iou_matrix(boxes[place : place + 1], boxes)[0])
            beta = beta * eta if beta > 0.5 else beta
    return order[found][:count]


def _kept_alike(boxes: Tensor, scores: Tensor, order: Tensor, overlap: float, count: int) -> Tensor:
    """The same where the overlap stays. What stays of the best is the same whatever follows, so they come first."""

    def stays(some: Tensor) -> Tensor:
        return some[nms(boxes[some], scores[some], torch.zeros_like(some), overlap, count)]

    first = stays(order[: AHEAD * count])
    return first if len(first) == count or AHEAD * count >= len(order) else stays(order)
