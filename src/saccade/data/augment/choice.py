"""What a user says of augmentation: the recipe's, none, or single fields of it by name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.nearest import did_you_mean
from saccade.core.options.docstring import described_items

# What a choice begins with, and the name by which a mapping says it.
STARTS, START = ("recipe", "none"), "from"
FORM = "such as mosaic=0.5,zoom=0.8:1.25 (beginning with the recipe's) or none,flip=0.5 (with nothing)"

PLAIN = Augmentation()


@dataclass(frozen=True)
class AugmentOptions:
    """A choice that was read.

    Attributes:
        start: ``recipe``: fields that are not named are the recipe's. ``none``: they do nothing.
        named: Values of the named fields.
    """

    start: str
    named: Mapping[str, Any]

    def resolve(self, recipe: Augmentation) -> Augmentation:
        """The augmentation that is meant, over that of a recipe.

        Raises:
            UsageError: The fields contradict each other.
        """
        return _replaced(recipe if self.start == "recipe" else PLAIN, self.named)

    def __str__(self) -> str:
        """The choice as it is typed, always in the same words."""
        named = [f"{f.name}={_text(self.named[f.name])}" for f in fields(Augmentation) if f.name in self.named]
        return ",".join([self.start, *named])


def parse_augment(said: Any) -> AugmentOptions:
    """Read what a user says of augmentation.

    Args:
        said: Text of a flag: ``recipe``, ``none``, or these (``recipe`` may be left out) with fields of `Augmentation`
            behind: ``mosaic=0.5,zoom=0.8:1.25,mixup=none``. Or the fields by name, with ``from`` for the beginning. Or
            an augmentation, which is taken as it is.

    Raises:
        UsageError: It is none of these, a field is unknown (the message lists all, with their meaning), or a value is
            not what its field takes.
    """
    if isinstance(said, Augmentation):
        values = {f.name: getattr(said, f.name) for f in fields(said)}
        changed = {name: value for name, value in values.items() if value != getattr(PLAIN, name)}
        return AugmentOptions("none", changed)
    if not isinstance(said, str | Mapping):
        raise UsageError("text, or fields by name", repr(said), within="augment", cure=FORM)
    found = _split(said) if isinstance(said, str) else dict(said)
    start = found.pop(START, "recipe")
    start = "none" if start is None else start
    if start not in STARTS:
        raise UsageError(f"from={' or '.join(STARTS)}", repr(start), within="augment")
    named = {name: _value(name, value) for name, value in found.items()}
    for name, value in named.items():
        # Alone, beside the one field that another may need: what does not fit together shows once the recipe is known.
        _replaced(Augmentation(crop_area=(0.5, 1.0)), {name: value})
    return AugmentOptions(str(start), named)


def _split(text: str) -> dict[str, Any]:
    """Names and texts of values of ``none,flip=0.5``."""
    found: dict[str, Any] = {}
    for place, part in enumerate(text.split(",")):
        name, sign, value = (word.strip() for word in part.partition("="))
        if place == 0 and not sign and name in STARTS:
            name, value = START, name
        elif not sign or not name or not value:
            raise UsageError(f"{', '.join(STARTS)} or FIELD=VALUE", repr(part.strip()), within="augment", cure=FORM)
        if name in found:
            raise UsageError("each field once", f"{name} twice", within="augment", cure=FORM)
        found[name] = value
    return found


def _value(name: str, found: Any) -> Any:
    """A field's value from text or from a plain value."""
    kinds = _kinds(name)
    if NoneType in kinds and (found is None or (isinstance(found, str) and found.lower() in ("none", "null"))):
        return None
    kind = kinds[0]
    value = _converted(kind, found)
    if value is None:
        raise UsageError(_expected(kinds), repr(found), within=f"augment: {name}", cure=_meanings()[name])
    return value


def _kinds(name: str) -> Sequence[Any]:
    """What a field takes: its type, and None where it may be."""
    hints = get_type_hints(Augmentation)
    if name not in hints:
        listed = "\n  ".join(f"{field}: {meaning}" for field, meaning in _meanings().items())
        cure = did_you_mean(name, hints, f"The fields are\n  {listed}")
        raise UsageError("a field of the augmentation", repr(name), within="augment", cure=cure)
    kind = hints[name]
    return get_args(kind) if NoneType in get_args(kind) else (kind,)


def _converted(kind: Any, found: Any) -> Any:
    """The value in a declared type; None where it is none."""
    if get_origin(kind) is Literal:
        return found if found in get_args(kind) else None
    if get_origin(kind) is not tuple:
        return _number(kind, found)
    parts = found.split(":") if isinstance(found, str) else found
    if not isinstance(parts, list | tuple) or not parts or (Ellipsis not in get_args(kind) and len(parts) != 2):
        return None
    numbers = [_number(float, part) for part in parts]
    return None if None in numbers else tuple(numbers)


def _number(kind: Any, found: Any) -> int | float | None:
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    try:
        number = float(found)
    except ValueError:
        return None
    return kind(number) if math.isfinite(number) and kind(number) == number else None


def _expected(kinds: Sequence[Any]) -> str:
    kind, args = kinds[0], get_args(kinds[0])
    words = {int: "a whole number", float: "a number"}
    if get_origin(kind) is Literal:
        said = f"one of {', '.join(args)}"
    elif get_origin(kind) is tuple:
        said = "numbers as 0:0.5:1" if Ellipsis in args else "two numbers as 0.8:1.25"
    else:
        said = words[kind]
    return f"{said}, or none" if NoneType in kinds else said


def _meanings() -> dict[str, str]:
    """What each field does."""
    told = described_items(Augmentation.__doc__ or "", "Attributes")
    return {f.name: told.get(f.name, "") for f in fields(Augmentation)}


def _replaced(start: Augmentation, named: Mapping[str, Any]) -> Augmentation:
    try:
        return replace(start, **named)
    except ConfigError as error:
        raise UsageError(error.expected, error.found, within="augment", cure=FORM) from error


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ":".join(_text(part) for part in value)
    return f"{value:.12g}" if isinstance(value, float) else str(value).lower()
