"""Negatives mined on the fly: of each picture some background at random, and that which offends most.

Source: Sermanet et al. 2013, OverFeat, arXiv 1312.6229, section 5.

Legend: B pictures, m boxes of each; see `saccade.ops.boxes.samplers` for samplers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.ops.boxes.match import BACKGROUND
from saccade.ops.boxes.samplers import hardest


@dataclass(frozen=True)
class OnlineHardMining:
    """All objects, and a few backgrounds of each picture.

    They are chosen anew at each step by what the network says at that step, in place of passes over all pictures
    between which a set of negatives grows (bootstrapping).

    Attributes:
        most: How many of the backgrounds that cost most.
        random: How many of the others, drawn at random.
    """

    most: int
    random: int

    def __call__(self, matches: Tensor, cost: Tensor) -> Tensor:
        """(B, m) bool; what is drawn is drawn by PyTorch's generator on the CPU."""
        chosen = matches >= 0
        for row, found, own in zip(chosen, matches, cost, strict=True):
            background = (found == BACKGROUND).nonzero()[:, 0]
            offending = hardest(own[background], self.most)
            row[background[offending]] = True
            others = background[~torch.isin(background, background[offending])]
            row[others[torch.randperm(len(others))[: self.random].to(others.device)]] = True
        return chosen
