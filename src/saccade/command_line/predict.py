"""``saccade predict``: predictions for pictures and videos: files, folders, globs, and folders that are watched."""

import argparse
import math
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import (
    add_others,
    add_persons,
    add_refine,
    add_search,
    add_use,
    add_views,
    at_least_one,
    persons_as,
    refined_as,
    runs_of,
    seen_as,
)
from saccade.command_line.terminal.found import found_lines
from saccade.command_line.terminal.output import counted
from saccade.command_line.terminal.progress import progress
from saccade.command_line.terminal.standard_input import standard_input_as_file
from saccade.core.errors import UsageError
from saccade.safe_io.limits import MAX_PIXELS
from saccade.view.pages.text import printable

if TYPE_CHECKING:
    from saccade.runtime.files.predict_files import Outcome
    from saccade.runtime.files.settings import PredictSettings


def run(arguments: Sequence[str]) -> int:
    """Predict as the arguments say; 1 when a file failed, though all others are done."""
    parser = Parser(
        prog="saccade predict",
        description="Predict pictures and videos. A killed prediction goes on where it stood when the same is typed "
        "again.",
    )
    _add_flags(parser)
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    if typed.idle is not None and not typed.watch:
        raise UsageError("--watch beside --idle", "--idle alone", cure="write --watch --idle 60")
    _check_large(typed)
    named = nullcontext((typed.inputs, {})) if typed.watch else standard_input_as_file(typed.inputs)
    with named as (inputs, aliases):
        return _predict(typed, inputs, aliases)


def _check_large(typed: argparse.Namespace) -> None:
    """Refuse what would hold a very large picture whole, or several times over."""
    if typed.max_pixels is None:
        return
    if typed.tile is None:
        raise UsageError("--tile with --max-pixels", "--max-pixels alone", cure="write --tile 640 beside it")
    if typed.polygons:
        cure = "leave --polygons out: semantic/NAME.tif opens in tools for maps, which make polygons of it"
        raise UsageError("--max-pixels without --polygons", "both", cure=cure)


def _predict(typed: argparse.Namespace, inputs: Sequence[str | Path], aliases: Mapping[Path, str]) -> int:
    from saccade.runtime.files.inputs import passed_over
    from saccade.runtime.files.predict_files import predict_files
    from saccade.runtime.files.settings import PredictSettings
    from saccade.runtime.files.watch import watch_files
    from saccade.runtime.memory import hold_memory
    from saccade.runtime.runs.load import load

    runs, merge = runs_of(typed)
    seen = seen_as(typed) | {"keep_scores": typed.keep_scores} | merge | refined_as(typed) | persons_as(typed)
    seen |= {} if typed.max_pixels is None else {"max_pixels": max(typed.max_pixels, MAX_PIXELS)}
    hold_memory()
    predictor = load(runs, which=typed.checkpoint, device=typed.device, precision=typed.precision, **seen)
    settings = PredictSettings(
        typed.threshold,
        typed.batch,
        typed.drawn,
        typed.csv,
        typed.polygons,
        cutouts=typed.cutout,
        box_crops=typed.cut_boxes,
        every=typed.every,
    )
    told = _tell_left_out(passed_over(inputs, Path(typed.out))) if typed.watch else set[str]()
    with progress("files") as tell:
        if typed.watch:
            outcome = watch_files(predictor, inputs, typed.out, settings, idle=typed.idle, tell=tell)
        else:
            outcome = predict_files(predictor, inputs, typed.out, settings, tell, aliases)
    return _say(outcome, settings, told)


def _tell_left_out(lines: Iterable[str]) -> set[str]:
    """Say what is passed over, at once, since a watch is mostly ended by Ctrl-C; what was said."""
    told = set(lines)
    sys.stdout.writelines(f"note: {printable(line)}\n" for line in sorted(told))
    sys.stdout.flush()
    return told


def _add_flags(parser: Parser) -> None:
    add_use(parser)
    add_others(parser)
    add_views(parser)
    add_refine(parser)
    add_search(parser)
    add_persons(parser)
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="+", help="pictures, videos, folders (with all below them), globs; - is stdin"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for predictions.json and drawn/")
    parser.add_argument(
        "--threshold",
        type=_fraction,
        metavar="T",
        help="leave out objects that score less; by default all are kept, and a detector's drawn "
        "from the score on that was best on the run's validation pictures, or from .5",
    )
    parser.add_argument("--no-drawn", dest="drawn", action="store_false", help="draw nothing")
    told = "write the scores of all classes at every pixel too, to semantic_scores/NAME.npz in half precision"
    parser.add_argument("--keep-scores", action="store_true", help=told)
    told = f"with --tile: read TIFFs of up to N pixels window by window; by default pictures have {MAX_PIXELS} at most"
    parser.add_argument("--max-pixels", type=at_least_one, metavar="N", help=told)
    parser.add_argument("--csv", action="store_true", help="write predictions.csv too: file, class, score, box")
    told = "write pictures' predictions as polygons too: polygons/NAME.json for LabelMe, polygons.json in COCO's form"
    parser.add_argument("--polygons", action="store_true", help=told)
    told = "write each object that is drawn as a transparent PNG, cut out along its mask: cutouts/NAME/ROW_CLASS.png"
    parser.add_argument("--cutout", action="store_true", help=told)
    told = "write each object that is drawn as a PNG of its box: box_crops/NAME/ROW_CLASS.png"
    parser.add_argument("--cut-boxes", action="store_true", help=told)
    parser.add_argument(
        "--every", type=at_least_one, default=1, metavar="N", help="of videos predict every N-th frame alone"
    )
    told = "watch folders, and predict what arrives there until Ctrl-C"
    parser.add_argument("--watch", action="store_true", help=told)
    parser.add_argument("--idle", type=_seconds, metavar="SECONDS", help="end a watch when so long nothing has arrived")


def _say(outcome: "Outcome", settings: "PredictSettings", told: Collection[str]) -> int:
    """What was done, what was found, and what failed, less what was told before; the exit code."""
    before = f", {outcome.kept} of them before" if outcome.kept else ""
    frames = f" ({outcome.frames} frames of videos)" if outcome.frames else ""
    what = "file" if outcome.frames else "picture"
    sys.stdout.write(f"{counted(outcome.done, what)} predicted{before}{frames}: {outcome.out}/predictions.json\n")
    looked = outcome.kept == 0
    lines = found_lines(outcome.findings, settings.threshold, outcome.best_seen, settings.drawn, looked)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    _tell_left_out(line for line in outcome.left_out if line not in told)
    if outcome.failed:
        sys.stderr.write(f"saccade: {counted(len(outcome.failed), what)} failed: {outcome.out}/failed.json\n")
        sys.stderr.writelines(f"  {error}\n" for error in list(outcome.failed.values())[:5])
    return 1 if outcome.failed else 0


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError("a number from 0 to 1", repr(text))
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError("a number of seconds", repr(text))
    return value
