"""What a head may offer whose prediction can be refined where the picture was read, at its own pixels."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from saccade.core.annotation import Annotation


@runtime_checkable
class Refining(Protocol):
    """A head with a filter that looks at the picture, such as a CRF.

    It may refine within `decode`, at the network's pixels, or be asked to afterwards, at the picture's own.

    Attributes:
        refines_own_pixels: Whether it is to be asked.
    """

    refines_own_pixels: bool

    def refine(self, prediction: Annotation, picture: Tensor) -> Annotation:
        """The prediction, refined.

        Args:
            prediction: In the picture's own pixels, with all that the head gives.
            picture: (C, H, W) as it was read, uint8 or float 0..1.
        """
        ...
