"""Several necks, one after another, as one."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn

from saccade.network.part import Neck


class Necks(Neck):
    """Necks in a row: each reads the trunk's maps and those of the necks before it, and adds its own.

    Args:
        parts: The necks, in order.

    Raises:
        ValueError: Two of them add a map of one name.
    """

    def __init__(self, *parts: Neck) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.levels = {name: level for part in parts for name, level in part.levels.items()}
        if len(self.levels) != sum(len(part.levels) for part in parts):
            raise ValueError(f"expected a name of its own for each added map, found {[list(p.levels) for p in parts]}")
        outside = (name for part in parts for name in part.reads if name not in self.levels)
        self.reads = tuple(dict.fromkeys(outside))

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The maps of all parts."""
        added: dict[str, Tensor] = {}
        for part in self.parts:
            added |= cast("Neck", part)({**maps, **added})
        return added
