"""Any trunk with maps that lie a few pixels apart, whoever has to dilate it."""

from itertools import chain

import torch
from torch.func import functional_call

from saccade.core.errors import UsageError
from saccade.layers.scale import SizesAlone
from saccade.network.part import Trunk
from saccade.trunks import TRUNKS
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.dilate import dilate

# Positions a side of the pictures on which a trunk is tried.
TRIED = 8


def at_stride(options: TrunkOptions, stride: int = 8) -> Trunk:
    """The trunk without fully connected layers, its maps at most `stride` pixels apart.

    Our own are dilated here (`dilate`), timm's by timm; what is fine enough already stays as it is.

    Raises:
        UsageError: The trunk cannot be dilated, or has no map of this stride.
    """
    of_timm = isinstance(options.trunk, str) and options.trunk not in TRUNKS
    trunk = options.built(output_stride=stride) if of_timm else options.built(fc=False)
    deepest = list(trunk.levels.values())[-1].stride
    if deepest is not None and deepest <= stride:
        return trunk
    if isinstance(trunk, Chain):
        return dilate(trunk, stride)
    raise UsageError(
        f"a trunk whose deepest map has stride {stride} at most, or can be dilated to it",
        f"{options.named} of stride {deepest}",
        cure="give one of saccade's own trunks, or the name of one of timm's",
    )


def meets_corners(trunk: Trunk, name: str) -> bool:
    """Whether the first and last positions of a map lie on the first and last pixels of a picture.

    So they do where every step is taken by odd windows that are padded by half, as in ResNets, on sides of a multiple
    of the stride and one pixel more: 41 positions of 321 pixels at stride 8. Else positions stand for cells of a
    picture that they divide, as pools of 2 × 2 do.

    Args:
        trunk: The trunk, which is run once, without memory.
        name: Of the map.
    """
    side = TRIED * (trunk.levels[name].stride or 1) + 1
    tensors = {path: tensor.to("meta") for path, tensor in chain(trunk.named_parameters(), trunk.named_buffers())}
    picture = torch.zeros(1, trunk.preprocessing.channels, side, side, device="meta")
    with torch.no_grad(), SizesAlone():
        maps = functional_call(trunk, tensors, (picture,))
    return maps[name].shape[-1] == TRIED + 1
