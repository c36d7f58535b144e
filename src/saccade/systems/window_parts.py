"""What detectors of windows share in putting parts together."""

import inspect
from typing import Any, NamedTuple

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.systems.detector_parts import last_of_strides
from saccade.systems.overfeat_localizer import LAST, SHAPES
from saccade.trunks import TRUNKS
from saccade.trunks import trunk as build_trunk
from saccade.trunks.chain import Chain
from saccade.trunks.cut import cut
from saccade.trunks.overfeat import Variant, overfeat
from saccade.trunks.window_trunk import window_positions

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


def overfeat_windows(variant: Variant, width: float, channels: int) -> Windowed:
    """OverFeat's convolutions (tables 1 and 3).

    Raises:
        UsageError: The variant is unknown.
    """
    whole = overfeat(variant=variant, width=width, channels=channels, fc=False)
    body = cut(whole, LAST[variant])
    return Windowed(body, list(body.levels.values())[-1], *SHAPES[variant])


def trunk_windows(name: str, window: int, stride: int | None, width: float, channels: int) -> Windowed:
    """Another trunk's convolutions, and a pooling of two by two positions after them where there are as many.

    Args:
        name: A trunk of ours.
        window: Pixels a side of a window.
        stride: Of the map where the trunk ends; None: its deepest one.
        width: Factor of all channels.
        channels: Channels of the picture.

    Raises:
        UsageError: There is no such trunk, it has no map of that stride, its stages do not run in a row, or windows of
            that size do not fit it.
    """
    whole = slid_trunk(name, stride=stride, width=width, channels=channels)
    *_, (last, level) = ((name, level) for name, level in whole.levels.items() if level.stride is not None)
    body = cut(whole, last)
    side = window_positions(body, window, channels)
    pool = 2 if side > 1 else 1
    return Windowed(body, level, pool, side // pool, window, level.stride or 1, side % pool)


def slid_trunk(name: str, *, fc: bool = False, stride: int | None = None, **options: Any) -> Chain:
    """A trunk whose stages run in a row, so that it can slide.

    Args:
        name: A trunk of ours.
        fc: Whether it keeps the fully connected layers of a large window, where it has some.
        stride: Of the map where the trunk ends; None: it stays whole.
        **options: The trunk's own options.

    Raises:
        UsageError: There is no such trunk, it has no map of that stride, or its stages do not run in a row.
    """
    takes_fc = name in TRUNKS and "fc" in inspect.signature(TRUNKS[name]).parameters
    built = build_trunk(name, **options, **({"fc": fc} if takes_fc else {}))
    if stride is not None:
        built = cut(built, *last_of_strides(built, (stride,)))
    if not isinstance(built, Chain):
        raise UsageError(
            "a trunk of stages in a row",
            repr(name),
            cure="take one of ours, such as resnet20 or vgg16",
        )
    return built
