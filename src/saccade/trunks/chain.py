"""A trunk that is one stage after another, as most trunks are."""

from collections.abc import Mapping
from math import prod
from typing import Any

from torch import Tensor, nn

from saccade.core.input.preprocessing import Preprocessing
from saccade.core.level import Level
from saccade.network.part import Trunk


class Chain(Trunk):
    """Stages that run one after another; each makes one map, of the stage's name.

    A stage that flattens its input describes the whole picture in one position, and so do all after it.

    Args:
        stages: Modules by the names of their maps; parameters are found under ``trunk.NAME``.
        levels: The maps, for stages that branch; by default they are read from the layers, which must run in a row.
        preprocessing: What its weights want of a picture; by default ImageNet's statistics.
    """

    def __init__(
        self,
        stages: Mapping[str, nn.Module],
        levels: Mapping[str, Level] | None = None,
        preprocessing: Preprocessing = Trunk.preprocessing,
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        for name, stage in stages.items():
            self.add_module(name, stage)
        self.levels = levels_in_a_row(stages) if levels is None else dict(levels)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W)."""
        maps: dict[str, Tensor] = {}
        current = images
        for name, stage in self.named_children():
            current = stage(current)
            maps[name] = current
        return maps


def levels_in_a_row(stages: Mapping[str, nn.Module]) -> dict[str, Level]:
    """The maps of stages whose layers run one after another."""
    levels: dict[str, Level] = {}
    level = Level(0, 1)
    for name, stage in stages.items():
        level = levels[name] = level_after(stage, level)
    return levels


def levels_by_reader(stages: Mapping[str, nn.Module], strides: Mapping[str, int], last: int) -> dict[str, Level]:
    """The maps of stages that concatenate branches: a map has the channels that the next stage's first layer reads.

    Args:
        stages: Modules by the names of their maps, in order.
        strides: Stride of each map.
        last: Channels of the last map.
    """
    found: dict[str, Level] = {}
    size = last
    for name in reversed(list(stages)):
        found[name] = Level(size, strides[name])
        size = next((m.in_channels for m in stages[name].modules() if isinstance(m, nn.Conv2d)), size)
    return dict(reversed(found.items()))


def level_after(stage: nn.Module, before: Level) -> Level:
    """The map that a stage makes of a map: channels of its last weighted layer, strides multiplied."""
    layers = list(stage.modules())
    outputs = [getattr(layer, "out_channels", getattr(layer, "out_features", None)) for layer in layers]
    channels = next((size for size in reversed(outputs) if isinstance(size, int)), before.channels)
    flat = before.stride is None or any(isinstance(layer, nn.Flatten) for layer in layers)
    if flat or before.stride is None:
        return Level(channels, None)
    return Level(channels, before.stride * stride_of(stage), before.offset + before.stride * cut_off(stage))


def cut_off(module: nn.Module) -> float:
    """Positions that unpadded layers cut off at the left and above; modules in a row add up."""
    if isinstance(module, nn.Sequential):
        lost, stride = 0.0, 1
        for child in module:
            lost, stride = lost + stride * cut_off(child), stride * stride_of(child)
        return lost
    if not isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return 0.0  # a block that branches pads, so that its branches meet
    return max(first_position(module), 0.0)


def first_position(module: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) -> float:
    """Positions between the edge of what a layer reads and that of its first answer; below 0 it lies in the padding."""
    kernel, padding = _side(module.kernel_size), _side(module.padding)
    dilation = _side(getattr(module, "dilation", 1))
    # A window's middle against the middle of the positions that a stride stands for.
    return (kernel - 1) * dilation / 2 - padding - (stride_of(module) - 1) / 2


def _side(value: Any) -> int:
    """One number of a layer's setting of both sides; padding by name keeps the size, as half a kernel does."""
    if isinstance(value, str):
        raise ValueError(f"expected padding in positions, found {value!r}")
    return value[0] if isinstance(value, tuple) else value


def stride_of(module: nn.Module) -> int:
    """Input positions between two neighbouring output positions; modules in a row multiply."""
    if isinstance(module, nn.Sequential):
        return prod(stride_of(child) for child in module)
    stride = getattr(module, "stride", 1)
    return stride[0] if isinstance(stride, tuple) else stride


def kind_of(layer: nn.Module) -> str:
    """What a layer inside a stage is called: ``conv``, ``norm``, or ``relu`` for what has no weights."""
    if isinstance(layer, nn.Conv2d):
        return "conv"
    return "norm" if isinstance(layer, nn.BatchNorm2d | nn.LocalResponseNorm) else "relu"


def named(**modules: nn.Module) -> nn.Sequential:
    """Modules that run one after another, under their own names."""
    sequence = nn.Sequential()
    for name, module in modules.items():
        sequence.add_module(name, module)
    return sequence


def dense_stage(
    linear: nn.Linear, *, grid: int | None = None, before: float = 0.0, after: float = 0.0
) -> nn.Sequential:
    """A fully connected layer with ReLU as a stage, whose map is (B, size, 1, 1).

    Args:
        linear: The layer.
        grid: Positions a side that the map before is averaged to, or None where it has one position already.
        before: Probability with which inputs are dropped.
        after: Probability with which outputs are dropped.
    """
    stages: dict[str, nn.Module] = {} if grid is None else {"pool": nn.AdaptiveAvgPool2d(grid)}
    stages["flatten"] = nn.Flatten(1)
    if before:
        stages["dropout"] = nn.Dropout(before)
    stages |= {"linear": linear, "relu": nn.ReLU(inplace=True)}
    if after:
        stages["dropout"] = nn.Dropout(after)
    return named(**stages, unflatten=nn.Unflatten(1, (linear.out_features, 1, 1)))
