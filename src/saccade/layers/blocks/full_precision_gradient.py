"""Convolutions whose gradients are found in fp32 where a training multiplies bf16, on processors.

Depthwise, because it is faster: forwards oneDNN's kernels are twice as fast in bf16 as in fp32, but what they send back
takes five times as long in bf16, more than all other layers of an EfficientNet gain by it. Copies of maps and slopes in
fp32 take a tenth of that.

Dilated, because it is wrong: of maps in channels_last oneDNN's kernel for AVX512-BF16 (`jit_bf16`, as torch 2.15 brings
it) finds a gradient of the weights that is off by a quarter to two thirds, infinite or NaN, where the input channels of
a group are no multiple of 16. Without dilation, and of maps in torch's own order, it is right.
"""

from typing import Any

import torch
from torch import Tensor, nn

LOW = torch.bfloat16
# Channels that oneDNN goes through together.
BLOCK = 16


class FullPrecisionGradient(nn.Conv2d):
    """A convolution: bf16 forwards, as autocast asks, and backwards fp32, of the same numbers."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not torch.is_grad_enabled() or not _casts_to_bf16() or input.device.type != "cpu":
            return super()._conv_forward(input, weight, bias)
        settings = ([*self.stride], [int(side) for side in self.padding], [*self.dilation], self.groups)
        found: Any = _Convolution.apply(input.to(LOW), weight, bias, *settings)
        return found


class _Convolution(torch.autograd.Function):
    """A convolution of maps of 16 bits with weights of 32, and its gradients."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        """The convolution; what its gradient needs is kept."""
        maps, weight, bias, *settings, groups = given
        ctx.save_for_backward(maps, weight)
        ctx.rest = ([weight.shape[0]] if bias is not None else None, *settings, False, [0, 0], groups)
        convolve: Any = torch.conv2d
        return convolve(maps, weight.to(LOW), None if bias is None else bias.to(LOW), *settings, groups)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> tuple[Tensor | None, ...]:
        """Gradients of maps, weight and bias, as far as they are asked for."""
        (slope,), (maps, weight) = slopes, ctx.saved_tensors
        find: Any = torch.ops.aten.convolution_backward
        needed = list(ctx.needs_input_grad[:3])
        of_maps, *of_weights = find(slope.float(), maps.float(), weight, *ctx.rest, needed)
        return None if of_maps is None else of_maps.to(LOW), *of_weights, None, None, None, None


def with_full_precision_gradients(module: nn.Module) -> None:
    """Let the convolutions of a module that bf16's kernels serve badly find their gradients so, in place."""
    for layer in module.modules():
        if type(layer) is nn.Conv2d and _is_plain(layer) and (_is_depthwise(layer) or _goes_wrong(layer)):
            layer.__class__ = FullPrecisionGradient


def _casts_to_bf16() -> bool:
    return torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is LOW


def _is_plain(layer: nn.Conv2d) -> bool:
    return layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _is_depthwise(layer: nn.Conv2d) -> bool:
    return layer.groups == layer.in_channels > 1


def _goes_wrong(layer: nn.Conv2d) -> bool:
    dilated = max(layer.dilation) > 1 and max(layer.kernel_size) > 1
    return dilated and layer.in_channels // layer.groups % BLOCK != 0
