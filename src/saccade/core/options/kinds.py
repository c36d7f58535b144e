"""Types that options declare: what they are called in words, and whether a value is of one."""

from collections.abc import Mapping
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from saccade.core.errors import UsageError

WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", object: "a value"}


def plain(annotation: Any) -> Any:
    """The type itself, where a `type` statement's name stands for it."""
    return getattr(annotation, "__value__", annotation)


def described(annotation: Any) -> str:
    """What is expected of a value of this type, in words; that it may be None goes without saying."""
    annotation = plain(annotation)
    origin, members = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(described(member) for member in members if member is not NoneType)
    if origin is Literal:
        return "one of " + ", ".join(str(member) for member in members)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "OLD=NEW, several with commas between," if members == (str, str) else "values by name"
    if origin is None:
        return WORDS.get(annotation, f"a {annotation.__name__}" if isinstance(annotation, type) else "a value")
    return f"a list of {described(members[0])}" if members else "a list"


def fitting(annotation: Any, value: Any) -> Any:
    """The value, if it is of a declared type: a list as a tuple, a number alone as a tuple of one.

    A whole number is a number too, but true and false are neither. Text is never taken for a number; what was typed is
    converted where it is read.

    Raises:
        UsageError: It is of another type.
    """
    annotation = plain(annotation)
    origin, members = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _first(annotation, value)
    if origin is tuple:
        return _each(annotation, value)
    if annotation is Any or _is(annotation, origin, members, value):
        return value
    raise UsageError(described(annotation), repr(value))


def _first(annotation: Any, value: Any) -> Any:
    for member in get_args(annotation):
        try:
            return fitting(member, value)
        except UsageError:
            continue
    raise UsageError(described(annotation), repr(value))


def _each(annotation: Any, value: Any) -> tuple[Any, ...]:
    values = (value,) if isinstance(value, Real) else value
    if not isinstance(values, list | tuple):
        raise UsageError(described(annotation), repr(value))
    members = get_args(annotation)
    kinds = members[:1] * len(values) if members[1:] == (Ellipsis,) else members
    if len(kinds) != len(values):
        raise UsageError(f"{len(kinds)} values", repr(value))
    return tuple(fitting(kind, one) for kind, one in zip(kinds, values, strict=True))


def _is(annotation: Any, origin: Any, members: tuple[Any, ...], value: Any) -> bool:
    if origin is Literal:
        return any(value == member and type(value) is type(member) for member in members)
    wanted = NoneType if annotation is None else origin or annotation
    if isinstance(value, bool):
        return wanted is bool
    if wanted in (int, float):
        return isinstance(value, Integral if wanted is int else Real)
    # What is no class, such as a callable's signature, is left to who takes the value.
    return isinstance(value, wanted) if isinstance(wanted, type) else True
