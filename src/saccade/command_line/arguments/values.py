"""What a flag or a configuration file says becomes a value of the type that a field or parameter declares."""

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from saccade.core.errors import UsageError
from saccade.core.options.kinds import described, plain

TRUE, FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


def convert(annotation: Any, value: Any) -> Any:
    """The value in a declared type.

    Args:
        annotation: bool, int, float, str, Literal, a tuple of these, a mapping of names, or a union of them.
        value: Text of a flag, or a plain value of a file.

    Raises:
        UsageError: It is no such value.
    """
    annotation = plain(annotation)
    origin = get_origin(annotation)
    if annotation is Any:
        return value
    if origin in (Union, UnionType):
        return _first(get_args(annotation), annotation, value)
    if origin is Literal:
        return _chosen(get_args(annotation), value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _pairs(value) if get_args(annotation) == (str, str) else _by_name(value)
    if origin in (tuple, list) or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return _sequence(annotation, value)
    if annotation is NoneType:
        if value is None or (isinstance(value, str) and value.lower() in ("none", "null")):
            return None
        raise UsageError("none", repr(value))
    return _scalar(annotation, value)


def is_switch(annotation: Any) -> bool:
    """Whether a flag of this type stands without a value: ``--cache`` and ``--no-cache``."""
    annotation = plain(annotation)
    members = set(get_args(annotation)) if get_origin(annotation) in (Union, UnionType) else {annotation}
    return members - {NoneType} == {bool}


def _first(members: tuple[Any, ...], annotation: Any, value: Any) -> Any:
    # Text fits everything, so it is tried last.
    for member in sorted(members, key=lambda member: member is str):
        try:
            return convert(member, value)
        except UsageError:
            continue
    raise UsageError(described(annotation), repr(value))


def _chosen(members: tuple[Any, ...], value: Any) -> Any:
    for member in members:
        if value == member or (isinstance(value, str) and value == str(member)):
            return member
    raise UsageError(f"one of {', '.join(str(member) for member in members)}", repr(value))


def _sequence(annotation: Any, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise UsageError(described(annotation), repr(value))
    members = get_args(annotation) or (str,)
    if len(members) == 2 and members[1] is not Ellipsis and len(value) != 2:
        raise UsageError("two values", repr(value))
    inner = members if len(members) == len(value) and Ellipsis not in members else (members[0],) * len(value)
    return tuple(convert(member, one) for member, one in zip(inner, value, strict=True))


def _pairs(value: Any) -> dict[str, str]:
    """Names by names, of ``a=b,c=d`` or of a file's mapping; ``a=`` gives an empty one."""
    if isinstance(value, str):
        value = dict(_pair(part) for part in value.split(",") if part.strip())
    if not isinstance(value, dict) or not all(_is_name(part) for part in (*value, *value.values())):
        raise UsageError("OLD=NEW, several with commas between", repr(value))
    return {str(old): str(new) for old, new in value.items()}


def _by_name(value: Any) -> dict[str, Any]:
    """Values by name, of a file's mapping; who takes them reads them."""
    if not isinstance(value, dict):
        raise UsageError("values by name", repr(value))
    return {str(name): one for name, one in value.items()}


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not old.strip() or not equals:
        raise UsageError("OLD=NEW", repr(text))
    return old.strip(), new.strip()


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _scalar(kind: Any, value: Any) -> Any:
    found: Any = None
    if kind is bool:
        found = _truth(value)
    elif kind in (int, float):
        found = _number(kind, value)
    elif kind is str and isinstance(value, str | int | float) and not isinstance(value, bool):
        found = str(value)  # a YAML file says precision: 32 and means the text
    if found is None:
        raise UsageError(described(kind), repr(value))
    return found


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return True if value.lower() in TRUE else False if value.lower() in FALSE else None
    return value if isinstance(value, bool) else None


def _number(kind: Any, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        return None
    return number if isinstance(value, str) or number == value else None  # 2.5 is no whole number
