"""Batch normalisation whose statistics and scales stand still, in one pass over the maps."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d


class FrozenNorm(FrozenBatchNorm2d):
    """torchvision's layer, which multiplies and then adds; this one does both at once.

    Beside float32 statistics torchvision's turns bfloat16 maps into float32, so that in mixed precision all that
    follows takes twice the memory; here maps keep their type.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, h, w) of the same type."""
        mean, var, weight, bias = self._still()
        return F.batch_norm(x, mean, var, weight, bias, training=False, eps=self.eps)

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """What each channel (C,) is multiplied by, and what is then added."""
        mean, var, weight, bias = self._still()
        scale = weight * torch.rsqrt(var + self.eps)
        return scale, bias - mean * scale

    def _still(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        mean, var, weight, bias = (self.get_buffer(n) for n in ("running_mean", "running_var", "weight", "bias"))
        return mean, var, weight, bias


def frozen(layer: nn.BatchNorm2d | FrozenBatchNorm2d) -> FrozenNorm:
    """A layer with the statistics and scales that another has now."""
    still = FrozenNorm(len(layer.get_buffer("running_mean")), layer.eps)
    still.load_state_dict(layer.state_dict())
    return still.to(layer.get_buffer("running_mean").device)


def replaced(module: nn.Module, kind: type[nn.Module], make: Callable[[Any], nn.Module]) -> nn.Module:
    """The module, each of its parts of a kind replaced in place by what is made of it."""
    for path, layer in list(module.named_modules()):
        if isinstance(layer, kind):
            parent, _, name = path.rpartition(".")
            setattr(module.get_submodule(parent), name, make(layer))
    return module
