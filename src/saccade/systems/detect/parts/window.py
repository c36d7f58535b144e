"""What detectors of windows share in putting parts together."""

from typing import NamedTuple

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.systems.localize.overfeat_localizer import LAST, SHAPES
from saccade.trunks.chain import Chain
from saccade.trunks.networks.overfeat import Variant
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides
from saccade.trunks.surgery.window_trunk import window_positions

# Each scale's picture is smaller by the root of two: a square object has a window of nearly its size, and where the
# first scale's are a twelfth of the picture, the last one's are two thirds of it.
EVERY_SIZE = tuple(round(2 ** (-step / 2), 4) for step in range(7))


class Windowed(NamedTuple):
    """A trunk that ends before the last pooling, and what a window of it is.

    Attributes:
        body: Pictures to maps.
        level: The last of them.
        pool: Positions a side of the last pooling.
        grid: Positions a side that it leaves of a window.
        side: Pixels a side of a window.
        step: Pixels between positions before the last pooling.
        spare: Positions a side of a window that the last pooling leaves over.
    """

    body: Trunk
    level: Level
    pool: int
    grid: int
    side: int
    step: int
    spare: int = 0

    @property
    def least(self) -> int:
        """Pixels a side that hold a window at every offset of the last pooling, which leaves out as many positions."""
        return self.side + max(self.pool - 1 - self.spare, 0) * self.step


def overfeat_windows(trunk: TrunkOptions, variant: Variant) -> Windowed:
    """OverFeat's convolutions (tables 1 and 3)."""
    body = cut(trunk.built(variant=variant, fc=False), LAST[variant])
    return Windowed(body, list(body.levels.values())[-1], *SHAPES[variant])


def trunk_windows(trunk: TrunkOptions, window: int, stride: int | None) -> Windowed:
    """Another trunk's convolutions, and a pooling of two by two positions after them where there are as many.

    Args:
        trunk: How it is built.
        window: Pixels a side of a window.
        stride: Of the map where the trunk ends; None: its deepest one.

    Raises:
        UsageError: There is no such trunk, it has no map of that stride, its stages do not run in a row, or windows of
            that size do not fit it.
    """
    whole = slid_trunk(trunk, stride=stride)
    *_, (last, level) = ((name, level) for name, level in whole.levels.items() if level.stride is not None)
    body = cut(whole, last)
    side = window_positions(body, window, body.preprocessing.channels)
    pool = 2 if side > 1 else 1
    return Windowed(body, level, pool, side // pool, window, level.stride or 1, side % pool)


def slid_trunk(trunk: TrunkOptions, *, fc: bool = False, stride: int | None = None) -> Chain:
    """A trunk whose stages run in a row, so that it can slide.

    Args:
        trunk: How it is built.
        fc: Whether it keeps the fully connected layers of a large window, where it has some.
        stride: Of the map where the trunk ends; None: it stays whole.

    Raises:
        UsageError: There is no such trunk, it has no map of that stride, or its stages do not run in a row.
    """
    built = trunk.built(fc=fc)
    if stride is not None:
        built = cut(built, *last_of_strides(built, (stride,)))
    if not isinstance(built, Chain):
        raise UsageError(
            "a trunk of stages in a row",
            repr(trunk.named),
            cure="take one of ours, such as resnet20 or vgg16",
        )
    return built
