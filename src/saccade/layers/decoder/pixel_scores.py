"""What brings scores of classes of several maps to the picture's pixels itself.

Legend: B pictures, C classes, K maps, (H, W) the picture's pixels.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn


class PixelScores(nn.Module, ABC):
    """Named maps to scores of pixels.

    Attributes:
        reads: Names of the maps.
    """

    reads: tuple[str, ...]

    @abstractmethod
    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int], *, coarsest_alone: bool = False) -> Tensor:
        """(B, C, H, W) scores of maps (B, channels, h, w), for pictures of `size`.

        Args:
            maps: The maps by name.
            size: (H, W).
            coarsest_alone: Whether what finer maps say is left out, to see what they add.
        """

    def views(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """What there is to see of it by name, (B, K, h, w) each; nothing unless it says so."""
        del maps, size
        return {}
