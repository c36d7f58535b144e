"""A decoder for regions that are seen one by one; of the whole picture it makes no map."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from saccade.core.level import Level
from saccade.network.part import Neck


class RegionwiseNeck(Neck):
    """The layers of another neck under the same names, for a head that runs them on what it cuts out of a picture.

    So weights of a network that sees whole pictures fit one that sees regions; see
    `saccade.trunks.surgery.regionwise.Regionwise`.

    Args:
        neck: The neck whose layers they are; they are shared.
    """

    levels: Mapping[str, Level] = MappingProxyType({})
    reads: tuple[str, ...] = ()

    def __init__(self, neck: Neck) -> None:
        super().__init__()
        for name, layers in neck.named_children():
            self.add_module(name, layers)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """No maps of whole pictures."""
        del maps
        return {}
