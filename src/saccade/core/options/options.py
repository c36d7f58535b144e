"""Options of a function that builds something: read from its signature, and checked against it in one place."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal, get_type_hints

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.core.options.docstring import described_items
from saccade.core.options.kinds import fitting


@dataclass(frozen=True, kw_only=True)
class OptionGroup:
    """Options that several functions have, in one parameter: each field of a subclass is an option of its own name.

    The parameter's default says what each is where nothing is said, and which of them the function has.

    Attributes:
        offers: Fields that are options of the function; by default all.
        words: The words that a field takes, where they are fewer here than its type has.
    """

    offers: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def options(self) -> "Iterator[Option]":
        """The options that the fields are, with the values here as defaults."""
        told, hints = described_items(type(self).__doc__ or "", "Attributes"), get_type_hints(type(self))
        for name in (one.name for one in fields(self) if one.name not in ("offers", "words")):
            if name in self.offers or not self.offers:
                kind = Literal[self.words[name]] if name in self.words else hints[name]
                yield Option(name, kind, getattr(self, name), told.get(name, ""))


@dataclass(frozen=True)
class Option:
    """One option of a function.

    Attributes:
        name: Its keyword.
        annotation: Its type.
        default: What it is where nothing is said.
        help: What the docstring says of it, in one line.
    """

    name: str
    annotation: Any
    default: Any
    help: str = ""


def options_in(function: Callable[..., Any], without: str = "") -> dict[str, Option]:
    """The options of a function by name, those of its groups among them; what it says itself of one comes first.

    Args:
        function: The function.
        without: A parameter that is no option.
    """
    return dict(_options_in(function, without))


@cache
def _options_in(function: Callable[..., Any], without: str) -> Mapping[str, Option]:
    """Read once a process: a command looks at those of every system before it knows which is meant."""
    told, hints = described_items(function.__doc__ or "", "Args"), get_type_hints(function)
    found: dict[str, Option] = {}
    for name, parameter in _parameters(function).items():
        if isinstance(parameter.default, OptionGroup):
            found |= {one.name: replace(one, help=told.get(one.name, one.help)) for one in parameter.default.options()}
        elif name != without:
            found[name] = Option(name, hints.get(name, Any), parameter.default, told.get(name, ""))
    return found


def arguments_of(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords by which to call a function with these options: those of a group stand in its parameter.

    A group may also be given as it is.
    """
    found, left = dict[str, Any](), dict(options)
    for name, parameter in _parameters(function).items():
        if isinstance(parameter.default, OptionGroup) and not isinstance(left.get(name), OptionGroup):
            own = {one.name: left.pop(one.name) for one in parameter.default.options() if one.name in left}
            found[name] = replace(parameter.default, **own)
    return found | left


def checked(owner: str, known: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given, each as its type has it: a list as a tuple, a number alone as a tuple of one.

    Args:
        owner: Whose options they are, for the errors.
        known: Those that there are.
        given: Values by name.

    Raises:
        UsageError: An option is unknown, or its value is none of its type; the message says what is known.
    """
    unknown = sorted(set(given) - set(known))
    if unknown:
        cure = did_you_mean(unknown[0], known, f"its options are {', '.join(known)}")
        raise UsageError(f"options of {owner}", ", ".join(unknown), cure=cure)
    return {name: _value(owner, known[name], value) for name, value in given.items()}


def _value(owner: str, option: Option, value: Any) -> Any:
    try:
        return fitting(option.annotation, value)
    except UsageError as error:
        raise UsageError(error.expected, error.found, within=f"option {option.name!r} of {owner}") from None


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: one for name, one in inspect.signature(function).parameters.items() if one.kind not in several}
