"""The features of many pictures, with who they are.

Legend: N pictures, D numbers of each, C classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
