"""How a system's trunk is built: the options that systems share, and the one place that follows them."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from saccade.core.errors import ConfigError
from saccade.core.options.options import OptionGroup
from saccade.layers.norms.norm import Norm, with_norm
from saccade.network.part import Trunk
from saccade.network.protocols.built_trunk import BuiltTrunk
from saccade.trunks import ends_fully_connected
from saccade.trunks import trunk as build_trunk
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.cut import cut

# What systems offer: of a trunk of their own, of one of which there are weights, and of any trunk.
SCALED = ("width", "channels", "mean", "std")
FIXED = ("pretrained", *SCALED)
CHOSEN = ("trunk", *FIXED)

T = TypeVar("T", bound=Trunk)


@dataclass(frozen=True)
class TrunkOptions(OptionGroup):
    """How a system's trunk is built.

    Attributes:
        trunk: A trunk of ours, or any name of timm's. In Python also a trunk that is built already, which the system
            shares.
        pretrained: Take ImageNet weights for the trunk, where there are some. Detectors that look at regions, the
            region proposal network and RetinaNet then leave the first layers and all normalisation as they are.
        width: Factor of all channels, for our own trunks.
        channels: Channels of the picture.
        norm: How the trunk normalises: by ``batch``; ``frozen``, as weights that have learnt want it; by ``group``, for
            batches of few pictures; ``sync``, by batches over all processes. By ``batch`` windows and sizes of a
            picture are measured each alone in training and alike in use; ``group`` and ``frozen`` know no such
            difference.
        mean: Mean of each channel on the scale 0..1; by default the trunk's own.
        std: Standard deviation of each channel on the scale 0..1; by default the trunk's own.
    """

    trunk: str | BuiltTrunk
    pretrained: bool = False
    width: float = 1.0
    channels: int = 3
    norm: Norm = "batch"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @property
    def named(self) -> str:
        """What to call the trunk."""
        return self.trunk if isinstance(self.trunk, str) else type(self.trunk).__name__

    @property
    def fully_connected(self) -> bool:
        """Whether the trunk ends in fully connected layers."""
        if isinstance(self.trunk, str):
            return ends_fully_connected(self.trunk)
        return list(self.trunk.levels.values())[-1].stride is None

    def built(self, *, fc: bool = True, **own: Any) -> Trunk:
        """The trunk, with its statistics: built by its name, or the one that was built before.

        Args:
            fc: Whether it keeps its fully connected layers, where it has some.
            **own: Further options of a trunk by name.

        Raises:
            UsageError: There is no such trunk or option.
            ConfigError: There are no weights, or not as many statistics as channels.
        """
        if not isinstance(self.trunk, str):
            trunk = cast("Trunk", self.trunk)
            return self.prepared(trunk if fc else _without_fc(trunk))
        without = {"fc": False} if not fc and self.fully_connected else {}
        shared = {"pretrained": self.pretrained, "width": self.width, "channels": self.channels}
        trunk = build_trunk(self.trunk, **shared, **without, **own)
        with_norm(trunk, self.norm)
        return self.prepared(trunk)

    def prepared(self, trunk: T) -> T:
        """The trunk, or, where statistics are given, one of the same layers that declares those.

        Raises:
            ConfigError: There are not as many numbers as the network has channels.
        """
        known = trunk.preprocessing
        given = {"mean": self.mean, "std": self.std}
        chosen = {name: _numbers(name, found, known.channels) for name, found in given.items() if found is not None}
        if not chosen:
            return trunk
        other = copy.copy(trunk)
        other.preprocessing = replace(known, **chosen)
        return other


def _without_fc(trunk: Trunk) -> Trunk:
    seeing = [name for name, level in trunk.levels.items() if level.stride is not None]
    return cut(trunk, seeing[-1]) if isinstance(trunk, Chain) and seeing else trunk


def _numbers(name: str, numbers: Sequence[float], channels: int) -> tuple[float, ...]:
    if len(numbers) != channels or not all(math.isfinite(number) for number in numbers):
        found = ", ".join(map(str, numbers)) or "none"
        raise ConfigError(
            f"{channels} number(s), one a channel",
            found,
            within=name,
            cure=f"give {channels}, or build the system with channels={max(len(numbers), 1)}",
        )
    return tuple(float(number) for number in numbers)
