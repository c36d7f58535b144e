"""A classifier's trunk for windows of one size, and the picture at several sizes for them to slide over.

Source: Vaillant, Monrocq, LeCun 1994, Original approach for the localisation of objects in images, IEE Proceedings on
Vision, Image and Signal Processing 141(4).
"""

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain
from saccade.trunks.dense import dense
from saccade.trunks.scales import resized


class WindowTrunk(Trunk):
    """The picture at several sizes, as ``scale1``, ``scale2`` …, and `look`, which describes windows of them.

    Nothing is described before somebody asks for it, so that a head may learn from a few windows alone. Layers keep the
    names that they have in the classifier, so that its weights fit; fully connected ones become convolutions.

    Args:
        trunk: A trunk of stages in a row; it is copied.
        side: Pixels a side of a window.
        factors: Height and width of each scale's picture over those of the picture that comes in. Where they differ,
            windows are wide or tall.
        channels: Channels of the picture.

    Attributes:
        step: Pixels between windows that are described at once.
        size: Numbers by which a window is described.

    Raises:
        UsageError: The trunk is none of stages in a row, or its layers do not fit a window of that size.
    """

    def __init__(self, trunk: Chain, side: int, factors: Sequence[tuple[float, float]], channels: int) -> None:
        super().__init__()
        slid = dense(trunk)
        for name, child in slid.named_children():
            self.add_module(name, child)
        # In a tuple it is no child: its layers are children already, under their own names.
        self._slid = (slid,)
        self.deepest, level = list(slid.levels.items())[-1]
        self.side, self.factors, self.size, self.step = side, tuple(factors), level.channels, level.stride or 1
        self.positions = window_positions(slid, side, channels)
        if self.positions > 1 and trunk.levels[self.deepest].stride is None:
            raise UsageError(
                "a window that leaves the trunk one position",
                f"{side} pixels, which leave {self.positions} × {self.positions}",
                cure="its fully connected layers were built for a smaller window; leave them out",
            )
        strides = [max(round(1 / min(factor)), 1) for factor in self.factors]
        self.levels = {f"scale{place}": Level(channels, stride) for place, stride in enumerate(strides, 1)}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Pictures (B, channels, H, W) at each scale, none smaller than a window."""
        maps: dict[str, Tensor] = {}
        for place, name in enumerate(self.levels):
            sides = self.sides((images.shape[-2], images.shape[-1]), place)
            picture = images if sides == images.shape[-2:] else resized(images, sides)
            below, right = (max(self.side - side, 0) for side in sides)
            maps[name] = F.pad(picture, (0, right, 0, below)) if below or right else picture
        return maps

    def sides(self, picture: tuple[int, int], place: int) -> tuple[int, int]:
        """Height and width of a picture (H, W) at a scale, before it is padded to a window."""
        height, width = (
            max(round(side * factor), 1) for side, factor in zip(picture, self.factors[place], strict=True)
        )
        return height, width

    def look(self, pictures: Tensor) -> Tensor:
        """(B, size, h, w) descriptions of all windows of pictures, `step` pixels apart; of one window, one."""
        described = self._slid[0](pictures)[self.deepest]
        if self.positions > 1:
            described = F.avg_pool2d(described, self.positions, 1)
        rows, columns = ((side - self.side) // self.step + 1 for side in pictures.shape[-2:])
        # Where a trunk pads, a position more may stand at the border, whose window is not whole.
        return described[..., :rows, :columns]


def window_positions(trunk: Trunk, side: int, channels: int) -> int:
    """Positions a side that a window of `side` pixels leaves on a trunk's last map.

    Raises:
        UsageError: The window is too small for the trunk's layers.
    """
    try:
        with torch.no_grad():
            maps = copy.deepcopy(trunk).to("meta").eval()(torch.zeros(1, channels, side, side, device="meta"))
    except RuntimeError as error:
        raise UsageError(
            "a window that the trunk's layers fit",
            f"{side} × {side} pixels",
            cure=f"give a larger one ({str(error).splitlines()[0]})",
        ) from error
    return int(list(maps.values())[-1].shape[-1])
