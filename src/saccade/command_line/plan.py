"""``saccade plan``: the training that would be done on data, each choice with its reason, and the command."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from saccade.command_line.arguments.flags import Parser, flags_of, of_dataclass, refuse_unknown
from saccade.command_line.terminal.output import print_json
from saccade.command_line.train import TASKS, one_or_several
from saccade.core.errors import UsageError


def run(arguments: Sequence[str]) -> int:
    """Plan as the arguments say, and print what would be trained; nothing is written."""
    parser = parser_of()
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    values: dict[str, Any] = vars(typed)
    named = [*values.pop("data"), *values.pop("more", [])]
    if not named:
        raise UsageError("data to plan for", "none", cure="write saccade plan FOLDER, or saccade plan scenes")
    data, task, as_json = one_or_several(named), values.pop("task", None), values.pop("json")
    from saccade.training.setup.choice.choose import planned, told

    choice, outlook = planned(data, task, values)
    if as_json:
        plain = {"task": choice.task, "system": choice.system, "options": choice.options, **outlook.as_dict()}
        print_json({**plain, "reasons": choice.reasons, "command": choice.command(data)})
    else:
        sys.stdout.write("".join(f"{line}\n" for line in told(choice, data)))
    return 0


def parser_of() -> Parser:
    """The parser of ``saccade plan``."""
    from saccade.training.settings import TrainSettings

    parser = Parser(
        prog="saccade plan",
        usage="saccade plan DATA [--val …] [--minutes M] [--task T] [--json] [...]",
        description="Read the data, try a few steps on this machine, and say what `saccade train --data DATA` would "
        "train: task, system, trunk, size, batch, rate, memory and time, each with its reason, and the command.",
    )
    parser.add_argument("data", metavar="DATA", nargs="*", help="a folder, a URI such as coco:DIR, or scenes")
    told = "the same as a flag; several are joined"
    parser.add_argument("--data", dest="more", action="append", metavar="DATA", help=told, default=argparse.SUPPRESS)
    parser.add_argument("--task", choices=TASKS, help="what a system is chosen for", default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    for flag in of_dataclass(TrainSettings).values():
        flag.add(parser)
    return parser
