"""Where each maximum was found, as maps: what unpooling reads to put values back.

Sources: Zeiler, Fergus 2013, arXiv 1311.2901, section 2.1 (switches); Badrinarayanan et al. 2015, SegNet, arXiv
1511.00561, section 3.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fc_to_conv import copied_stages

SUFFIX = "_places"


def pooling_places(trunk: Chain, *, ceil: bool = False) -> "PlacesChain":
    """A new trunk that also makes a map ``NAME_places`` for each stage that pools by the maximum; the old one stays.

    A place is the position of the maximum in the map before the pool, counted row by row, int64, as
    `torch.nn.functional.max_unpool2d` takes it. Its map has the channels and positions of the pooled one.

    Args:
        trunk: A trunk of stages in a row. Apply `dense` and `dilate` before; pools whose stride became a dilation have
            nothing to undo and get no places.
        ceil: Whether pools keep a last row or column that has no partner, as Caffe's do; else as the trunk has it.

    Raises:
        UsageError: The trunk has no such pool, or is none of stages in a row.
    """
    told = PlacesChain(copied_stages(trunk, "pooling_places"), trunk.levels)
    if ceil:
        for pool in (layer for layer in told.modules() if isinstance(layer, nn.MaxPool2d)):
            pool.ceil_mode = True
    told.preprocessing = trunk.preprocessing
    return told


class PlacesChain(Trunk):
    """Stages that run one after another, as `Chain`'s, and the places of their maxima.

    Args:
        stages: Modules by the names of their maps; their pools are changed to tell the places.
        levels: The maps of the stages.

    Raises:
        UsageError: No stage pools by the maximum.
    """

    def __init__(self, stages: Mapping[str, nn.Module], levels: Mapping[str, Level]) -> None:
        super().__init__()
        found: dict[str, Level] = {}
        for name, stage in stages.items():
            self.add_module(name, stage)
            found[name] = levels[name]
            for pool in _pools_of(stage):
                pool.return_indices = True
                found[name + SUFFIX] = levels[name]
        if len(found) == len(stages):
            raise UsageError("a trunk that pools by the maximum", "none", cure="take vgg16, for one")
        self.levels = found

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W); those of places are int64."""
        maps: dict[str, Tensor] = {}
        current = images
        for name, stage in self.named_children():
            for layer in _layers_of(stage):
                if isinstance(layer, nn.MaxPool2d) and layer.return_indices:
                    current, maps[name + SUFFIX] = layer(current)
                else:
                    current = layer(current)
            maps[name] = current
        return {name: maps[name] for name in self.levels}


def _layers_of(stage: nn.Module) -> list[nn.Module]:
    return list(stage.children()) if isinstance(stage, nn.Sequential) else [stage]


def _pools_of(stage: nn.Module) -> list[nn.MaxPool2d]:
    """The pools of a stage that make the map smaller."""
    pools = [layer for layer in _layers_of(stage) if isinstance(layer, nn.MaxPool2d)]
    return [pool for pool in pools if pool.stride not in (1, (1, 1))]
