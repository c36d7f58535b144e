"""A picture with its truth, as it was read and as a network takes it."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame


@dataclass(frozen=True)
class Sample:
    """One picture of a data set.

    Attributes:
        image: (C, H, W) uint8 0..255, or float32 0..1.
        truth: What it shows, in the picture's own pixels.
        id: Stable name of the picture inside its data set, usually its path relative to the root.
        regions: (r, 4) float32 boxes in the picture's own pixels that a search outside the network proposed, best
            first, or None: never truth, but what a detector of regions is given beside the picture.
    """

    image: Tensor
    truth: Annotation
    id: str
    regions: Tensor | None = None


class Framed(NamedTuple):
    """A sample in the frame that a network takes, before normalising and padding, as `InputSpec.assemble` takes it.

    Attributes:
        image: (C, H, W) uint8, or float 0..1.
        frame: From the sample's own pixels to here; of several pictures as one, that of the first.
        truth: What the picture shows, in its pixels.
        regions: (r, 4) boxes that were proposed, in its pixels, or None.
    """

    image: Tensor
    frame: Frame
    truth: Annotation
    regions: Tensor | None = None
