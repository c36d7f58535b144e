"""``saccade tune-crf``: a dense CRF's parameters for a run, sought on validation pictures."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import add_use, at_least_one
from saccade.command_line.arguments.values import convert
from saccade.command_line.terminal.output import print_json
from saccade.runtime.predict.refine.table import values_of
from saccade.runtime.tools.tuning.grid import COLOURS, PLACES, SMOOTHNESS, WEIGHTS, CrfGrid

if TYPE_CHECKING:
    from saccade.runtime.tools.tuning.tune_crf import Trial, TunedCrf


def run(arguments: Sequence[str]) -> int:
    """Seek as the arguments say, and tell each mean IoU."""
    parser = _parser()
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    smooth: tuple[float, float] = convert(tuple[float, float], typed.smoothness.replace(":", ","))
    grid = CrfGrid(typed.weights, typed.places, typed.colours, smooth, typed.iterations)
    from saccade.data.datasets.channels import with_channels
    from saccade.runtime.evaluate.class_agreement import check_same_vocabularies
    from saccade.runtime.runs.data_of_run import data_of_run
    from saccade.runtime.runs.load import load
    from saccade.runtime.tools.tuning.tune_crf import tune_crf

    use = {"which": typed.checkpoint, "device": typed.device, "precision": typed.precision}
    predictor = load(typed.run, keep_scores=True, **use)
    dataset = data_of_run(Path(typed.run), typed.data, typed.split)
    dataset = with_channels(dataset, predictor.engine.input.channels)
    check_same_vocabularies(predictor.vocabularies, dataset.vocabularies)
    found = tune_crf(
        typed.run,
        predictor,
        dataset,
        pictures=typed.pictures,
        grid=grid,
        out=typed.out,
        shown=typed.shown,
        told=None if typed.json else _say,
    )
    _print_json(found) if typed.json else _print(found, typed.run)
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="saccade tune-crf",
        description="Seek the weight and both standard deviations of a dense CRF's kernel over places and colours on "
        "validation pictures: a coarse grid, then a finer one around its best. --refine crf then takes the best. A "
        "killed search goes on where it stood.",
    )
    add_use(parser, batch=False)
    parser.add_argument("--data", help="a folder or URI, by default what the run was validated on")
    parser.add_argument("--split", help="which part of it; val by default")
    parser.add_argument("--pictures", type=at_least_one, default=100, metavar="N", help="pictures that count, at most")
    grids = (("weights", WEIGHTS, "weights"), ("places", PLACES, "pixels"), ("colours", COLOURS, "grey values"))
    for name, values, unit in grids:
        shown = ",".join(f"{one:g}" for one in values)
        told = f"{unit} of the kernel over places and colours that are tried; {shown} by default"
        parser.add_argument(f"--{name}", type=_numbers, default=values, metavar="N,…", help=told)
    smooth = ":".join(f"{one:g}" for one in SMOOTHNESS)
    told = f"weight and standard deviation in pixels of the kernel over places, which are not sought; {smooth}"
    parser.add_argument("--smoothness", default=smooth, metavar="W:S", help=told)
    parser.add_argument("--iterations", type=at_least_one, default=10, metavar="N", help="steps of mean field")
    parser.add_argument("--shown", type=int, default=6, metavar="N", help="pictures on the sheet")
    parser.add_argument("--out", metavar="DIR", help="folder of trials and drawings; RUN/tune_crf by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object; what is undefined is null")
    return parser


def _numbers(text: str) -> tuple[float, ...]:
    return convert(tuple[float, ...], text)


def _say(trial: "Trial", number: int, count: int) -> None:
    weight, places, colours = trial.crf.appearance
    sys.stdout.write(f"{number:>4}/{count}  appearance {weight:g}:{places:g}:{colours:g}  miou {_told(trial.miou)}\n")
    sys.stdout.flush()


def _print(found: "TunedCrf", run: str) -> None:
    change, best = found.change, found.best.crf
    told = ",".join(f"{key}={_text(value)}" for key, value in values_of(best).items())
    head = f"\nbest of {len(found.trials)} on {found.pictures} pictures: {told}"
    lines = [head, "", f"{'':18}{'before':>10}{'after':>10}"]
    names = ("miou", "pixel_accuracy", "boundary_f1")
    lines += [f"{name:18}{_told(change.before[name]):>10}{_told(change.after[name]):>10}" for name in names]
    trimaps = change.trimaps.items()
    lines += [f"{f'miou within {r}':18}{_told(before):>10}{_told(after):>10}" for r, (before, after) in trimaps]
    if (change.after["miou"] or 0.0) <= (change.before["miou"] or 0.0):
        lines.append("note: no setting is better than no CRF; try other --weights, --places or --colours")
    drawn = f"{found.out}/before_after.png, trimaps.svg, steps.svg"
    lines += ["", f"drawn:  {drawn}", f"next:   saccade evaluate {run} --refine crf"]
    sys.stdout.write("\n".join(lines) + "\n")


def _print_json(found: "TunedCrf") -> None:
    trials = [{**values_of(trial.crf), "miou": trial.miou} for trial in found.trials]
    change = found.change
    told = {"best": values_of(found.best.crf), "pictures": found.pictures, "trials": trials}
    trimaps = {str(radius): list(pair) for radius, pair in change.trimaps.items()}
    print_json({**told, "before": change.before, "after": change.after, "trimaps": trimaps, "steps": found.by_step})


def _text(value: object) -> str:
    return ":".join(f"{one:g}" for one in value) if isinstance(value, tuple) else str(value)


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
