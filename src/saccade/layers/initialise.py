"""How weights begin, as the papers and torchvision say.

Where a paper draws from a normal distribution of a fixed deviation, the deviation is meant for its own number of
channels. A network of another `width` draws from one over the root of that width, so that sums over fewer channels come
out as large as the paper's; with the paper's own deviation a narrow network of the time answers nearly nothing, and
does not begin to learn.
"""

from math import prod, sqrt

import torch
from torch import Tensor, nn


def kaiming(module: nn.Module) -> None:
    """Convolutions from He's normal distribution by fan-out, biases 0 (torchvision's VGG and ResNet)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            _fill_bias(layer, 0)


def he_normal(module: nn.Module) -> None:
    """Convolutions from N(0, 2 / N), N the values that a position reads, biases 0 (Ronneberger 2015, section 3)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            # A position of a transposed convolution reads, of all channels, every stride-th tap.
            flipped = isinstance(layer, nn.ConvTranspose2d)
            read = layer.in_channels // layer.groups * prod(layer.kernel_size) / (prod(layer.stride) if flipped else 1)
            nn.init.normal_(layer.weight, std=sqrt(2 / read))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def normal_linear(module: nn.Module, deviation: float = 0.01, *, width: float = 1.0) -> None:
    """Linear layers from a normal distribution, biases 0.

    Args:
        module: Whose layers begin.
        deviation: The distribution's deviation where the width is 1.
        width: Factor of the channels that the layers read.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=deviation / sqrt(width))
            _fill_bias(layer, 0)


def normal(module: nn.Module, deviation: float = 0.01, *, width: float = 1.0, reads_pictures: bool = False) -> None:
    """Convolutions, transposed ones too, and linear layers from a normal distribution, biases 0 (AlexNet's way).

    Args:
        module: Whose layers begin.
        deviation: The distribution's deviation where the width is 1.
        width: Factor of the channels that the layers read.
        reads_pictures: Whether the first layer reads pictures, whose channels no width changes.
    """
    layers = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
    for place, layer in enumerate(layers):
        alone = reads_pictures and place == 0
        nn.init.normal_(layer.weight, std=deviation if alone else deviation / sqrt(width))
        _fill_bias(layer, 0)


def truncated_normal(module: nn.Module, deviation: float = 0.1) -> None:
    """Convolutions and linear layers from a normal distribution cut at ± 2, biases 0 (torchvision's Inception v3)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=deviation, a=-2, b=2)
            _fill_bias(layer, 0)


def xavier(module: nn.Module) -> None:
    """Convolutions and linear layers uniform by fan-in and fan-out, biases 0 (Glorot and Bengio 2010; Caffe's SSD)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            _fill_bias(layer, 0)


def default(module: nn.Module) -> None:
    """Convolutions and linear layers as PyTorch begins them."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.reset_parameters()


def uniform_by_fan_in(module: nn.Module, bound: float = 2.4) -> None:
    """Weights and biases uniform within ± `bound` / fan-in (LeCun 1998, section on LeNet-5's training)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            for parameter in layer.parameters(recurse=False):
                nn.init.uniform_(parameter, -bound / fan_in, bound / fan_in)


def fit_channels(weight: Tensor, channels: int) -> Tensor:
    """First filters (O, 3, k, k) for pictures of another number of channels, such that predictions keep their scale.

    One channel gets the sum of the three, so that a grey picture answers as its RGB copy did; for more, the three are
    repeated in turn and divided by how often they stand.

    Args:
        weight: (O, 3, k, k) filters for RGB.
        channels: Channels of the pictures to come.
    """
    known = weight.shape[1]
    if channels == known:
        return weight
    if channels == 1:
        return weight.sum(1, keepdim=True)
    turn = torch.arange(channels, device=weight.device) % known
    return weight.index_select(1, turn) * (known / channels)


def _fill_bias(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, value: float) -> None:
    if layer.bias is not None:
        nn.init.constant_(layer.bias, value)
