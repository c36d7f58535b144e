"""Bodies of auxiliary classifiers: from a middle map to scores, so that gradients also begin in the middle.

Papers: Szegedy et al. 2014, Going deeper with convolutions, arXiv 1409.4842, section 5; Szegedy et al. 2015, Rethinking
the Inception architecture, arXiv 1512.00567, section 4.
"""

from torch import nn

from saccade.layers.blocks.inception import SpacedMean

GRID = 4


def auxiliary_dense(
    conv: nn.Module, hidden: nn.Linear, last: nn.Linear, *, dropout: float, spaced: bool
) -> nn.Sequential:
    """GoogLeNet's: a map to scores by way of 4 × 4 positions, a convolution and a hidden layer.

    Args:
        conv: 1 × 1 convolution with its nonlinearity.
        hidden: Fully connected layer over 4 × 4 positions.
        last: The layer that scores classes.
        dropout: Probability with which hidden values are dropped.
        spaced: Means of 5 × 5 windows, 3 apart, as in the paper, or else of 4 × 4 equal parts, as in torchvision.
    """
    pools: list[nn.Module] = [SpacedMean(GRID)] if spaced else []
    pools.append(nn.AdaptiveAvgPool2d(GRID))
    return nn.Sequential(*pools, conv, nn.Flatten(1), hidden, nn.ReLU(inplace=True), nn.Dropout(dropout), last)


def auxiliary_convolutions(pointwise: nn.Module, wide: nn.Module, last: nn.Linear) -> nn.Sequential:
    """Inception v3's: a map to scores by way of means of windows and two convolutions.

    Args:
        pointwise: 1 × 1 convolution with its nonlinearity.
        wide: 5 × 5 convolution without padding, with its nonlinearity.
        last: The layer that scores classes.
    """
    return nn.Sequential(SpacedMean(5), pointwise, wide, nn.AdaptiveAvgPool2d(1), nn.Flatten(1), last)
