"""Flags made from what the code declares: the fields of a dataclass, the parameters of a system."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, get_type_hints

from saccade.command_line.arguments.values import convert, is_switch
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.core.options.docstring import described_items
from saccade.core.options.kinds import described
from saccade.core.options.options import Option

# What other programs call our flags, and nearness of letters does not tell.
ELSEWHERE = {
    "--imgsz": "--size", "--img-size": "--size", "--image-size": "--size", "--resolution": "--size",
    "--conf": "--threshold", "--conf-thres": "--threshold", "--confidence-threshold": "--threshold",
    "--project": "--out", "--output-dir": "--out", "--save-dir": "--out", "--name": "--out",
    "--lr0": "--lr", "--learning-rate": "--lr", "--batch-size": "--batch", "--optimizer": "--optimiser",
    "--max-iter": "--steps", "--iterations": "--steps", "--num-epochs": "--epochs",
    "--weights": "--init", "--checkpoint": "--init", "--backbone": "--trunk", "--model": "--trunk",
    "--num-gpus": "--devices", "--num-workers": "--workers", "--config-file": "--config",
    "--amp": "--precision", "--half": "--precision", "--mosaic": "--augment", "--vid-stride": "--every",
    "--proposals-file": "--search", "--tta": "--scales",
}  # fmt: skip
# What a value is meant for that a flag does not take.
MEANT = {
    "--proposals": "--proposals is how many regions are read; where they come from is said by --search: edge-boxes, "
    "selective-search, windows, a file of saccade propose, or the folder of a run of rpn, deepmask or sharpmask",
}


@dataclass(frozen=True)
class Flag:
    """A flag and the field or parameter that it sets.

    Attributes:
        name: The field's name; the flag is ``--name`` with hyphens.
        annotation: Its type.
        help: What it does.
    """

    name: str
    annotation: Any = str
    help: str = ""

    @property
    def text(self) -> str:
        """As it is typed."""
        return "--" + self.name.replace("_", "-")

    def value(self, found: Any) -> Any:
        """A value of the declared type.

        Raises:
            UsageError: It is none.
        """
        return convert(self.annotation, found)

    def add(self, parser: argparse._ActionsContainer) -> None:  # pyright: ignore[reportPrivateUsage]
        """Let the parser know the flag; what is not typed stays out of its result."""
        told = self.help.replace("%", "%%")
        if is_switch(self.annotation):
            parser.add_argument(
                self.text, dest=self.name, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=told
            )
        else:
            metavar = self.name.split("_")[-1].upper()
            kind = described(self.annotation)
            told = f"{told} ({kind})" if kind.startswith("one of") else told
            parser.add_argument(
                self.text, dest=self.name, type=self.value, default=argparse.SUPPRESS, metavar=metavar, help=told
            )


def of_dataclass(kind: type) -> dict[str, Flag]:
    """A flag for each field."""
    told = described_items(kind.__doc__ or "", "Attributes")
    hints = get_type_hints(kind)
    return {name: Flag(name, hints[name], told.get(name, "")) for name in kind.__dataclass_fields__}


def of_options(options: Mapping[str, Option]) -> dict[str, Flag]:
    """A flag for each option of a system."""
    return {name: Flag(name, option.annotation, option.help) for name, option in options.items()}


class Parser(argparse.ArgumentParser):
    """A parser that infers nothing, and whose errors are ours."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"what {self.prog} takes", message, cure=f"see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            listed = [str(choice) for choice in action.choices]
            within, cure = "/".join(action.option_strings) or action.dest, did_you_mean(str(value), listed) or None
            raise UsageError(f"one of {', '.join(listed)}", repr(value), within=within, cure=cure)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        # The one place of argparse that knows both the flag and why its text is no value of it.
        try:
            return super()._get_value(action, arg_string)
        except UsageError as error:
            error.within = "/".join(action.option_strings) or action.dest
            error.cure = error.cure or MEANT.get(error.within, f"see {self.prog} --help")
            raise


def refuse_unknown(parser: argparse.ArgumentParser, left: Sequence[str], known: Iterable[str]) -> None:
    """Refuse what no parser knew.

    Args:
        parser: Whose command it was.
        left: What was left over.
        known: Flags that there are.

    Raises:
        UsageError: Something was left; the message lists the known flags.
    """
    if not left:
        return
    flags = [word.split("=")[0] for word in left if word.startswith("-")] or list(left)
    listed = sorted(known)
    typed = flags[0].replace("_", "-")
    meant = ELSEWHERE.get(typed)
    cure = did_you_mean(meant if meant in listed else typed, listed, f"known are {' '.join(listed)}")
    raise UsageError(f"what {parser.prog} takes", ", ".join(flags), cure=cure)


def flags_of(parser: argparse.ArgumentParser) -> list[str]:
    """All flags that a parser knows, as they are typed."""
    return [text for text in parser._option_string_actions if text.startswith("--")]  # pyright: ignore[reportPrivateUsage]


def unite(groups: Iterable[Mapping[str, Flag]]) -> dict[str, Flag]:
    """The flags of several systems: switches stay switches, all else may be any text."""
    united: dict[str, Flag] = {}
    for name, flag in (item for group in groups for item in group.items()):
        united.setdefault(name, Flag(name, bool if is_switch(flag.annotation) else str))
    return united
