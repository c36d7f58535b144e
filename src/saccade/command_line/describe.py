"""``saccade describe``: the layers of a network in numbers, a drawing of it, and pictures of how convolutions go."""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.analysis.convolution.topics import EVERYTHING, TOPICS
from saccade.command_line.arguments.flags import Flag, Parser, flags_of, of_options, refuse_unknown, unite
from saccade.command_line.arguments.run_flags import at_least_one
from saccade.command_line.terminal.output import aligned, print_json
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.safe_io.writing.atomic import write_text

if TYPE_CHECKING:
    from saccade.analysis.description import Description
    from saccade.analysis.layers import Layer
    from saccade.core.options.options import Option
    from saccade.network.card import SystemFunction

COLUMNS = (
    *("layer", "kind", "kernel", "output", "weights", "biases", "cumulative"),
    *("multiply-adds", "field", "stride", "memory", "note"),
)
NUMBERS = {"weights", "biases", "cumulative", "multiply-adds", "field", "stride", "memory"}
# What a narrow terminal leaves out first.
SPARED = ("note", "kind", "memory", "biases", "kernel", "multiply-adds")


def run(arguments: Sequence[str]) -> int:
    """Describe as the arguments say.

    Raises:
        UsageError: There is no such system, or a flag is unknown or malformed.
    """
    from saccade.systems import every_system
    from saccade.systems.build import options_of

    known = every_system()
    declared = {name: known.declared(name) for name in known}
    options = {name: of_options(_described(options_of(one))) | _joints(one) for name, one in declared.items()}
    typed = _typed(arguments, options)
    topics, out = typed.pop("draw"), typed.pop("out")
    if topics:
        return _draw_convolutions(topics, out)
    from saccade.analysis.describe import describe

    as_json, svg, arithmetic = typed.pop("json"), typed.pop("svg"), typed.pop("arithmetic")
    description = describe(typed.pop("system"), **typed)
    if svg:
        _draw(description, svg)
    if as_json:
        print_json(description.as_dict())
    else:
        print_description(description)
    if arithmetic and not as_json:
        print_arithmetic(description)
    return 0


def _described(options: "Mapping[str, Option]") -> "dict[str, Option]":
    """The options that change layers; the size has a flag of the command's own."""
    return {name: option for name, option in options.items() if name not in ("size", "mean", "std")}


def _joints(system: "SystemFunction") -> dict[str, Flag]:
    """The flag for the number of joints of a system that has no such option, since joints are all that it tells."""
    told = "Number of joints; the paper's by default. --classes says the same."
    return {"joints": Flag("joints", int, told)} if system.card.counts_joints else {}


def _draw(description: "Description", file: str) -> None:
    from saccade.analysis.drawing import drawing

    try:
        write_text(file, drawing(description))
    except OSError as error:
        raise UsageError("a place for a drawing", error.strerror, path=file, cure="give another --svg") from error


def _draw_convolutions(topics: Sequence[str], out: str) -> int:
    """Write the sheets of the topics, and say which sizes came out."""
    from saccade.analysis.convolution.sheets import convolution_pictures
    from saccade.safe_io.writing.pictures import write_png

    for sheet in convolution_pictures(topics):
        path = Path(out) / f"{sheet.name}.png"
        write_png(sheet.picture, path)
        sys.stdout.write(f"{path}: {sheet.title}\n")
        sys.stdout.writelines(f"  {line}\n" for line in sheet.told)
    return 0


def print_description(description: "Description") -> None:
    """The layer table, then the sums."""
    rows = [COLUMNS, *(_row(layer) for layer in description.layers)]
    narrow = narrowed(rows, shutil.get_terminal_size().columns) if sys.stdout.isatty() else rows
    sys.stdout.write(aligned(narrow, NUMBERS) + "\n")
    if "note" not in narrow[0]:
        notes = [f"{layer.name}: {layer.note}\n" for layer in description.layers if layer.note]
        sys.stdout.writelines([*notes, "\n"] if notes else [])
    sums = _sums(description)
    longest = max(len(name) for name, _ in sums)
    sys.stdout.writelines(f"{name:{longest}}  {told}\n" for name, told in sums)


def print_arithmetic(description: "Description") -> None:
    """A line a layer with weights: its padding and parameters, spelt out."""
    from saccade.analysis.arithmetic import spelt_out

    told = [(layer.name, text) for layer in description.layers if (text := spelt_out(layer))]
    longest = max((len(name) for name, _ in told), default=0)
    sys.stdout.writelines(["\n", *(f"{name:{longest}}  {text}\n" for name, text in told)])


def narrowed(rows: Sequence[Sequence[str]], width: int) -> Sequence[Sequence[str]]:
    """The rows without the columns that can best be missed, as far as `width` characters ask for it."""
    for name in SPARED:
        if max(len(line) for line in aligned(rows, NUMBERS).splitlines()) <= width:
            break
        place = rows[0].index(name)
        rows = [[cell for at, cell in enumerate(row) if at != place] for row in rows]
    return rows


def _row(layer: "Layer") -> tuple[str, ...]:
    others = layer.parameters - layer.weights
    return (
        layer.name,
        layer.kind,
        _times(layer.kernel),
        _times(layer.output),
        _count(layer.weights),
        _count(others),
        _count(layer.cumulative_weights),
        _count(layer.multiply_adds),
        "" if layer.receptive_field is None else str(layer.receptive_field),
        "" if layer.stride is None else str(layer.stride),
        _bytes(layer.memory),
        layer.note,
    )


def _sums(description: "Description") -> list[tuple[str, str]]:
    shares = ", ".join(f"{share:.1%} {group}" for group, share in description.shares.items())
    return [
        ("picture", _times(description.input)),
        ("parameters", f"{_count(description.parameters)}, of which {_count(description.weights)} weights"),
        ("weights in", shares),
        ("multiply-adds", _count(description.multiply_adds)),
        ("memory of maps", _bytes(description.memory)),
    ]


def _typed(arguments: Sequence[str], options: Mapping[str, Mapping[str, Flag]]) -> dict[str, Any]:
    """What was typed, by name. A first look finds the system, a second reads its own options."""
    plain = [word for word in arguments if word not in ("-h", "--help")]
    loose, left = parser_of(unite(options.values())).parse_known_args(plain)
    system = loose.system or ""
    strict = parser_of(options.get(system, {}), system)
    if loose.draw is not None and plain == list(arguments):
        return _typed_drawing(strict, arguments)
    if plain != list(arguments):
        strict.print_help()
        raise SystemExit(0)
    if system not in options:
        found = repr(system) if system else "none"
        raise UsageError("a system", found, cure=did_you_mean(system, options, f"systems: {', '.join(options)}"))
    refuse_unknown(strict, left, flags_of(strict))
    typed, left = strict.parse_known_args(arguments)
    refuse_unknown(strict, left, flags_of(strict))
    if typed.out is not None:
        raise UsageError("--draw beside --out", "--out alone", cure="write --draw all --out DIR, without a system")
    return vars(typed)


def _typed_drawing(parser: Parser, arguments: Sequence[str]) -> dict[str, Any]:
    """What was typed where convolutions are to be drawn, of which no system is told.

    Raises:
        UsageError: A system or a flag of systems stands beside it, or no folder is named.
    """
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, ["--draw", "--out"])
    beside = [name for name, value in vars(typed).items() if name not in ("draw", "out") and value]
    if beside:
        found = typed.system or f"--{beside[0]}"
        raise UsageError("--draw and --out alone", f"{found} too", cure="draw first, and describe the system after")
    if typed.out is None:
        raise UsageError("a folder for the pictures", "none", cure="write --out DIR")
    return vars(typed)


def parser_of(flags: Mapping[str, Flag], system: str = "") -> Parser:
    """The parser of ``saccade describe`` with these options of the system."""
    parser = Parser(
        prog="saccade describe",
        usage="saccade describe SYSTEM [--classes N] [--size N] [--json] [--arithmetic] [--svg FILE] [...]\n"
        "       saccade describe --draw TOPIC,… --out DIR",
        description="The layers of a network: output, parameters, multiply-adds, receptive field; or pictures of how "
        "convolutions go over a map. "
        + (f"The options of {system} come last." if system else "With a SYSTEM, --help also lists its own options."),
    )
    parser.add_argument("system", metavar="SYSTEM", nargs="?", help="a name of `saccade systems`")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--arithmetic", action="store_true", help="spell out each layer's padding and parameters")
    parser.add_argument("--svg", metavar="FILE", help="write a drawing of trunk, neck and heads")
    told = "; ".join(f"{name}: {what}" for name, what in TOPICS.items())
    told = f"draw how layers go over a map, cell by cell, in place of a system; {told}; {EVERYTHING}"
    parser.add_argument("--draw", type=_topics, metavar="TOPIC,…", help=told)
    parser.add_argument("--out", metavar="DIR", help="folder for the pictures of --draw")
    for flag, what in (
        ("--classes", "number of classes, or of joints where a system tells joints alone"),
        ("--size", "side of the picture in pixels"),
    ):
        told = f"{what}; the paper's by default"
        parser.add_argument(flag, type=at_least_one, metavar="N", default=argparse.SUPPRESS, help=told)
    for flag in flags.values():
        flag.add(parser)
    return parser


def _topics(text: str) -> tuple[str, ...]:
    """Topics with commas between."""
    names, known = tuple(part.strip() for part in text.split(",") if part.strip()), [EVERYTHING, *TOPICS]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not names:
        cure = did_you_mean(unknown or "", known, f"topics: {', '.join(known)}")
        raise UsageError("topics to draw", repr(unknown or text), cure=cure)
    return names


def _times(sizes: Sequence[int] | None) -> str:
    return " × ".join(map(str, sizes or ()))


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _bytes(number: int) -> str:
    if number < 1000:
        return f"{number} B"
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"
