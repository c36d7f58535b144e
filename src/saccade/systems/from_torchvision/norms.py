"""torchvision's frozen normalisation as ours."""

from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from saccade.layers.norms.frozen_norm import frozen, replaced

# Of PyTorch's normalisations.
EPSILON = 1e-5


def with_our_norms(body: nn.Module) -> nn.Module:
    """A trunk of torchvision's, its frozen normalisation replaced in place by our quicker one, with the usual epsilon.

    It is the same function: what the epsilon loses the variances gain, so that the weights alone say what it is.
    """
    for layer in body.modules():
        if isinstance(layer, FrozenBatchNorm2d) and layer.eps != EPSILON:
            layer.get_buffer("running_var").add_(layer.eps - EPSILON)
            layer.eps = EPSILON
    return replaced(body, FrozenBatchNorm2d, frozen)
