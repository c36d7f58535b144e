"""What a head may offer that looks at regions which it proposes itself."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from saccade.network.maps import Maps


@runtime_checkable
class Proposing(Protocol):
    """A head whose regions another network's maps may be asked for (`Stage.reinitialise`)."""

    def propose_from(self, maps: Maps) -> list[Tensor]:
        """The regions that are learnt from.

        Args:
            maps: Of B pictures, from whichever trunk the proposing layers learnt on.

        Returns:
            B times (r, 4) boxes in input pixels, best first, without gradients.
        """
        ...
