"""Convolutions whose weights learn faster of wide maps, on processors without AVX-512.

Of maps in channels_last oneDNN's AVX2 kernels find the gradient of a kernel of several pixels slowly once the maps are
wide: of 256 channels over 120 × 160 positions in more than three times the seconds that they need for maps in torch's
own order, copies included. Everything else runs as fast or faster in channels_last, and stays so.
"""

from typing import Any

import torch
from torch import Tensor, nn

# Below, copies take what the other kernel saves: positions of the output, and channels of the input.
WIDE, CHANNELS = 60 * 80, 64


class WideGradient(nn.Conv2d):
    """A convolution that copies wide maps before the gradient of its weights: the same values, by another kernel."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not weight.requires_grad or not torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
            return super()._conv_forward(input, weight, bias)
        settings = ([*self.stride], [int(side) for side in self.padding], [*self.dilation])
        found: Any = _Convolution.apply(input, weight, bias, *settings)
        return found


class _Convolution(torch.autograd.Function):
    """A convolution, and its gradients one by one."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        """The convolution; what its gradient needs is kept."""
        maps, weight, bias, *settings = given
        ctx.save_for_backward(maps, weight)
        ctx.rest = ([weight.shape[0]] if bias is not None else None, *settings, False, [0, 0], 1)
        return torch.conv2d(maps, weight, bias, *settings)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> tuple[Tensor | None, ...]:
        """Gradients of maps, weight and bias, as far as they are asked for."""
        (slope,), (maps, weight) = slopes, ctx.saved_tensors
        to_maps, to_weight, to_bias = ctx.needs_input_grad[:3]
        find: Any = torch.ops.aten.convolution_backward
        of_maps = find(slope, maps, weight, *ctx.rest, [to_maps, False, False])[0]
        if slope.shape[-2] * slope.shape[-1] >= WIDE:
            slope, maps, weight = slope.contiguous(), maps.contiguous(), weight.contiguous()
        # oneDNN finds a bias's gradient with the weights', whether these are asked for or not.
        _, *of_weights = find(slope, maps, weight, *ctx.rest, [False, to_weight, to_bias])
        return of_maps, *of_weights, None, None, None


def with_wide_gradients(module: nn.Module) -> None:
    """Let the layers of a module that gain by it find their weights' gradient that way, in place; weights stay.

    Nothing changes on processors with AVX-512, whose kernels are as fast in channels_last.
    """
    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        return
    for layer in module.modules():
        if type(layer) is nn.Conv2d and _gains(layer):
            layer.__class__ = WideGradient


def _gains(layer: nn.Conv2d) -> bool:
    plain = layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    several = max(layer.kernel_size) > 1 and max(layer.dilation) == 1
    return plain and several and layer.in_channels >= CHANNELS and layer.weight.device.type == "cpu"
