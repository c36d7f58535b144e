"""``saccade predict``: answers to files, folders and globs."""

import argparse
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from saccade.command_line.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.use import add_use


def run(arguments: Sequence[str]) -> int:
    """Predict as the arguments say; 1 when a picture failed, though all others are done."""
    parser = Parser(
        prog="saccade predict",
        description="Answer pictures. A killed prediction goes on where it stood when the same is typed again.",
    )
    add_use(parser)
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="files, folders (with all below them), globs")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for predictions.json and drawn/")
    parser.add_argument(
        "--threshold",
        type=_fraction,
        metavar="T",
        help="leave out objects that score less; by default all are kept, and a detector's drawn from .5 on",
    )
    parser.add_argument("--no-drawn", dest="drawn", action="store_false", help="draw nothing")
    parser.add_argument("--csv", action="store_true", help="write predictions.csv too: file, class, score, box")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.runtime.load import load
    from saccade.runtime.predict_files import predict_files

    predictor = load(typed.run, which=typed.checkpoint, device=typed.device, precision=typed.precision)
    with _progress() as tell:
        outcome = predict_files(
            predictor,
            typed.inputs,
            typed.out,
            typed.threshold,
            typed.batch,
            drawn=typed.drawn,
            tell=tell,
            csv=typed.csv,
        )
    before = f", {outcome.kept} of them before" if outcome.kept else ""
    sys.stdout.write(f"{outcome.done} pictures answered{before}: {outcome.out}/predictions.json\n")
    if outcome.failed:
        sys.stderr.write(f"saccade: {len(outcome.failed)} pictures failed: {outcome.out}/failed.json\n")
        sys.stderr.writelines(f"  {error}\n" for error in list(outcome.failed.values())[:5])
    return 1 if outcome.failed else 0


@contextmanager
def _progress() -> Generator[Any]:
    """A bar on a terminal; elsewhere silence until the end."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("pictures", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 is expected, found {text!r}")
    return value
