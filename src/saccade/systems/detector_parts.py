"""What detectors share in putting parts together."""

import inspect
from collections.abc import Sequence
from typing import Any

from saccade.core.errors import UsageError
from saccade.core.input_spec import InputSpec, statistics
from saccade.layers.norm import Norm, with_norm
from saccade.network.part import Trunk
from saccade.trunks import TRUNKS
from saccade.trunks import trunk as build_trunk
from saccade.trunks.cut import cut


def trunk_to(name: str, strides: Sequence[int], norm: Norm = "batch", **options: Any) -> tuple[Trunk, tuple[str, ...]]:
    """A trunk that ends at its map of the last of `strides`, and the names of its maps of all of them.

    Args:
        name: A trunk of ours, or any name of timm's.
        strides: Rising strides of the maps that are read.
        norm: What stands in place of batch normalisation (see `layers.norm`).
        **options: The trunk's own options.

    Raises:
        UsageError: There is no such trunk, or it lacks a map of a stride.
    """
    trunk = without_fc(name, **options)
    names = last_of_strides(trunk, strides)
    body = cut(trunk, names[-1])
    with_norm(body, norm)
    return body, names


def without_fc(name: str, **options: Any) -> Trunk:
    """A trunk without its fully connected layers, which have no place in a detector's.

    Args:
        name: A trunk of ours, or any name of timm's.
        **options: The trunk's own options.

    Raises:
        UsageError: There is no such trunk or option.
    """
    takes_fc = name in TRUNKS and "fc" in inspect.signature(TRUNKS[name]).parameters
    return build_trunk(name, **options, **({"fc": False} if takes_fc else {}))


def last_of_strides(trunk: Trunk, strides: Sequence[int]) -> tuple[str, ...]:
    """The trunk's last map of each stride, which is the one that has seen most.

    Raises:
        UsageError: There is no map of a stride.
    """
    last = {level.stride: name for name, level in trunk.levels.items()}
    missing = [stride for stride in strides if stride not in last]
    if missing:
        listed = ", ".join(f"{name} {level.stride}" for name, level in trunk.levels.items() if level.stride)
        raise UsageError(
            f"a trunk with maps of strides {', '.join(map(str, strides))}",
            f"none of {missing[0]}",
            cure=f"its maps are {listed}; choose a ResNet, or a trunk of timm's with such maps",
        )
    return tuple(last[stride] for stride in strides)


def longest(size: int) -> int:
    """Pixels of the longer side at most of pictures whose shorter is `size`: 5/3 of it, as Fast R-CNN began it."""
    return round(size * 5 / 3)


def shorter_side(size: int, channels: int, multiple: int = 1) -> InputSpec:
    """Pictures whose shorter side is `size` pixels and whose longer is at most 5/3 of it.

    Args:
        size: Shorter side in pixels.
        channels: Channels of the picture.
        multiple: Batches are padded to a multiple of it.
    """
    mean, std = statistics(channels)
    return InputSpec("shorter", shorter=size, longest=longest(size), multiple=multiple, mean=mean, std=std)
