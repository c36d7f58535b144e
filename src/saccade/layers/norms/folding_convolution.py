"""Convolutions that learn with the frozen normalisation after them folded in: one pass over a map where there were two.

A layer of its own would read and write each map once more forwards and once more backwards, and keep the convolution's
output until then beside its own: of a ResNet-50 that is a third of all that a step keeps. With statistics that stand
still, to multiply the weights is the same.
"""

import torch
from torch import Tensor, nn

from saccade.layers.blocks.full_precision_gradient import FullPrecisionGradient
from saccade.layers.blocks.wide_gradient import WideGradient
from saccade.layers.norms.frozen_norm import FrozenNorm


class FoldingConvolution(nn.Conv2d):
    """A convolution that, while gradients are asked for, does what the normalisation after it did.

    Its weights stay its own, and so do their gradients, up to rounding. Without gradients both layers run as they are.

    Attributes:
        norm: The normalisation, in a tuple so that it is no part of this layer too.
    """

    norm: tuple[FrozenNorm]

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, h, w) to normalised (B, D, h', w'), or without gradients to what the normalisation reads."""
        if not torch.is_grad_enabled():
            return super().forward(input)
        scale, shift = self.norm[0].scale_and_shift()
        bias = shift if self.bias is None else self.bias * scale + shift
        return self._conv_forward(input, self.weight * scale[:, None, None, None], bias)


class FoldingWideGradient(FoldingConvolution, WideGradient):
    """The same of one whose weights learn faster of wide maps."""


class FoldingFullPrecisionGradient(FoldingConvolution, FullPrecisionGradient):
    """The same of one whose gradients are found in fp32."""


class FoldedFrozenNorm(FrozenNorm):
    """A normalisation that a `FoldingConvolution` does the work of."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, h, w) as they are, or normalised where no gradients are asked for."""
        return x if torch.is_grad_enabled() else super().forward(x)


FOLDING: dict[type[nn.Conv2d], type[FoldingConvolution]] = {
    nn.Conv2d: FoldingConvolution,
    WideGradient: FoldingWideGradient,
    FullPrecisionGradient: FoldingFullPrecisionGradient,
}


def fold_in_training(convolution: nn.Conv2d, norm: FrozenNorm) -> None:
    """Let a convolution of a class in `FOLDING` do the work of the normalisation that alone reads it, in place."""
    folding = FOLDING[type(convolution)]
    convolution.__class__, norm.__class__ = folding, FoldedFrozenNorm
    vars(convolution)["norm"] = (norm,)
