"""A classifier's trunk for windows of one size: all windows of a picture at once, at several sizes of the picture.

Source: Vaillant, Monrocq, LeCun 1994, Original approach for the localisation of objects in images, IEE Proceedings on
Vision, Image and Signal Processing 141(4).
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.ops.windows.scales import WindowScales
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fc_to_conv import dense
from saccade.trunks.surgery.regionwise import Regionwise


class WindowTrunk(Trunk):
    """Descriptions of all windows of the picture at several sizes.

    Maps are ``scale1``, ``scale2`` … in the order of the factors; a position is a window.

    Layers keep the names that they have in the classifier, so that its weights fit; fully connected ones become
    convolutions, and what a window leaves beyond one position is averaged.

    Args:
        trunk: A trunk of stages in a row; it is copied.
        side: Pixels a side of a window.
        factors: Height and width of each scale's picture over those of the picture that comes in.
        channels: Channels of the picture.

    Attributes:
        scales: Where windows stand; they are as far apart as the positions of the trunk's last map.
        size: Numbers by which a window is described.

    Raises:
        UsageError: The trunk is none of stages in a row, or its layers do not fit a window of that size.
    """

    def __init__(self, trunk: Chain, side: int, factors: Sequence[tuple[float, float]], channels: int) -> None:
        super().__init__()
        stages, level = window_stages(trunk, side, channels)
        for name, stage in stages.items():
            self.add_module(name, stage)
        self.preprocessing = trunk.preprocessing
        self.scales, self.size = WindowScales(side, level.stride or 1, tuple(factors)), level.channels
        # A scaled picture's stride is no whole number of the input's pixels; what needs it exactly asks `scales`.
        strides = [max(round(self.scales.step / min(factor)), 1) for factor in factors]
        self.levels = {f"scale{place}": Level(self.size, stride) for place, stride in enumerate(strides, 1)}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """(B, size, h, w) descriptions of pictures (B, channels, H, W), a position a window."""
        picture = (images.shape[-2], images.shape[-1])
        maps: dict[str, Tensor] = {}
        for scale, name in enumerate(self.levels):
            described = self.scales.resize(images, scale)
            for stage in self.children():
                described = stage(described)
            # Where a trunk pads, a position more may stand at the border, whose window is not whole.
            rows, columns = self.scales.places(picture, scale)
            maps[name] = described[..., :rows, :columns]
        return maps


def window_by_window(trunk: Chain, side: int, channels: int) -> tuple[Regionwise, Level]:
    """The same layers under the same names, for windows that are cut out and run one by one.

    A trunk that pads tells a window by itself, which zeros surround, from one in a picture.

    Args:
        trunk: A trunk of stages in a row; it is copied.
        side: Pixels a side of a window.
        channels: Channels of the picture.

    Returns:
        The trunk, which describes a window in one position, and its last map.

    Raises:
        UsageError: As for `WindowTrunk`.
    """
    stages, level = window_stages(trunk, side, channels)
    return Regionwise(stages, trunk.preprocessing), level


def window_stages(trunk: Chain, side: int, channels: int) -> tuple[dict[str, nn.Module], Level]:
    """Stages that leave one position of a window of `side` pixels, and the last one's map.

    Raises:
        UsageError: The trunk is none of stages in a row, or its layers do not fit a window of that size.
    """
    slid = dense(trunk)
    positions = window_positions(slid, side, channels)
    last, level = list(slid.levels.items())[-1]
    stages = dict(slid.named_children())
    if positions == 1:
        return stages, level
    if trunk.levels[last].stride is None:
        raise UsageError(
            "a window that leaves the trunk one position",
            f"{side} pixels, which leave {positions} × {positions}",
            cure="its fully connected layers were built for a smaller window; leave them out",
        )
    return {**stages, "average": nn.AvgPool2d(positions, 1)}, level


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
