"""A trunk that a head runs itself: on patches that it cuts out to learn from, and on the picture at several scales."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from saccade.core.level import Level
from saccade.network.part import Trunk


class OnPatches(Trunk):
    """Another trunk, of which a head asks for maps; of the batch's pictures by themselves there are none.

    It stands in a system as any trunk does, so that it is frozen, begun from other weights and slowed down as one.

    Args:
        body: The trunk.
    """

    levels: Mapping[str, Level] = MappingProxyType({})

    def __init__(self, body: Trunk) -> None:
        super().__init__()
        self.body, self.preprocessing = body, body.preprocessing
        # Weights of the trunk by itself, such as a classifier's, may begin it.
        self.names_in_relative = {f"body.{name}": name for name in body.state_dict()}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """No maps of whole pictures."""
        del images
        return {}

    def describe(self, pictures: Tensor) -> dict[str, Tensor]:
        """The trunk's maps of pictures (n, channels, H, W), of any size."""
        return self.body(pictures)
