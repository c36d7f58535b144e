"""Convolutions for use on the CPU whose weights lie in memory as the kernels read them.

oneDNN reads weights in blocks. A layer of torch's keeps them row by row, and has them rearranged in each call: of one
picture through ResNet-50 that is a quarter of the time.
"""

from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from saccade.layers.blocks.wide_gradient import WideGradient

# oneDNN's operators as torch calls them itself in compiled graphs.
REORDER, CONVOLVE = "_reorder_convolution_weight", "_convolution_pointwise"


class PackedConvolution(nn.Module):
    """A convolution without gradients, which rearranges its weights when the shape of its input changes, and then only.

    Args:
        convolution: One that `packable` says yes to; it stays as it is.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        settings = (convolution.padding, convolution.stride, convolution.dilation)
        self.settings = (*(list(setting) for setting in settings), convolution.groups)
        self.bias = None if convolution.bias is None else convolution.bias.detach()
        self.weight, self.shape = convolution.weight.detach(), torch.Size()

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h', w'), as the convolution's own up to rounding."""
        operators: Any = torch.ops.mkldnn
        # Blocks are chosen by the shape; others would be rearranged in each call again.
        if maps.shape != self.shape:
            rows = self.weight.to_dense() if self.weight.is_mkldnn else self.weight
            self.weight = getattr(operators, REORDER)(rows, *self.settings, list(maps.shape))
            self.shape = maps.shape
        return getattr(operators, CONVOLVE)(maps, self.weight, self.bias, *self.settings, "none", [], "")


def pack_convolutions(module: nn.Module) -> nn.Module:
    """The module, for use alone, each convolution that can be packed replaced by one that is, in place."""
    for parent in list(module.modules()):
        for name, layer in list(parent.named_children()):
            if packable(layer):
                setattr(parent, name, PackedConvolution(layer))
    return module


def packable(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether a layer is a plain convolution on the CPU that oneDNN computes; those within groups gain nothing."""
    # Other subclasses and replaced methods compute otherwise.
    if not isinstance(layer, nn.Conv2d) or type(layer) not in (nn.Conv2d, WideGradient) or "forward" in vars(layer):
        return False
    if layer.weight.device.type != "cpu":
        return False
    plain = layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return plain and _computes(layer.weight.dtype)


def _computes(dtype: torch.dtype) -> bool:
    operators: Any = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not (hasattr(operators, REORDER) and hasattr(operators, CONVOLVE)):
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and bool(operators._is_mkldnn_bf16_supported()))
