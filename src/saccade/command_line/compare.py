"""``saccade compare``: systems on one data set under one budget, and which of them to take."""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.command_line.arguments.flags import Flag, Parser, flags_of, of_dataclass, of_options, refuse_unknown, unite
from saccade.command_line.terminal.output import print_json, print_table, stdout_kept_clean
from saccade.command_line.train import one_or_several
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean

if TYPE_CHECKING:
    from saccade.comparison.leaderboard import Comparison


def run(arguments: Sequence[str]) -> int:
    """Compare as the arguments say, and print the leaderboard.

    Raises:
        UsageError: A flag or an entrant is unknown or malformed; nothing was read before.
    """
    typed, entrants = _typed(arguments)
    from saccade.comparison.compare import compare
    from saccade.training.loop.signals import Interrupted

    data, out, as_json = one_or_several(typed.pop("data")), typed.pop("out"), typed.pop("json")
    try:
        with stdout_kept_clean(as_json):
            found = compare(entrants, data, out, **typed)
    except Interrupted as error:
        words = [*arguments, *([] if "--resume" in arguments else ["--resume"])]
        sys.stderr.write(f"saccade: {error}; what is done is kept. To go on:\n  saccade compare {shlex.join(words)}\n")
        return error.exit_code
    print_json(found.as_dict()) if as_json else _print(found)
    return 0 if any(row.score is not None for row in found.rows) else 1


def _typed(arguments: Sequence[str]) -> tuple[dict[str, Any], list[Any]]:
    """What was typed, by name, and the entrants. A first look finds the systems, a second reads their options."""
    from saccade.comparison.settings import CompareSettings
    from saccade.systems import every_system
    from saccade.systems.build import options_of
    from saccade.training.settings import TrainSettings

    own = of_dataclass(CompareSettings)
    settings = {name: flag for name, flag in of_dataclass(TrainSettings).items() if name not in own} | own
    known = every_system()
    wanted = [word for word in arguments if word not in ("-h", "--help")]
    options = {name: of_options(options_of(known.declared(name))) for name in known}
    loose, left = parser_of({**unite(options.values()), **unite([settings])}).parse_known_args(wanted)
    named = [name for name in (text.partition(":")[0] for text in loose.systems) if name in known]
    flags = {name: flag for system in named for name, flag in options[system].items()} | settings
    strict = parser_of(flags)
    if len(wanted) != len(arguments):
        strict.print_help()
        raise SystemExit(0)
    refuse_unknown(strict, left, flags_of(strict))
    for text in loose.systems:
        _check_entrant(text, known)
    typed, left = strict.parse_known_args(arguments)
    refuse_unknown(strict, left, flags_of(strict))
    values = vars(typed)
    if not values.get("data"):
        raise UsageError("data to compare on", "none", cure="give --data FOLDER, or --data scenes")
    if not values.get("out"):
        raise UsageError("a folder for the comparison", "none", cure="give --out DIR")
    return values, [
        _entrant(text, {**settings, **options.get(text.partition(":")[0], {})}, known) for text in values.pop("systems")
    ]


def _check_entrant(text: str, known: Mapping[str, Any]) -> None:
    """Refuse a mistyped name; whether folders are runs is looked at where they are read."""
    name = text.partition(":")[0]
    if name not in known and not Path(text).is_dir() and not set(text) & set("/\\+"):
        cure = did_you_mean(name, known, f"systems: {', '.join(known)}")
        raise UsageError("a system, the folder of a run, or runs joined by +", repr(text), cure=cure)


def _entrant(text: str, flags: Mapping[str, Flag], known: Mapping[str, Any]) -> Any:
    """A name, or a name with options of its own, each of its type.

    Raises:
        UsageError: An option is unknown or malformed.
    """
    name, colon, words = text.partition(":")
    if not colon or name not in known:
        return text
    found: dict[str, Any] = {}
    for word in _parted(words):
        key, sign, value = (part.strip() for part in word.partition("="))
        field = key.replace("-", "_")
        if field not in flags or field in found or not sign:
            cure = did_you_mean(field, flags, f"write {name}:OPTION=VALUE,…, each once")
            raise UsageError(f"options of {name}", repr(word), within=text, cure=cure)
        try:
            found[field] = flags[field].value(value)
        except UsageError as error:
            error.within = f"{name}:{word}"
            raise
    return name, found


def _parted(words: str) -> list[str]:
    """``a=1,2,b=3`` in its parts ``a=1,2`` and ``b=3``: a value may be a list."""
    found: list[str] = []
    for word in words.split(","):
        if "=" in word or not found:
            found.append(word)
        else:
            found[-1] += f",{word}"
    return found


def parser_of(flags: Mapping[str, Flag]) -> Parser:
    """The parser of ``saccade compare`` with these flags."""
    parser = Parser(
        prog="saccade compare",
        usage="saccade compare SYSTEM… --data DATA --out DIR [--minutes M | --steps N | --epochs N] [--resume] [...]",
        description="Train systems on one data set under one budget, measure score, speed and memory side by side, and "
        "say which to take. With SYSTEMs, --help also lists their options, each for all that know it.",
    )
    told = "a system; with options of its own as NAME:trunk=resnet18,width=.5; a run's folder, which is only measured; "
    told += "or runs whose predictions are merged, as runs/a+runs/b"
    parser.add_argument("systems", metavar="SYSTEM", nargs="*", help=told)
    told = "a folder, a URI such as coco:DIR, or scenes; several, each with its --data, are joined"
    parser.add_argument("--data", action="append", help=told, default=argparse.SUPPRESS)
    parser.add_argument("--out", metavar="DIR", help="folder of the comparison", default=argparse.SUPPRESS)
    parser.add_argument("--resume", action="store_true", help="go on with the comparison in --out")
    parser.add_argument("--json", action="store_true", help="print leaderboard.json")
    for flag in flags.values():
        flag.add(parser)
    return parser


def _print(found: "Comparison") -> None:
    from saccade.comparison.leaderboard import cells, heads

    print_table(heads(found.score), cells(found.rows))
    told = found.machine
    lines = [
        "",
        found.verdict.sentence,
        f"times: medians on {told['device']}, {told['instructions']}, {told['threads']} threads, side by side",
        f"page:  {found.page}",
    ]
    if found.ships:
        lines.append(f"next:  {shlex.join(found.ships)}")
        if find_spec("saccade.command_line.export") is not None and "--with" not in found.ships:
            lines.append(f"       saccade export {shlex.quote(found.ships[2])} model.onnx")
    sys.stdout.write("\n".join(lines) + "\n")
