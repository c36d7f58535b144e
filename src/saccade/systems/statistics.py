"""Options that every system has: the statistics by which its pictures are normalised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from saccade.core.errors import ConfigError

if TYPE_CHECKING:  # the options are read where torch is not loaded
    from saccade.network.system import System


@dataclass(frozen=True)
class Statistics:
    """What a user may say of the statistics.

    Attributes:
        mean: Mean of each channel on the scale 0..1; by default the system's own.
        std: Standard deviation of each channel on the scale 0..1; by default the system's own.
    """

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


def with_statistics(system: "System", statistics: Statistics) -> "System":
    """The system itself, with other statistics of its input.

    Args:
        system: The system; it is changed in place.
        statistics: The other statistics.

    Raises:
        ConfigError: There are not as many numbers as the network has channels, or a deviation is not positive.
    """
    chosen = {
        name: _numbers(name, values, system.input.channels)
        for name, values in (("mean", statistics.mean), ("std", statistics.std))
        if values is not None
    }
    system.input = replace(system.input, **chosen)
    return system


def _numbers(name: str, values: Sequence[float] | float, channels: int) -> tuple[float, ...]:
    numbers = (float(values),) if isinstance(values, int | float) else tuple(float(value) for value in values)
    if len(numbers) != channels or not all(math.isfinite(number) for number in numbers):
        found = ", ".join(map(str, numbers)) or "none"
        raise ConfigError(
            f"{channels} number(s), one a channel",
            found,
            within=name,
            cure=f"give {channels}, or build the system with channels={max(len(numbers), 1)}",
        )
    return numbers
