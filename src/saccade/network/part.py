"""Parts: what makes maps. A part says which maps it makes before it sees any picture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor, nn

from saccade.core.input.preprocessing import Preprocessing
from saccade.core.level import Level
from saccade.network.class_layer import ClassLayer


class Trunk(nn.Module, ABC):
    """Pictures to named maps.

    Attributes:
        levels: The maps that it makes, by name, from the finest to the deepest.
        preprocessing: What its weights want of a picture; every system on it takes pictures so. By default ImageNet's.
        names_in_relative: Own names of the weights that may begin as those of a shallower relative, each with its name
            there.
        class_layer: The last layer that its weights were learnt with, where they bring it; else None.
        sized_by_classes: Paths of its layers that have an output, or an input, a class or a joint: they begin anew
            where weights of other classes are taken.
    """

    levels: Mapping[str, Level]
    class_layer: ClassLayer | None = None
    preprocessing: Preprocessing = Preprocessing()
    names_in_relative: Mapping[str, str] = MappingProxyType({})
    sized_by_classes: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps (B, C, h, w) of pictures (B, channels, H, W), as `levels` declares them."""


class Neck(nn.Module, ABC):
    """Named maps to further named maps.

    Attributes:
        levels: The maps that it adds, by name. A neck hides none of those that it reads.
        reads: Names of the maps that it reads.
    """

    levels: Mapping[str, Level]
    reads: tuple[str, ...]

    @abstractmethod
    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The added maps (B, C, h, w), as `levels` declares them."""


Part = Trunk | Neck
