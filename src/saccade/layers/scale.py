"""Narrower or wider copies of a network that somebody else wrote, for any number of input channels.

The network is built on PyTorch's ``meta`` device, where weights take no memory; its layers are replaced there by layers
of other sizes, and only what remains gets memory: a VGG-16 of an eighth of the width costs an eighth squared.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

FEWEST = 4
# Attributes in which layers keep their sizes.
SIZES = ("in_channels", "out_channels", "num_features", "in_features", "out_features")

# What gives its first argument back on the ``meta`` device, and takes torch a good while to find that out.
SAME = frozenset(
    {
        *(nn.init.kaiming_normal_, nn.init.kaiming_uniform_, nn.init.normal_, nn.init.uniform_, nn.init.constant_),
        *(Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_, functional.batch_norm, torch.batch_norm),
    }
)


class SizesAlone(TorchFunctionMode):
    """While a network without memory is made or run: values are neither drawn nor normalised, only sizes count."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """What `func` returns, or its first argument where that has the sizes already."""
        named = kwargs or {}
        return next(iter((*args, *named.values()))) if func in SAME else func(*args, **named)


def scaled(channels: int, width: float) -> int:
    """Number of channels times `width`: `channels` itself for 1, else even (for two groups) and at least 4."""
    return channels if width == 1 else max(FEWEST, 2 * round(channels * width / 2))


def rescale(module: nn.Module, width: float, channels: int) -> nn.Module:
    """Replace each convolution, batch normalisation and linear layer of `module` by one of scaled channels.

    Layers are taken in the order in which they are registered, which must be the order in which they run; the first
    convolution takes `channels`. Where branches are concatenated, `width` must leave all their sizes whole.

    Args:
        module: A network built on the ``meta`` device; it is changed in place.
        width: Factor of all inner channels, and of the last layer's outputs.
        channels: Channels of the picture.

    Returns:
        The same module, without memory where anything was replaced.
    """
    source = 0  # channels of the last convolution or linear layer, before scaling
    for path, layer in list(module.named_modules()):
        if isinstance(layer, nn.Conv2d):
            entry = channels if source == 0 else scaled(layer.in_channels, width)
            _replace(module, path, _conv(layer, entry, scaled(layer.out_channels, width)))
            source = layer.out_channels
        elif isinstance(layer, nn.BatchNorm2d):
            size = scaled(layer.num_features, width)
            _replace(module, path, nn.BatchNorm2d(size, layer.eps, layer.momentum, device="meta"))
        elif isinstance(layer, nn.Linear):
            # A linear layer after a convolution reads channels × positions.
            positions = layer.in_features // source
            entry, size = scaled(source, width) * positions, scaled(layer.out_features, width)
            _replace(module, path, nn.Linear(entry, size, _has_bias(layer), device="meta"))
            source = layer.out_features
    return module


def rescale_by_running(module: nn.Module, width: float, channels: int, side: int) -> nn.Module:
    """As `rescale`, for networks whose layers do not run in a row: each layer is sized by what it is given.

    The network runs once without memory. A layer that reads concatenated branches so gets the sum of their scaled
    channels, whatever the width.

    Args:
        module: A network built on the ``meta`` device, of convolutions without groups; it is changed in place.
        width: Factor of all inner channels, and of the last layer's outputs.
        channels: Channels of the picture.
        side: Side of a square picture that the network takes.
    """
    layers = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    handles = [layer.register_forward_pre_hook(partial(_size_by_input, width)) for layer in layers]
    with torch.no_grad(), SizesAlone():
        module(torch.zeros(2, channels, side, side, device="meta"))
    for handle in handles:
        handle.remove()
    return module


def _size_by_input(width: float, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Give a layer weights for the channels that come, and for the scaled number that it makes."""
    entry = inputs[0].shape[1]
    if isinstance(layer, nn.BatchNorm2d):
        other = nn.BatchNorm2d(entry, layer.eps, layer.momentum, device="meta")
    elif isinstance(layer, nn.Linear):
        other = nn.Linear(entry, scaled(layer.out_features, width), _has_bias(layer), device="meta")
    elif isinstance(layer, nn.Conv2d):
        other = _conv(layer, entry, scaled(layer.out_channels, width))
    else:
        return
    # The layer itself stays, with another's contents: it is running.
    for name, parameter in other.named_parameters():
        layer.register_parameter(name, parameter)
    for name, buffer in other.named_buffers():
        layer.register_buffer(name, buffer)
    for size in SIZES:
        if hasattr(other, size):
            setattr(layer, size, getattr(other, size))


def materialise(module: nn.Module) -> nn.Module:
    """Memory on the default device for a module of the ``meta`` device; normalisation starts as the identity."""
    device = torch.get_default_device()
    if device.type == "meta":
        return module
    module.to_empty(device=device)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
    return module


def _conv(layer: nn.Conv2d, entry: int, size: int) -> nn.Conv2d:
    depthwise = layer.groups == layer.in_channels > 1
    groups = entry if depthwise else layer.groups
    while entry % groups or size % groups:
        groups -= 1
    geometry = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    return nn.Conv2d(entry, size, *geometry, groups, _has_bias(layer), device="meta")  # pyright: ignore[reportArgumentType]


def _has_bias(layer: nn.Module) -> bool:
    return "bias" in dict(layer.named_parameters(recurse=False))


def _replace(module: nn.Module, path: str, layer: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(module.get_submodule(parent), name, layer)
