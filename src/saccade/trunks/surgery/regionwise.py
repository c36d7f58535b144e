"""A trunk that sees regions one by one, and of the whole picture makes no map that they could share."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor, nn

from saccade.core.input.preprocessing import Preprocessing
from saccade.core.level import Level
from saccade.network.part import Trunk


class Regionwise(Trunk):
    """Stages that run one after another on squares cut out of a picture (Girshick et al. 2013, R-CNN, section 2).

    It stands in a system as any trunk does, so that it is frozen, begun from other weights and slowed down under the
    same names; a head has it describe what the head cuts out. What a head cuts out differs from step to step, so that
    nothing of it can be kept between pictures, and each question to the head is a pass of its own.

    Args:
        stages: Modules by name; parameters are found under ``trunk.NAME``.
        preprocessing: What its weights want of a picture.
    """

    levels: Mapping[str, Level] = MappingProxyType({})

    def __init__(self, stages: Mapping[str, nn.Module], preprocessing: Preprocessing) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        for name, stage in stages.items():
            self.add_module(name, stage)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """No maps of whole pictures."""
        del images
        return {}

    def describe(self, squares: Tensor) -> Tensor:
        """(n, c, h, w) the last stage's map of squares (n, channels, s, s)."""
        for stage in self.children():
            squares = stage(squares)
        return squares
