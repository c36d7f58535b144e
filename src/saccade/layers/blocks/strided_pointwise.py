"""1 × 1 convolutions that step, kept clear of a fault of oneDNN.

In torch 2.15 their gradient is written past its buffer on processors without AVX-512, where they read fewer than 8
channels in channels_last: oneDNN's ``brgconv_strided:avx2``. The process dies, or computes with what it overwrote.
Positions that such a layer steps over can as well be left out before it, so that it does not step.
"""

from torch import Tensor, nn

# Channels that one register of AVX2 holds; with as many or more the kernel keeps to its buffer.
REGISTER = 8


class StridedPointwise(nn.Conv2d):
    """A 1 × 1 convolution whose skipped positions are left out before it: the same values, by another kernel."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, h, w) to (B, D, ⌈h / stride⌉, ⌈w / stride⌉)."""
        down, right = self.stride
        stepped = input[:, :, ::down, ::right]
        return nn.functional.conv2d(stepped, self.weight, self.bias, groups=self.groups)


def without_strided_pointwise(module: nn.Module) -> None:
    """Let each layer of a module that would meet the fault be computed the other way, in place; weights stay."""
    for layer in module.modules():
        if type(layer) is nn.Conv2d and _meets_the_fault(layer):
            layer.__class__ = StridedPointwise


def _meets_the_fault(layer: nn.Conv2d) -> bool:
    pointwise = layer.kernel_size == (1, 1) and layer.padding in ((0, 0), "valid")
    return pointwise and max(layer.stride) > 1 and layer.in_channels < REGISTER
