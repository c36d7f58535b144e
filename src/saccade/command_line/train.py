"""``saccade train``: the settings of a training and the options of its system, as flags or from a file."""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.command_line.arguments.config_file import overridden, read_config
from saccade.command_line.arguments.flags import Flag, Parser, flags_of, of_dataclass, of_options, refuse_unknown, unite
from saccade.command_line.arguments.run_flags import at_least_one
from saccade.core.errors import ConfigError, UsageError
from saccade.core.nearest import did_you_mean

if TYPE_CHECKING:
    from saccade.network.card import SystemFunction
    from saccade.training.repeat import Repeats

# What a system can be chosen for, where none is named.
TASKS = (
    *("detect", "classify", "multilabel", "localize", "segment", "segment_several", "instances", "contours"),
    *("pose", "keypoints"),
)
# Where a run is: said beside the settings, in flags as in a file.
PLACES = ("out",)


def run(arguments: Sequence[str]) -> int:
    """Train as the arguments say.

    Raises:
        UsageError: A flag is unknown or malformed; nothing was read before.
    """
    from saccade.systems import every_system
    from saccade.training.settings import TrainSettings

    settings, systems = of_dataclass(TrainSettings), every_system()
    options = {name: _options(systems.declared(name), settings) for name in systems}
    typed = _typed(arguments, settings, options)
    system, file = typed.pop("system"), typed.pop("config")
    known = settings | options.get(system, {})
    # What data are called may hold commas, and may be several: it is taken as it stands.
    places = {**known, "data": Flag("data", Any)}
    values = overridden({} if file is None else read_config(file, places, PLACES), typed)
    if not values.get("data"):
        raise UsageError("data to train on", "none", cure="give --data FOLDER, or --data scenes")
    return _train(system, values, arguments)


def _options(function: "SystemFunction", settings: Mapping[str, Flag]) -> dict[str, Flag]:
    """A system's own flags. A setting of the training whose name it has for some words of its own takes both."""
    from saccade.systems.build import options_of, words_of

    own = of_options(options_of(function))
    flags = {name: flag for name, flag in own.items() if name not in settings}
    for name in words_of(function):
        if name in settings:
            of_training = settings[name]
            flags[name] = Flag(name, of_training.annotation, f"{of_training.help} Of the system: {own[name].help}")
    return flags


def _train(system: str, values: dict[str, Any], arguments: Sequence[str]) -> int:
    from saccade.training.loop.signals import Interrupted
    from saccade.training.setup.choice.choose import chosen
    from saccade.training.setup.resolved_run import next_out
    from saccade.training.train import train

    out, data, task = values.pop("out", None), one_or_several(values.pop("data")), values.pop("task", None)
    times = values.pop("repeat", 1)
    if not system:
        choice = chosen(data, task, values, values.pop("resume", False))
        system, values, arguments = choice.system, choice.options, choice.command(data)[2:]
        arguments = [*arguments, *(["--repeat", str(times)] if times > 1 else [])]
    elif task is not None:
        raise UsageError("a task, or a SYSTEM", "both", cure="leave out one of them")
    out = out or str(next_out(system, values.get("resume", False)))
    try:
        if times > 1:
            _tell(_repeated(system, data, Path(out), times, values))
        else:
            train(system, data, out, **values)
    except Interrupted as error:
        sys.stderr.write(f"saccade: {error}; the state is saved. To go on:\n  {_resume_line(arguments, out)}\n")
        return error.exit_code
    return 0


def _repeated(system: str, data: Any, out: Path, times: int, values: Mapping[str, Any]) -> "Repeats":
    """Several trainings whose seeds follow one another.

    Raises:
        ConfigError: There are other things in `out`, and nothing was said of going on.
    """
    from saccade.training.repeat import repeat
    from saccade.training.train import train

    resume = values.get("resume", False)
    if not resume and out.exists() and any(out.iterdir()):
        raise ConfigError(
            "an empty folder", "one that holds something", path=out, cure="give another --out, or --resume"
        )
    seed = int(values.get("seed", 0))
    own = {name: value for name, value in values.items() if name not in ("seed", "resume")}
    return repeat(lambda one, path: train(system, data, path, seed=one, resume=resume, **own), times, out, seed)


def _tell(repeats: "Repeats") -> None:
    spread = repeats.spread
    sys.stdout.write(f"scores of the last checkpoints, mean ± standard deviation: {repeats.path}/repeats.json\n")
    sys.stdout.writelines(f"  {name:20} {mean:.4f} ± {deviation:.4f}\n" for name, (mean, deviation) in spread.items())
    if not spread:
        sys.stdout.write("  none: nothing was validated on (--fold 30/class, --val 0.2)\n")


def _typed(
    arguments: Sequence[str], settings: Mapping[str, Flag], options: Mapping[str, Mapping[str, Flag]]
) -> dict[str, Any]:
    """What was typed, by name. A first look finds the system, a second reads its own options."""
    loose, left = parser_of({**unite(options.values()), **unite([settings])}).parse_known_args(_without_help(arguments))
    system = loose.system or ""
    strict = parser_of({**settings, **options.get(system, {})}, system)
    if _without_help(arguments) != list(arguments):
        strict.print_help()
        raise SystemExit(0)
    refuse_unknown(strict, left, flags_of(strict))
    if system and system not in options and not Path(system).is_dir():
        cure = did_you_mean(system, options, f"systems: {', '.join(options)}")
        raise UsageError("a system or the folder of a run", repr(system), cure=cure)
    typed, left = strict.parse_known_args(arguments)
    refuse_unknown(strict, left, flags_of(strict))
    return vars(typed)


def parser_of(flags: Mapping[str, Flag], system: str = "") -> Parser:
    """The parser of ``saccade train`` with these flags."""
    parser = Parser(
        prog="saccade train",
        usage="saccade train [SYSTEM] --data DATA --out RUN [--epochs N | --steps N | --minutes M] [--resume] [...]",
        description=f"Train a system on labelled pictures. The options of {system} come last."
        if system
        else "Train a system on labelled pictures. With a SYSTEM, --help also lists its own options.",
    )
    what = "a name of `saccade systems`, or a run's folder; without one it is chosen by what is annotated"
    parser.add_argument("system", metavar="SYSTEM", nargs="?", help=what)
    parser.add_argument("--task", choices=TASKS, help="what a system is chosen for", default=argparse.SUPPRESS)
    told = "a folder, a URI such as coco:DIR, or scenes; several, each with its --data, are joined"
    parser.add_argument("--data", action="append", help=told, default=argparse.SUPPRESS)
    parser.add_argument("--out", help="the run's folder; runs/SYSTEM-1 … by default", default=argparse.SUPPRESS)
    parser.add_argument("--config", metavar="FILE", help="YAML with any of these settings; flags override it")
    told = "train N times with seeds that follow one another, and tell mean and deviation of each score"
    parser.add_argument("--repeat", type=at_least_one, metavar="N", help=told, default=argparse.SUPPRESS)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out", default=argparse.SUPPRESS)
    for flag in flags.values():
        flag.add(parser)
    return parser


def one_or_several(found: Any) -> str | list[str]:
    """What data are called, as flags or a file give it.

    Raises:
        UsageError: It is neither a name nor a list of names.
    """
    names = found if isinstance(found, list) else [found]
    if not all(isinstance(name, str) for name in names):
        raise UsageError("data by name, or a list of names", repr(found))
    return names[0] if len(names) == 1 else names


def _without_help(arguments: Sequence[str]) -> list[str]:
    return [word for word in arguments if word not in ("-h", "--help")]


def _resume_line(arguments: Sequence[str], out: str) -> str:
    said = any(word == "--out" or word.startswith("--out=") for word in arguments)
    words = [*arguments, *([] if said else ["--out", out]), *([] if "--resume" in arguments else ["--resume"])]
    return shlex.join(["saccade", "train", *words])
