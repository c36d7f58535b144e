"""VGG with maps of stride 8, as two papers made it: DeepLab's, which pads, and the front end of Yu and Koltun.

Papers: Chen et al. 2014, Semantic image segmentation with deep convolutional nets, arXiv 1412.7062, section 3.1; Yu,
Koltun 2015, Multi-scale context aggregation by dilated convolutions, arXiv 1511.07122, section 4; their released
networks.
"""

from typing import Literal

from torch import nn

from saccade.network.part import Trunk
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.dilate import dilate
from saccade.trunks.surgery.fc_to_conv import copied_stages, dense

Padding = Literal["valid", "same"]

BLOCKS = 5
POOLS = tuple(f"pool{block}" for block in range(1, BLOCKS + 1))
STRIDE = 8


def vgg_of(options: TrunkOptions, *, fc: bool | None = None) -> Chain | None:
    """The trunk, where it is a VGG; None where it is another.

    Args:
        options: How it is built.
        fc: Whether its fully connected layers are there; None: where they have learnt something.
    """
    by_name = isinstance(options.trunk, str)
    if by_name and not options.fully_connected:
        return None
    whole = options.built(fc=(options.pretrained or not by_name) if fc is None else fc)
    return whole if isinstance(whole, Chain) and is_vgg(whole) else None


def is_vgg(trunk: Trunk) -> bool:
    """Whether five pools of 2 × 2, named as VGG's, are all that makes its maps smaller."""
    stages = dict(trunk.named_children())
    pools = [stages.get(name) for name in POOLS]
    halving = all(isinstance(pool, nn.MaxPool2d) and (pool.kernel_size, pool.stride) == (2, 2) for pool in pools)
    return halving and all(conv.stride == (1, 1) for conv in trunk.modules() if isinstance(conv, nn.Conv2d))


def deeplab_vgg(whole: Chain, *, averaged: bool = False) -> Chain:
    """A new VGG up to its fifth pool, of stride 8, whose positions meet the corners of a picture of 8 n + 1 pixels.

    Pools are of 3 × 3, the last two of stride 1; block 5 is dilated by 2. 321 pixels have maps of 161, 81 and 41.

    Args:
        whole: A VGG, which stays as it is.
        averaged: Whether ``pool5a``, an average of 3 × 3 positions, zeros around the map among them, comes last.
    """
    stages = copied_stages(whole, "deeplab_vgg")
    kept = list(stages)[: list(stages).index(POOLS[-1])]
    for name in POOLS[:-1]:
        stages[name] = nn.MaxPool2d(3, 2, 1)
    made = dict(dilate(Chain({name: stages[name] for name in kept}), STRIDE).named_children())
    made[POOLS[-1]] = nn.MaxPool2d(3, 1, 1)
    if averaged:
        made["pool5a"] = nn.AvgPool2d(3, 1, 1)
    return Chain(made, preprocessing=whole.preprocessing)


def front_end(whole: Chain, padding: Padding) -> Chain:
    """A new VGG without its last two pools, whose fully connected layers are convolutions; maps up to ``fc7``.

    Block 5 is dilated by 2 and ``fc6`` by 4, so that each position still sees what it saw.

    Args:
        whole: A VGG with fully connected layers, which stays as it is.
        padding: ``valid``: nothing is padded, and of VGG-16's picture 186 pixels on every side get no answer. ``same``:
            each layer keeps its map's size.
    """
    stages = copied_stages(dense(whole), "front_end")
    rate, made = 1, dict[str, nn.Module]()
    for name, stage in stages.items():
        if name in POOLS[-2:]:
            rate *= 2
            continue
        made[name] = stage
        for conv in (layer for layer in stage.modules() if isinstance(layer, nn.Conv2d)):
            reach = 0 if padding == "valid" else rate * (conv.kernel_size[0] // 2)
            conv.dilation, conv.padding = (rate, rate), (reach, reach)
    return Chain(made, preprocessing=whole.preprocessing)
