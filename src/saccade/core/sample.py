"""A picture with its truth."""

from dataclasses import dataclass

from torch import Tensor

from saccade.core.annotation import Annotation


@dataclass(frozen=True)
class Sample:
    """One picture of a data set.

    Attributes:
        image: (C, H, W) uint8 0..255, or float32 0..1.
        truth: What it shows, in the picture's own pixels.
        id: Stable name of the picture inside its data set, usually its path relative to the root.
    """

    image: Tensor
    truth: Annotation
    id: str
