"""A trunk with further stages after its deepest map."""

from collections.abc import Mapping

from torch import Tensor, nn

from saccade.network.part import Trunk
from saccade.trunks.chain import Chain, level_after


def followed(trunk: Trunk, stages: Mapping[str, nn.Module]) -> Trunk:
    """The trunk, its layers shared, and stages that run one after another on its deepest map.

    Weights keep the names that they have in the trunk alone, so that those of other systems fit.

    Args:
        trunk: The trunk.
        stages: Modules by the names of their maps.
    """
    levels = dict(trunk.levels)
    level = list(levels.values())[-1]
    for name, stage in stages.items():
        level = levels[name] = level_after(stage, level)
    if isinstance(trunk, Chain):
        return Chain({**dict(trunk.named_children()), **stages}, levels, trunk.preprocessing)
    made = _Followed(trunk, stages)
    made.levels, made.preprocessing = levels, trunk.preprocessing
    return made


class _Followed(Trunk):
    """A trunk that is no row of stages, and the stages after it."""

    def __init__(self, trunk: Trunk, stages: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, child in (*trunk.named_children(), *stages.items()):
            self.add_module(name, child)
        # In a tuple it is no child: its layers are children already, under their own names.
        self._trunk, self._stages = (trunk,), tuple(stages)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W)."""
        maps: dict[str, Tensor] = self._trunk[0](images)
        current = list(maps.values())[-1]
        for name in self._stages:
            current = maps[name] = self.get_submodule(name)(current)
        return maps
