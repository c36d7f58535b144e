"""Samplers: which matched boxes a loss is made of.

Legend: B pictures, m boxes of each; a match is a row of the truth (an object), `BACKGROUND` or `BETWEEN` (see
`saccade.ops.boxes.match`). Each sampler gets matches (B, m) and what each box would cost as background (B, m), and
gives (B, m) bool: the boxes that count, objects and background.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.ops.boxes.match import BACKGROUND, BETWEEN

Sampler = Callable[[Tensor, Tensor], Tensor]


def everything(matches: Tensor, cost: Tensor) -> Tensor:
    """All boxes but those between object and background (Lin et al. 2017, RetinaNet, section 4)."""
    del cost
    return matches != BETWEEN


@dataclass(frozen=True)
class RandomSampler:
    """A fixed number a picture, with at most a share of objects; background fills the rest.

    Source: Girshick 2015, Fast R-CNN, section 2.3; Ren et al. 2015, section 3.1.3.

    Attributes:
        number: Boxes a picture.
        share: Greatest share of objects among them.
    """

    number: int
    share: float

    def __call__(self, matches: Tensor, cost: Tensor) -> Tensor:
        """(B, m) bool; what is drawn is drawn by PyTorch's generator on the CPU."""
        del cost
        chosen = torch.zeros_like(matches, dtype=torch.bool)
        for row, found in zip(chosen, matches, strict=True):
            objects = _some(found >= 0, int(self.number * self.share))
            row[objects] = True
            row[_some(found == BACKGROUND, self.number - len(objects))] = True
        return chosen


@dataclass(frozen=True)
class HardNegativeSampler:
    """All objects, and the background that costs most, so many to each object (Liu et al. 2016, SSD, section 2.2).

    Attributes:
        ratio: Background boxes to one object.
    """

    ratio: float = 3.0

    def __call__(self, matches: Tensor, cost: Tensor) -> Tensor:
        """(B, m) bool."""
        objects, background = matches >= 0, matches == BACKGROUND
        wanted = objects.sum(1, keepdim=True) * self.ratio
        costly = cost.detach().masked_fill(~background, -torch.inf)
        order = costly.argsort(dim=1, descending=True, stable=True)
        places = torch.arange(order.shape[1], device=order.device).expand_as(order)
        ranks = torch.empty_like(order).scatter_(1, order, places)
        return objects | (background & (ranks < wanted))


def hardest(cost: Tensor, number: int) -> Tensor:
    """Positions (≤ number,) of the boxes that cost most: online hard example mining (Shrivastava et al. 2016)."""
    return cost.detach().argsort(dim=0, descending=True, stable=True)[:number]


def _some(fits: Tensor, number: int) -> Tensor:
    """Positions of at most `number` of the boxes that fit."""
    places = fits.nonzero()[:, 0]
    if len(places) <= number:
        return places
    return places[torch.randperm(len(places))[:number].to(places.device)]
