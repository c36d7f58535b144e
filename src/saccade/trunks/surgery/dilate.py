"""Stride traded for dilation: finer maps from the same weights, each position seeing as much as before.

Sources: Chen et al. 2014, Semantic image segmentation with deep convolutional nets, arXiv 1412.7062, section 3.1; Yu,
Koltun 2015, Multi-scale context aggregation by dilated convolutions, arXiv 1511.07122.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.blocks.inverted_residual import InvertedResidual, SamePad
from saccade.layers.blocks.residual import PlainShortcutBlock
from saccade.trunks.chain import Chain, named
from saccade.trunks.surgery.fc_to_conv import copied_stages

Windowed = nn.Conv2d | nn.MaxPool2d


@dataclass(frozen=True)
class Rate:
    """Where a walk through the layers stands.

    Attributes:
        stride: Pixels between two positions, as they are now.
        dilation: How many times as many they were before.
        most: Pixels that there may be.
        pads: Whether pools that reached every position are padded so that they still do.
    """

    stride: int
    dilation: int
    most: int
    pads: bool = True

    def after(self, stride: int) -> tuple[int, "Rate"]:
        """The stride that a layer keeps of its own, and where the walk stands after it."""
        if self.stride * stride <= self.most:
            return stride, replace(self, stride=self.stride * stride)
        return 1, replace(self, dilation=self.dilation * stride)


def dilate(trunk: Chain, stride: int = 8, *, pads: bool = True) -> Chain:
    """A new trunk whose maps lie at most `stride` pixels apart, with the same weights; the old one stays as it is.

    A layer that would step further steps by one, and all layers after it spread their windows by as much. So the maps
    hold the old maps, at every second, fourth … position, and new positions between them. Pools whose windows do not
    overlap, or that round up, are padded at their far end, so that they keep the size of the map; only where a side is
    no multiple of the old stride does that change what layers after them see beyond the far border. Without that
    padding a map has the windows alone that lie within the one before.

    Args:
        trunk: A trunk of stages in a row, without fully connected layers, or with those that `dense` made of them.
        stride: Pixels between two positions, one of the strides of the trunk's maps.
        pads: Whether such pools are padded.

    Returns:
        A trunk with maps of the same names and channels.

    Raises:
        UsageError: The trunk has no map of this stride, or layers whose windows cannot be spread.
    """
    stages = copied_stages(trunk, "dilate")
    strides = [level.stride for level in trunk.levels.values()]
    if stride not in strides:
        listed = ", ".join(dict.fromkeys(str(found) for found in strides if found is not None))
        raise UsageError(f"a stride of the trunk's maps (one of {listed})", stride)
    rate, levels = Rate(1, 1, stride, pads), dict[str, Level]()
    for name, level in trunk.levels.items():
        if level.stride is None:
            raise UsageError(
                "a trunk without fully connected layers",
                name,
                cure="build it with fc=False, or turn them into convolutions first: dilate(dense(trunk))",
            )
        if level.stride <= stride:
            rate = Rate(level.stride, 1, stride, pads)
        else:
            stages[name], rate = spread_windows(stages[name], rate, name)
        levels[name] = Level(level.channels, min(level.stride, stride))
    return Chain(stages, levels, trunk.preprocessing)


def spread_windows(module: nn.Module, rate: Rate, path: str) -> tuple[nn.Module, Rate]:
    """The module with its windows spread, changed in place where that is possible, and where the walk stands then."""
    if isinstance(module, nn.Conv2d | nn.MaxPool2d):
        return _spread_window(module, rate, path)
    if isinstance(module, nn.Sequential):
        for name, child in list(module.named_children()):
            spread, rate = spread_windows(child, rate, f"{path}.{name}")
            setattr(module, name, spread)
        return module, rate
    if isinstance(module, SamePad):
        # It pads for the convolution after it, with which the walk goes on.
        module.stride, module.dilation = rate.after(module.stride)[0], module.dilation * rate.dilation
        return module, rate
    if isinstance(module, InvertedResidual):
        return module, spread_windows(module.layers, rate, f"{path}.layers")[1]
    if isinstance(module, BasicBlock | Bottleneck | PlainShortcutBlock):
        return module, _spread_residual(module, rate, path)
    _spread_branches(module, rate, path)
    return module, rate


def _spread_window(layer: Windowed, rate: Rate, path: str) -> tuple[nn.Module, Rate]:
    kernel, stride, padding, dilation = (
        _side(value, path) for value in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    )
    kept, after = rate.after(stride)
    spread = dilation * rate.dilation
    values = (kept, padding * rate.dilation, spread)
    if isinstance(layer, nn.Conv2d):
        layer.stride, layer.padding, layer.dilation = ((value, value) for value in values)
        # What a padding mode other than zeros reads; it was made for the old padding.
        layer._reversed_padding_repeated_twice = [values[1]] * 4  # pyright: ignore[reportPrivateUsage]
        return layer, after
    # A pool that reached every position, up to the last, still does, and so keeps the size of the map.
    tiles = rate.pads and kept != stride and not padding and (kernel == stride or layer.ceil_mode)
    near, far = values[1], spread * (kernel - 1) if tiles else values[1]
    layer.stride, layer.padding, layer.dilation = kept, 0, spread
    if near == far == padding:
        layer.padding = padding
        return layer, after
    # PyTorch's own padding of pools goes no further than half a window, however far its taps are apart.
    return named(pad=nn.ConstantPad2d((near, far, near, far), float("-inf")), pool=layer), after


def _spread_residual(block: BasicBlock | Bottleneck | PlainShortcutBlock, rate: Rate, path: str) -> Rate:
    """Both ways of a residual block begin at the same place and must end at the same."""
    entry = rate
    for name in ("conv1", "conv2", "conv3"):
        if hasattr(block, name):
            _, rate = spread_windows(getattr(block, name), rate, f"{path}.{name}")
    if isinstance(block, PlainShortcutBlock) or block.downsample is None:
        block.stride = entry.after(block.stride)[0]
    else:
        spread_windows(block.downsample, entry, f"{path}.downsample")
    return rate


def _spread_branches(module: nn.Module, rate: Rate, path: str) -> None:
    """Branches side by side, all with stride 1, as Inception's; or a layer that has no window."""
    for name, layer in list(module.named_modules()):
        where = f"{path}.{name}" if name else path
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            if _side(layer.stride, where) != 1:
                raise UsageError(
                    "layers in a row where strides become dilations",
                    where,
                    cure="choose a VGG, a ResNet, googlenet or efficientnet_lite0, for some",
                )
            module.set_submodule(name, _spread_window(layer, rate, where)[0])
        elif isinstance(layer, nn.RNNBase | nn.AvgPool2d | nn.AdaptiveAvgPool2d) or hasattr(layer, "stride"):
            raise UsageError("convolutions and maximum pools", f"{type(layer).__name__} at {where}")


def _side(value: int | str | Sequence[int], path: str) -> int:
    """The one number of a square window."""
    sides = {value} if isinstance(value, int | str) else set(value)
    found = sides.pop()
    if sides or isinstance(found, str):
        raise UsageError(f"a square window at {path}", value)
    return found
