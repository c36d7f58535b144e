"""A trunk whose first layer pads so widely that all later layers see the picture's border as they see its middle.

Source: Xie, Tu 2015, Holistically-nested edge detection, the released network, whose first layer pads by 35 pixels; as
Long et al. 2015, FCN, whose pads by 100.
"""

from torch import nn

from saccade.core.errors import ConfigError
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fc_to_conv import copied_stages
from saccade.trunks.surgery.fully_convolutional import placed


def widely_padded(trunk: Chain, padding: int) -> Chain:
    """A new trunk with the same weights, whose levels tell where each map's first position lies in the padding.

    Its pools round sizes up, as Caffe's do.

    Args:
        trunk: A trunk of stages in a row without fully connected layers, such as a VGG.
        padding: Pixels of zeros around the picture in the first layer.

    Raises:
        ConfigError: The coarsest map does not reach half a step beyond the picture's edge, so that it would not cover
            the picture once it has grown.
        UsageError: The trunk is none of stages in a row.
    """
    stages = copied_stages(trunk, "wide padding")
    made = Chain(stages, trunk.levels, trunk.preprocessing)
    first = next(layer for layer in made.modules() if isinstance(layer, nn.Conv2d))
    first.padding = (padding, padding)
    for layer in made.modules():
        if isinstance(layer, nn.MaxPool2d):
            layer.ceil_mode = True
    made.levels = placed(made)
    coarsest = list(made.levels.values())[-1]
    if -coarsest.offset < (coarsest.stride or 1) / 2:
        least = padding + (coarsest.stride or 1) / 2 + coarsest.offset
        raise ConfigError(
            f"a padding of 0, which pads each layer, or from {least:g} pixels", padding, within="option 'padding'"
        )
    return made
