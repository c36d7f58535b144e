"""The features of many pictures, with who they are, and how a map becomes a row.

Legend: N pictures, D numbers of each, C classes; a batch has B pictures, a map C channels.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.network.maps import GUIDE, IMAGE
from saccade.network.system import System

Pool = Literal["average", "max", "none"]


@dataclass(frozen=True)
class FeatureTable:
    """Features of pictures, in the data set's order.

    Attributes:
        ids: N names.
        features: (N, D) float32.
        labels: (N,) int64 class of each picture, -1 where there is none; (N, C) where it may have many; or None.
        classes: C names.
        layer: Name of the map that they were taken from.
        pool: What became of its positions.
    """

    ids: tuple[str, ...]
    features: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    layer: str
    pool: str


def pooled(map: Tensor, pool: Pool) -> Tensor:
    """(B, D) of a map (B, C, h, w): its average or greatest value over the positions, or all that it holds."""
    if pool == "none":
        return map.flatten(1)
    return map.mean((2, 3)) if pool == "average" else map.amax((2, 3))


def first_read(system: System) -> str:
    """Name of the map that the first head reads; of heads that read the picture itself, the deepest map."""
    for _, head in system.each_head():
        read = [name for name in head.reads if name not in (IMAGE, GUIDE)]
        if read:
            return read[-1]
    return list(system.levels)[-1]


def labels_of(dataset: Dataset) -> NDArray[np.int64] | None:
    """(N,) the class of each picture, -1 where there is none, or (N, C) its many classes; None where nobody says."""
    field = next((name for name in ("label", "labels") if name in dataset.fields), None)
    if field is None:
        return None
    nothing = torch.full(() if field == "label" else (len(dataset.classes),), -1)
    found = [dataset.truth(place).get(field) for place in range(len(dataset))]
    return torch.stack([nothing if value is None else value for value in found]).numpy().astype(np.int64)
