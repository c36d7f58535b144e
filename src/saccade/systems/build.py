"""The one way to build a system by name."""

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from saccade.core.errors import ConfigError, UsageError
from saccade.core.vocabulary import KEYS, Names, Vocabularies, key_of
from saccade.network.card import SystemFunction
from saccade.systems import every_system
from saccade.systems.statistics import Statistics, with_statistics

if TYPE_CHECKING:  # options are read where torch is not loaded
    from saccade.network.system import System

_COMMON = inspect.signature(Statistics).parameters


def options_of(function: SystemFunction) -> dict[str, inspect.Parameter]:
    """The options of a system by name, besides its classes: its own, and those that all have."""
    own = {name: p for name, p in inspect.signature(function).parameters.items() if name != "classes"}
    return own | {name: p for name, p in _COMMON.items() if name not in own}


def words_of(function: SystemFunction) -> dict[str, tuple[str, ...]]:
    """The options of a system that take one of a few words, by name."""
    hints = {name: getattr(kind, "__value__", kind) for name, kind in get_type_hints(function).items()}
    return {name: get_args(kind) for name, kind in hints.items() if name != "return" and get_origin(kind) is Literal}


def build(name: str, classes: Names | int, **options: Any) -> "System":
    """Build a system by name.

    Args:
        name: One of `SYSTEMS`, or of an installed package's entry points ``saccade.systems``.
        classes: Names of the classes, or their number. By key of `Vocabularies`, such as ``instances`` and
            ``semantic``, where objects and pixels have unlike ones: a system takes those of what it learns from.
        **options: The system's own options, such as ``trunk="resnet18"`` or ``width=0.5``, and `mean` and `std` of each
            channel, which all systems take (see `statistics.Statistics`).

    Raises:
        UsageError: The name or an option is unknown; the message lists the known ones.
        ConfigError: Options do not fit together, or there are no names for what the system learns from.
    """
    known = every_system()
    if name not in known:
        raise UsageError("a system", repr(name), cure=f"choose one of {', '.join(sorted(known))}")
    parameters = options_of(known[name])
    unknown = sorted(set(options) - set(parameters))
    if unknown:
        raise UsageError(f"options of {name}", ", ".join(unknown), cure=f"its options are {', '.join(parameters)}")
    names = _names_for(known[name], classes)
    own = inspect.signature(known[name]).parameters
    common = {key: value for key, value in options.items() if key not in own}
    system = known[name](names, **{key: value for key, value in options.items() if key in own})
    system = with_statistics(system, Statistics(**common))
    system.origin = {
        "system": name,
        "classes": names.plain() if isinstance(names, Vocabularies) else list(names),
        "options": dict(options),
    }
    return system


def _names_for(function: SystemFunction, classes: Names | int) -> tuple[str, ...] | Vocabularies:
    """The names of the classes that a system is built for: a list where it learns from one vocabulary, else by key."""
    keys = {key_of(field) for field in function.card.needs} - {None, "joints"} or {"instances"}
    if isinstance(classes, Mapping):
        missing = sorted(str(key) for key in keys if key not in classes)
        if missing:
            raise ConfigError(
                f"names of the classes of {', '.join(missing)}",
                f"those of {', '.join(classes)}",
                cure=f"the system learns from {', '.join(function.card.needs)}",
            )
        lists = {key: class_names(classes[key]) for key in KEYS if key in keys}
    else:
        lists = {key: class_names(classes) for key in KEYS if key in keys}
    return next(iter(lists.values())) if len(lists) == 1 else Vocabularies(lists)


def class_names(classes: Sequence[str] | int) -> tuple[str, ...]:
    """Names of classes: those given, or ``class 0`` … for a count.

    Raises:
        UsageError: There is no class, a count is below 1, or a name stands twice.
    """
    names = tuple(f"class {i}" for i in range(classes)) if isinstance(classes, int) else tuple(classes)
    if not names or len(set(names)) != len(names):
        raise UsageError("one or more distinct class names", list(names))
    return names
