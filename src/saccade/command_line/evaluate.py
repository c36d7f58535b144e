"""``saccade evaluate``: how good a run is."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saccade.command_line.arguments.disturbances import add_disturbances, measure_disturbed, print_disturbed
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
from saccade.command_line.terminal.output import print_json, print_scores, print_sections, stdout_kept_clean
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import UsageError
from saccade.safe_io.limits import MAX_PIXELS


def run(arguments: Sequence[str]) -> int:
    """Evaluate as the arguments say, and print the scores."""
    typed = _parsed(arguments)
    _check_large(typed)
    from saccade.data.datasets.channels import with_channels
    from saccade.data.loading.unreadable import readable
    from saccade.runtime.evaluate.evaluate import measured, name_of, opened, say, write_findings
    from saccade.runtime.memory import hold_memory
    from saccade.runtime.runs.data_of_run import data_of_run
    from saccade.runtime.runs.load import load

    hold_memory()
    with stdout_kept_clean(typed.json):
        runs, merge = runs_of(typed)
        seen = seen_as(typed) | merge | refined_as(typed) | persons_as(typed) | _large(typed)
        predictor = load(runs, which=typed.checkpoint, device=typed.device, precision=typed.precision, **seen)
        data = typed.data[0] if typed.data and len(typed.data) == 1 else typed.data
        dataset = data_of_run(Path(typed.run), data, typed.split, allow_outside=typed.allow_outside)
        _tell_part(typed)
        dataset = with_channels(dataset, predictor.engine.input.channels)
        dataset = readable(dataset, typed.on_bad, say, predictor.max_pixels)
        _, pictures = opened(predictor, dataset)
        with progress("measuring") as told:
            found = measured(
                predictor,
                pictures,
                batch=typed.batch,
                workers=typed.workers,
                told=told,
                crests=not typed.raw_contours,
            )
        if typed.every_head:
            from saccade.runtime.evaluate.every_head import with_every_head

            how = {"batch": typed.batch, "workers": typed.workers, "crests": not typed.raw_contours}
            found = with_every_head(found, predictor, pictures, **how)
        if typed.out is not None:
            write_findings(Path(typed.out), found, predictor, pictures, (name_of(predictor), name_of(dataset)))
        disturbed = measure_disturbed(typed, predictor, dataset, found.scores)
    if typed.json:
        print_json({**found.scores, **({"disturb": disturbed} if disturbed else {})})
    else:
        print_scores(found.scores, len(found.classes))
        print_sections(found.sections)
        print_disturbed(disturbed)
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="saccade evaluate", description="Scores and losses of a run on labelled pictures.")
    add_use(parser)
    add_others(parser)
    add_views(parser)
    add_refine(parser)
    add_search(parser)
    add_persons(parser)
    told = "a folder or URI, by default what the run was validated on; several, each with its --data, are joined"
    parser.add_argument("--data", action="append", help=told)
    parser.add_argument("--split", help="which part of it; val by default, or all of data that have one part")
    told = "annotations may name pictures outside the data's folder"
    parser.add_argument("--allow-outside", action="store_true", help=told)
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that read pictures")
    told = "of pictures that cannot be read leave a hundredth out, and say so (skip), or stop at one (fail)"
    parser.add_argument("--on-bad", choices=("skip", "fail"), default="skip", help=told)
    parser.add_argument("--out", metavar="DIR", help="folder for scores.json, pictures.csv and report.html")
    told = "measure contours as they are told, not brought to their crests (non-maximum suppression) before"
    parser.add_argument("--raw-contours", action="store_true", help=told)
    told = (
        "scores too of heads that are trained and silent in use, such as those of each hourglass of a stack, by "
        "HEAD/SCORE; the pictures are seen once more for each"
    )
    parser.add_argument("--every-head", action="store_true", help=told)
    add_disturbances(parser)
    told = (
        "with --tile: count right and wrong pixels part by part, and read TIFFs of up to N pixels, and TIFFs of their "
        "classes (masks:DIR), window by window, so that neither they nor maps of them are held whole; of segmenters, "
        "without losses, boundary_f1 and drawings. Without it each picture and its map are held whole"
    )
    parser.add_argument("--max-pixels", type=at_least_one, metavar="N", help=told)
    parser.add_argument("--json", action="store_true", help="print one JSON object; what is undefined is null")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    return typed


def _check_large(typed: argparse.Namespace) -> None:
    """Refuse what would hold a very large picture whole.

    Raises:
        UsageError: Pictures are not seen in tiles, or are disturbed.
    """
    if typed.max_pixels is None:
        return
    if typed.tile is None:
        raise UsageError("--tile with --max-pixels", "--max-pixels alone", cure="write --tile 640 beside it")
    if typed.disturb is not None:
        raise UsageError(
            "--max-pixels without --disturb", "both", cure="disturb smaller pictures, without --max-pixels"
        )


def _large(typed: argparse.Namespace) -> dict[str, Any]:
    """What was typed of very large pictures, as `load` takes it: whoever asks for windows gets them, whatever N is."""
    return {} if typed.max_pixels is None else {"max_pixels": max(typed.max_pixels, MAX_PIXELS + 1)}


def _tell_part(typed: argparse.Namespace) -> None:
    """Say which part was measured on, where nobody named one and the data have no part for it."""
    from saccade.data.open import sole_part

    for source in typed.data or [] if typed.split is None else []:
        part = sole_part(source, typed.allow_outside)
        if part not in (None, "val"):
            sys.stderr.write(f"note: {source} has one part, {part!r}, and all of it is measured on\n")
