"""What a head may offer whose prediction can be refined where the picture was read, at its own pixels."""

from collections.abc import Callable, Iterable
from functools import reduce
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


def refiner_of(heads: Iterable[object]) -> Callable[[Annotation, Tensor], Annotation] | None:
    """What refines a prediction in a picture's own pixels, by the picture (C, H, W) as it was read; None if no head."""
    refining = [head for head in heads if isinstance(head, Refining) and head.refines_own_pixels]

    def refine(prediction: Annotation, picture: Tensor) -> Annotation:
        return reduce(lambda refined, head: head.refine(refined, picture), refining, prediction)

    return refine if refining else None
