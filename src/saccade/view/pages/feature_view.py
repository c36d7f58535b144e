"""How a network arranges pictures, as plain data for a page.

Legend: N pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Neighbour:
    """A picture near another.

    Attributes:
        picture: RGB.
        caption: Its class or name.
        same: Whether it is of the other's class; None where that is not known.
    """

    picture: Image.Image
    caption: str
    same: bool | None = None


@dataclass(frozen=True)
class FeatureView:
    """How a network arranges pictures; N of them.

    Attributes:
        layer: Name of the map.
        scatters: Title and what is to be said of it, to (N, 2) places.
        labels: (N,) the class of each, -1 where there is none.
        classes: Names of the classes.
        neighbours: Each a picture with those nearest to it.
    """

    layer: str
    scatters: Mapping[tuple[str, str], NDArray[np.float32]]
    labels: NDArray[np.int64]
    classes: Sequence[str]
    neighbours: Sequence[tuple[Neighbour, Sequence[Neighbour]]] = field(default_factory=tuple)
