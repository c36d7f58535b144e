"""What a part may offer to those who look into a network; nobody has to, and the network never calls it.

Legend: B pictures, C classes, K maps.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps

PartView = Tensor | Sequence[Annotation]


@runtime_checkable
class Inspectable(Protocol):
    """A trunk, neck or head with something of its own to show: proposals, coarse scores, an edge map."""

    def views(self, maps: Maps) -> Mapping[str, PartView]:
        """What there is to see of a batch, by name.

        Args:
            maps: All maps of the batch, this part's own among them.

        Returns:
            Maps (B, K, h, w) that cover the padded pictures, drawn as K tiles, or an annotation a picture in the
            batch's pixels, drawn over it. Called in evaluation mode, without gradients.
        """
        ...


@runtime_checkable
class Evidence(Protocol):
    """A head that can say by how much it is for each class, so that what moves it can be traced back."""

    def evidence(self, raw: Any) -> Tensor:
        """(B, C) numbers before softmax or sigmoid, one a class of the whole picture.

        Args:
            raw: What the head's `forward` gave.
        """
        ...
