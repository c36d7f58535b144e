"""VGG's two fully connected layers as convolutions that read fewer positions, further apart, with fewer filters.

Papers: Chen et al. 2014, Semantic image segmentation with deep convolutional nets, arXiv 1412.7062, sections 3.1 and
3.2; Liu et al. 2016, SSD, arXiv 1512.02325, section 3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.layers.initialise import xavier
from saccade.network.part import Trunk
from saccade.trunks.chain import named

# Positions a side that ImageNet's fc6 reads.
GRID = 7


@dataclass(frozen=True)
class SpreadFc:
    """The two layers.

    Attributes:
        kernel: Positions a side that ``fc6`` reads, up to 7.
        rate: Positions between two of them.
        filters: Channels of ``fc6`` and ``fc7``.
        dropout: Probability with which what each of them makes is dropped.
    """

    kernel: int = 3
    rate: int = 12
    filters: int = 1024
    dropout: float = 0.0


def spread_fc(channels: int, fc: SpreadFc, learnt: Trunk | None = None) -> dict[str, nn.Sequential]:
    """The stages ``fc6`` and ``fc7``, which keep a map's size.

    Args:
        channels: Channels of the map that ``fc6`` reads.
        fc: What they are like.
        learnt: A VGG with fully connected layers, of which evenly spaced filters and positions are taken; else both
            begin at random.
    """
    reach = (fc.kernel - 1) * fc.rate // 2
    fc6 = nn.Conv2d(channels, fc.filters, fc.kernel, padding=reach, dilation=fc.rate)
    fc7 = nn.Conv2d(fc.filters, fc.filters, 1)
    xavier(nn.ModuleList([fc6, fc7]))
    if learnt is not None:
        _subsample(fc6, learnt.get_submodule("fc6.linear"), GRID)
        _subsample(fc7, learnt.get_submodule("fc7.linear"), 1)
    return {"fc6": _stage(fc6, fc.dropout), "fc7": _stage(fc7, fc.dropout)}


def _stage(conv: nn.Conv2d, dropout: float) -> nn.Sequential:
    stage = named(conv=conv, relu=nn.ReLU())
    if dropout:
        stage.add_module("dropout", nn.Dropout(dropout))
    return stage


def _subsample(conv: nn.Conv2d, linear: nn.Module, grid: int) -> None:
    """Fill a convolution from a fully connected layer that read `grid` positions a side: of 7, every third for 3."""
    weight, bias = linear.get_parameter("weight").detach(), linear.get_parameter("bias").detach()
    whole = weight.view(len(weight), -1, grid, grid)
    out, entry = _spaced(len(whole), conv.out_channels), _spaced(whole.shape[1], conv.in_channels)
    places = _ends(grid, conv.kernel_size[0])
    with torch.no_grad():
        conv.weight.copy_(whole[out][:, entry][:, :, places][:, :, :, places])
        conv.get_parameter("bias").copy_(bias[out])


def _spaced(total: int, kept: int) -> Tensor:
    """(kept,) positions of `total`, evenly spaced from the first."""
    return torch.arange(kept) * total // kept


def _ends(total: int, kept: int) -> Tensor:
    """(kept,) positions of `total`, evenly spaced from the first to the last."""
    return torch.arange(kept) * (total - 1) // max(kept - 1, 1)
