"""Selective search step by step: the regions that are left after so many merges, in one way of looking.

Source: Uijlings, van de Sande, Gevers, Smeulders 2013, Selective search for object recognition, figure 2.

Legend: (H, W) picture, r regions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from saccade.ops.proposals.region_grouping import Grouping, boxes_of
from saccade.ops.proposals.region_histograms import Array
from saccade.ops.proposals.selective_search import SelectiveSearch


@dataclass(frozen=True)
class MergingStep:
    """The regions of one moment.

    Attributes:
        labels: (H, W) region of each pixel, 0..r-1, of the picture as the search sees it.
        boxes: (r, 4) x1, y1, x2, y2 around each.
    """

    labels: Array
    boxes: Array


def merging_steps(image: Tensor, search: SelectiveSearch, counts: Sequence[int]) -> list[MergingStep]:
    """The regions of the search's first way of looking when so many are left.

    Args:
        image: (C, H, W), uint8 or float 0..1.
        search: What it looks by; its first colour space, likeness and scale are taken.
        counts: How many regions are left, one step each; of more than there are at first, the first regions.
    """
    picture, _ = search.shrunk(image)
    labels, grouping = search.first_way(picture)
    first = len(grouping.neighbours)
    grouping.run()
    return [_after(labels, grouping, max(first - count, 0)) for count in counts]


def _after(labels: Array, grouping: Grouping, merges: int) -> MergingStep:
    """The regions after some merges."""
    first = grouping.count - len(grouping.parts)
    owner = np.arange(first + len(grouping.parts))
    for number, parts in enumerate(grouping.parts[:merges]):
        owner[list(parts)] = first + number
    # A region's owner may have an owner; owners come later, so that one pass from the last leads to the end.
    for region in range(len(owner) - 1, -1, -1):
        owner[region] = owner[owner[region]]
    _, compact = np.unique(owner[labels], return_inverse=True)
    compact = compact.reshape(labels.shape)
    return MergingStep(compact, boxes_of(compact, int(compact.max()) + 1))
