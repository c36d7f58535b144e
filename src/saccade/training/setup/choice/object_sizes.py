"""How large objects are in their pictures: what the side of an input and the anchors are chosen by."""

from typing import NamedTuple

import torch

from saccade.core.dataset import Dataset
from saccade.data.datasets.picture import size_of
from saccade.ops.boxes.assign import real_objects
from saccade.ops.boxes.geometry import area

# Pictures that are looked at, spread over the data set.
LOOKED_AT = 500


class ObjectSizes(NamedTuple):
    """Sides of objects (the root of the box's area) over the shorter side of their picture.

    Attributes:
        smallest: Such that a twentieth is smaller.
        small: Such that a tenth is smaller.
        middle: The median.
        side: Median of the shorter sides of pictures, in pixels.
    """

    smallest: float
    small: float
    middle: float
    side: float


def object_sizes(dataset: Dataset) -> ObjectSizes:
    """Sizes of a data set's objects; of one without any, as if they filled their pictures."""
    step = max(len(dataset) // LOOKED_AT, 1)
    sides: list[float] = []
    shares: list[torch.Tensor] = []
    for index in range(0, len(dataset), step):
        shorter = min(size_of(dataset, index))
        boxes = real_objects(dataset.truth(index)).boxes
        sides.append(float(shorter))
        if boxes is not None:
            shares.append(area(boxes).sqrt() / shorter)
    found = torch.cat(shares) if shares else torch.zeros(0)
    found = found if len(found) else torch.ones(1)
    smallest, small, middle = torch.quantile(found.double(), found.new_tensor([0.05, 0.1, 0.5]).double()).tolist()
    return ObjectSizes(smallest, small, middle, float(torch.tensor(sides or [224.0]).median()))
