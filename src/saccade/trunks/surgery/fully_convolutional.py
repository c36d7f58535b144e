"""A classifier's trunk that answers for every place of a picture of any size, its fully connected layers included.

Paper: Long, Shelhamer, Darrell 2015, Fully convolutional networks, arXiv 1411.4038, sections 3.1 and 4.1; paddings and
sizes as in the released networks.
"""

from collections.abc import Iterator
from math import ceil, floor

from torch import nn

from saccade.core.errors import ConfigError
from saccade.core.level import Level
from saccade.trunks.chain import Chain, first_position, stride_of
from saccade.trunks.surgery.fc_to_conv import dense

Window = nn.Conv2d | nn.MaxPool2d


def fully_convolutional(trunk: Chain, padding: int = 100) -> Chain:
    """A new trunk whose fully connected layers are convolutions, and whose pools round sizes up, as Caffe's do.

    Its levels tell where each map's first position lies, in the padding where need be.

    Args:
        trunk: A trunk of stages in a row that ends in fully connected layers, such as ``vgg16``.
        padding: Pixels of zeros around the picture in the first layer, so that the first fully connected layer, which
            is not padded, answers for the edges too and for any size (100). With 0 each layer is padded by itself,
            that one by half its kernel: far cheaper where pictures are small.

    Raises:
        UsageError: The trunk is none of stages in a row.
        ConfigError: The padding is too narrow: of a picture of one pixel nothing would be left.
    """
    made = dense(trunk)
    # The first of the layers that were fully connected.
    deep = next(name for name, level in trunk.levels.items() if level.stride is None)
    wide, first = _first_convolution(made.get_submodule(deep)), _first_convolution(made)
    if padding:
        first.padding = (padding, padding)
    else:
        wide.padding = (wide.kernel_size[0] // 2, wide.kernel_size[1] // 2)
    for layer in made.modules():
        if isinstance(layer, nn.MaxPool2d):
            layer.ceil_mode = True
    _check_padding(made, padding)
    made.levels = placed(made)
    return made


def _first_convolution(module: nn.Module) -> nn.Conv2d:
    return next(layer for layer in module.modules() if isinstance(layer, nn.Conv2d))


def _windows(module: nn.Module) -> Iterator[Window]:
    return (layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.MaxPool2d))


def placed(trunk: Chain) -> dict[str, Level]:
    """The trunk's levels with the places of their first positions, before the picture's edge or behind it."""
    levels: dict[str, Level] = {}
    offset, stride = 0.0, 1
    for name, stage in trunk.named_children():
        for layer in _windows(stage):
            offset, stride = offset + stride * first_position(layer), stride * stride_of(layer)
        levels[name] = Level(trunk.levels[name].channels, stride, offset)
    return levels


def _check_padding(trunk: Chain, padding: int) -> None:
    """Of the smallest picture at least one position is left of each map."""
    side = 1
    for layer in _windows(trunk):
        kernel, pad, step = (_side(value) for value in (layer.kernel_size, layer.padding, layer.stride))
        steps = (side + 2 * pad - kernel) / step
        side = (ceil(steps) if isinstance(layer, nn.MaxPool2d) else floor(steps)) + 1
        if side < 1:
            raise ConfigError("a padding of 0, or one wide enough for a picture of one pixel (100)", f"{padding}")


def _side(value: object) -> int:
    found = value[0] if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(found, int):
        raise TypeError(f"expected a layer's setting in positions, found {value!r}")
    return found
