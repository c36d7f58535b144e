"""Samplers: which matched boxes a loss is made of.

Legend: m boxes of one picture; a match is a row of the truth (an object), `BACKGROUND` or `BETWEEN` (see
`saccade.ops.match`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.ops.match import BACKGROUND


@dataclass(frozen=True)
class RandomPick:
    """A fixed number a picture, with at most a share of objects; background fills the rest.

    Source: Girshick 2015, Fast R-CNN, section 2.3; Ren et al. 2015, section 3.1.3.

    Attributes:
        number: Boxes a picture.
        share: Greatest share of objects among them.
    """

    number: int
    share: float

    def __call__(self, matches: Tensor) -> tuple[Tensor, Tensor]:
        """Positions (p,) of objects and (q,) of background among the boxes, each rising; p + q ≤ `number`."""
        objects, background = (matches >= 0).nonzero()[:, 0], (matches == BACKGROUND).nonzero()[:, 0]
        objects = _some(objects, int(self.number * self.share))
        return objects, _some(background, self.number - len(objects))


def hard_negatives(matches: Tensor, cost: Tensor, ratio: float = 3.0) -> Tensor:
    """Background boxes that cost most, so many to each object.

    Args:
        matches: (B, m).
        cost: (B, m) what each box would cost as background.
        ratio: Background boxes to one object. Source: Liu et al. 2016, SSD, section 2.2.

    Returns:
        (B, m) bool.
    """
    wanted = (matches >= 0).sum(1, keepdim=True) * ratio
    background = matches == BACKGROUND
    order = cost.detach().masked_fill(~background, -torch.inf).argsort(dim=1, descending=True, stable=True)
    ranks = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    return background & (ranks < wanted)


def hardest(cost: Tensor, number: int) -> Tensor:
    """Positions (≤ number,) of the boxes that cost most: online hard example mining (Shrivastava et al. 2016)."""
    return cost.detach().argsort(descending=True, stable=True)[:number]


def _some(places: Tensor, number: int) -> Tensor:
    """At most `number` of the positions, drawn by PyTorch's generator on the CPU, in rising order."""
    if len(places) <= number:
        return places
    drawn = torch.randperm(len(places))[:number].sort().values
    return places[drawn.to(places.device)]
