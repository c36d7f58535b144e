"""Features of the picture and of a trunk's first maps, brought to the positions of a coarse one.

Paper: Chen et al. 2014, DeepLab, arXiv 1412.7062, section 4.1 (DeepLab-MSc); strides as released.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.initialise import he_normal
from saccade.network.part import Neck


class SideFeatures(Neck):
    """A convolution of 3 × 3 and one of 1 × 1 a map, each with ReLU and dropout; it adds ``side1``, ``side2`` ….

    The first convolution has the stride that its map lacks, so that all of them lie on the coarse map's positions.

    Args:
        levels: Levels of the maps.
        reads: Names of the maps to read.
        stride: Pixels between two positions of the coarse map.
        channels: Channels of each added map.
        dropout: Probability with which what each convolution makes is dropped.

    Raises:
        UsageError: A map's stride does not divide the coarse one's.
    """

    def __init__(
        self,
        levels: Mapping[str, Level],
        reads: Sequence[str],
        stride: int,
        channels: int = 128,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.reads = tuple(reads)
        self.levels = {f"side{number}": Level(channels, stride) for number in range(1, len(self.reads) + 1)}
        for added, read in zip(self.levels, self.reads, strict=True):
            level = levels[read]
            if level.stride is None or stride % level.stride:
                raise UsageError(f"maps whose stride divides {stride}", f"{read} of stride {level.stride}")
            first = nn.Conv2d(level.channels, channels, 3, stride // level.stride, 1)
            layers: OrderedDict[str, nn.Module] = OrderedDict(
                conv1=first, relu1=nn.ReLU(inplace=True), dropout1=nn.Dropout(dropout)
            )
            layers |= {"conv2": nn.Conv2d(channels, channels, 1), "relu2": nn.ReLU(inplace=True)}
            self.add_module(added, nn.Sequential(layers | {"dropout2": nn.Dropout(dropout)}))
        he_normal(self)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The added maps."""
        pairs = zip(self.levels, self.reads, strict=True)
        return {added: self.get_submodule(added)(maps[read]) for added, read in pairs}
