"""A trunk that ends earlier: what nobody reads costs time, and a gradient that never comes."""

from collections.abc import Sequence

from saccade.core.errors import UsageError
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain


def cut(trunk: Trunk, last: str) -> Trunk:
    """The trunk's stages up to the map `last`, with the same weights.

    Args:
        trunk: Stages that run one after another.
        last: Name of the deepest map that is wanted.

    Raises:
        UsageError: There is no such map, or the trunk cannot be cut there because it is not a row of stages.
    """
    names = list(trunk.levels)
    if last not in names:
        raise UsageError("a map of the trunk", repr(last), cure=f"its maps are {', '.join(names)}")
    if last == names[-1]:
        return trunk
    if not isinstance(trunk, Chain):
        raise UsageError(
            f"a trunk that ends at {last!r}",
            ", ".join(names),
            cure="choose one of saccade's own trunks, which can be cut",
        )
    kept = names[: names.index(last) + 1]
    stages = {name: trunk.get_submodule(name) for name in kept}
    return Chain(stages, {name: trunk.levels[name] for name in kept}, trunk.preprocessing)


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


def finest_of_strides(trunk: Trunk, count: int) -> tuple[str, ...]:
    """The trunk's last map of each of its finest strides, `count` of them or as many as there are, the finest first.

    Raises:
        UsageError: There are no two.
    """
    strides = sorted({level.stride for level in trunk.levels.values() if level.stride is not None})
    if len(strides) < 2:
        raise UsageError("a trunk with maps of two strides or more", ", ".join(map(str, strides)) or "none")
    return last_of_strides(trunk, strides[:count])
