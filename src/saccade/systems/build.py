"""The one way to build a system by name."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from saccade.core.errors import UsageError
from saccade.core.kinds import plain
from saccade.core.options import Option, arguments_of, checked, options_in
from saccade.network.card import SystemFunction
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.systems import every_system

# What a trunk that is built already has settled.
SETTLED = ("pretrained", "width", "channels", "norm")


def options_of(function: SystemFunction) -> dict[str, Option]:
    """The options of a system by name, besides its classes."""
    return options_in(function, without="classes")


def words_of(function: SystemFunction) -> dict[str, tuple[str, ...]]:
    """The options of a system that take one of a few words, by name."""
    kinds = {name: plain(option.annotation) for name, option in options_of(function).items()}
    return {name: get_args(kind) for name, kind in kinds.items() if get_origin(kind) is Literal}


def build(name: str, classes: Sequence[str] | int, **options: Any) -> System:
    """Build a system by name.

    Args:
        name: One of `SYSTEMS`, or of an installed package's entry points ``saccade.systems``.
        classes: Names of the classes, or their number.
        **options: The system's own options, such as ``trunk="resnet18"`` or ``width=0.5``, and `mean` and `std` of each
            channel. Where any trunk fits, ``trunk`` may be one that is built already, which the system shares; no name
            builds such a system again, so that its `origin` is None.

    Raises:
        UsageError: The name or an option is unknown, or a value is none of its option's; the message lists those known.
        ConfigError: Options do not fit together.
    """
    known = every_system()
    if name not in known:
        raise UsageError(f"a system is expected, found {name!r}", hint=f"choose one of {', '.join(sorted(known))}")
    given = checked(name, options_of(known[name]), options)
    ready = isinstance(given.get("trunk"), Trunk)
    if ready:
        _check_settled(given)
    names = class_names(classes)
    system = known[name](names, **arguments_of(known[name], given))
    system.origin = None if ready else {"system": name, "classes": list(names), "options": dict(options)}
    return system


def _check_settled(given: Mapping[str, Any]) -> None:
    both = [name for name in SETTLED if name in given]
    if both:
        raise UsageError(
            f"a built trunk alone is expected, which has settled its {', '.join(SETTLED)}, found {', '.join(both)} too",
            hint="build the trunk with them, such as saccade.trunks.trunk('resnet18', width=0.5), or give its name",
        )


def class_names(classes: Sequence[str] | int) -> tuple[str, ...]:
    """Names of classes: those given, or ``class 0`` … for a count.

    Raises:
        UsageError: There is no class, a count is below 1, or a name stands twice.
    """
    names = tuple(f"class {i}" for i in range(classes)) if isinstance(classes, int) else tuple(classes)
    if not names or len(set(names)) != len(names):
        raise UsageError(f"one or more distinct class names are expected, found {list(names)}")
    return names
