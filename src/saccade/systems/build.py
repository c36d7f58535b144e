"""The one way to build a system by name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from saccade.core.errors import ConfigError, UsageError
from saccade.core.nearest import did_you_mean
from saccade.core.options.kinds import plain
from saccade.core.options.options import Option, checked, options_in
from saccade.core.vocabulary import KEYS, Names, Vocabularies, key_of, keys_of
from saccade.network.card import SystemFunction
from saccade.network.protocols.built_trunk import BuiltTrunk
from saccade.systems import every_system

if TYPE_CHECKING:  # options are read where torch is not loaded
    from saccade.network.system import System

# What a trunk that is built already has settled.
SETTLED = ("pretrained", "width", "channels", "norm")


def options_of(function: SystemFunction) -> dict[str, Option]:
    """The options of a system by name, besides its classes."""
    return options_in(function, without="classes")


def words_of(function: SystemFunction) -> dict[str, tuple[str, ...]]:
    """The options of a system that take one of a few words, by name."""
    kinds = {name: plain(option.annotation) for name, option in options_of(function).items()}
    return {name: get_args(kind) for name, kind in kinds.items() if get_origin(kind) is Literal}


def build(name: str, classes: Names | int, **options: Any) -> "System":
    """Build a system by name.

    Args:
        name: One of `SYSTEMS`, or of an installed package's entry points ``saccade.systems``.
        classes: Names of the classes, or their number. By key of `Vocabularies`, such as ``instances`` and
            ``semantic``, where objects and pixels have unlike ones: a system takes those of what it learns from.
        **options: The system's own options, such as ``trunk="resnet18"`` or ``width=0.5``, and `mean` and `std` of each
            channel. Where any trunk fits, ``trunk`` may be one that is built already, which the system shares; no name
            builds such a system again, so that its `origin` is None.

    Raises:
        UsageError: The name or an option is unknown, or a value is none of its option's; the message lists those known.
        ConfigError: Options do not fit together, or there are no names for what the system learns from.
    """
    known = every_system()
    if name not in known:
        listed = f"choose one of {', '.join(sorted(known))}"
        raise UsageError("a system", repr(name), cure=did_you_mean(name, known, listed))
    given = checked(name, options_of(known[name]), options)
    ready = isinstance(given.get("trunk"), BuiltTrunk)
    if ready:
        _check_settled(given)
    names = _names_for(known[name].card.learns_from(given), classes)
    system = known[name](names, **given)
    # Weights that know their own classes name those that were only counted, and joints are named where nobody did.
    several = system.vocabularies
    by_key = isinstance(names, Vocabularies) or ("joints" in several and len(several) > 1)
    listed = several.plain() if by_key else list(system.classes or names)
    system.origin = None if ready else {"system": name, "classes": listed, "options": dict(options)}
    return system


def _check_settled(given: Mapping[str, Any]) -> None:
    both = [name for name in SETTLED if name in given]
    if both:
        raise UsageError(
            f"a built trunk alone, which has settled its {', '.join(SETTLED)}",
            f"{', '.join(both)} beside it",
            cure="build the trunk with them, such as saccade.trunks.trunk('resnet18', width=0.5), or give its name",
        )


def _names_for(needs: Sequence[str], classes: Names | int) -> tuple[str, ...] | Vocabularies:
    """The names of the classes that a system is built for: a list where it learns from one vocabulary, else by key.

    Names of joints are among them where they are given.
    """
    keys, joints = keys_of(needs), {key_of(field) for field in needs} & {"joints"}
    if isinstance(classes, Mapping):
        missing = sorted(str(key) for key in keys if key not in classes)
        if missing:
            raise ConfigError(
                f"names of the classes of {', '.join(missing)}",
                f"those of {', '.join(classes)}",
                cure=f"the system learns from {', '.join(needs)}",
            )
        lists = {key: class_names(classes[key]) for key in KEYS if key in keys | (joints & set(classes))}
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
