"""One entrant: it is counted, trained where it is a system, and measured; what fails is said in its row."""

import hashlib
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

from saccade.analysis.describe import describe_built
from saccade.comparison.entrant import Entrant
from saccade.comparison.measured import Measured, kept, measure, weights_of
from saccade.comparison.row import Row, broken_before_training
from saccade.comparison.terms import Part, Terms
from saccade.comparison.verdict import Range, spread
from saccade.core.dataset import Dataset
from saccade.core.errors import SaccadeError
from saccade.data.datasets.truth_digest import truth_digest
from saccade.metrics.scores import score_of
from saccade.network.system import System
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load
from saccade.safe_io.documents.plain import to_json
from saccade.training.setup.resolved_run import prepare
from saccade.training.train import train


def row_of(entrant: Entrant, terms: Terms) -> Row:
    """What is found of an entrant. A fault of its own becomes the row's error, so that the others go on.

    Raises:
        Interrupted: A signal asked for a stop; the state was saved.
    """
    row = Row(entrant.name, entrant.system or "", note=entrant.note)
    try:
        row = _counted(row, entrant, terms)
        over = () if row.parameters is None else broken_before_training(row.parameters, terms.settings)
        if entrant.system is not None and over and not terms.settings.only_measure:
            terms.say(f"{entrant.name}: {'; '.join(over)}: it is not trained")
            return replace(row, over=over, note="not trained: it breaks a limit before")
        return _measured(row, entrant, terms)
    except SaccadeError as error:
        terms.say(f"{entrant.name} failed: {error}")
        return replace(row, error=" ".join(str(error).split()))
    except Exception as error:
        # Hours of others' training must not be lost to a fault in one system; the whole story goes to stderr.
        traceback.print_exc(file=sys.stderr)
        terms.say(f"{entrant.name} failed by a fault of ours, told above; please report it")
        return replace(row, error=f"a fault of ours: {type(error).__name__}: {error}")


def network_of(entrant: Entrant, row: Row, terms: Terms) -> Predictor:
    """The network in use that an entrant stands for: its best run, or all of an ensemble's together."""
    runs, use = use_of(entrant, row.runs[:1], terms)
    return load(runs if len(runs) > 1 else runs[0], device=terms.device, **use)


def use_of(entrant: Entrant, trained: Sequence[str], terms: Terms) -> tuple[list[str], dict[str, Any]]:
    """The runs that predict together, and how they are merged, as `load` takes them.

    Args:
        entrant: Whose network is meant.
        trained: The run of a system.
        terms: How predictions are merged.
    """
    runs = [str(run) for run in entrant.runs] or list(trained)
    merge = terms.settings.merge
    return runs, {"merge": merge} if len(runs) > 1 and merge is not None else {}


def _counted(row: Row, entrant: Entrant, terms: Terms) -> Row:
    """Parameters and multiply-adds, before anything is trained."""
    if entrant.system is not None:
        part = terms.parts[0]
        place = terms.folder.run(entrant, part.name)
        systems = [prepare(entrant.system, terms.data, place, terms.val, terms.options(entrant, part)).system]
    else:
        systems = [load(run, device="cpu").system for run in entrant.runs]
    parameters = sum(one.numel() for system in systems for one in system.parameters())
    names = " + ".join(_name(system) for system in systems)
    counted = [_multiply_adds(system) for system in systems]
    total = None if None in counted else sum(one for one in counted if one is not None)
    return replace(row, system=names, parameters=parameters, multiply_adds=total)


def _name(system: System) -> str:
    return str(system.origin["system"]) if system.origin else "a system built by hand"


def _multiply_adds(system: System) -> int | None:
    """For one picture of the system's own size; None where it takes pictures as they are."""
    if system.input.size is None and system.input.shorter is None:
        return None
    return describe_built(system, _name(system)).multiply_adds


def _measured(row: Row, entrant: Entrant, terms: Terms) -> Row:
    parts = terms.parts if entrant.system is not None else terms.parts[:1]
    found = [_of_part(entrant, part, terms) for part in parts]
    runs, results = [run for run, _ in found], [result for _, result in found]
    name = results[0].score
    scores = {key: _mean([one.scores.get(key) for one in results]) for key in results[0].scores}
    own = tuple(one.scores.get(name) for one in results)
    interval, over = _interval(results, own, terms)
    order = sorted(range(len(runs)), key=lambda place: _worth(own[place], name), reverse=True)
    paths = [str(run) for run in entrant.runs] or [str(runs[place]) for place in order]
    return replace(
        row,
        decided_by=name,
        score=scores[name],
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        interval=over,
        scores=scores,
        runs=tuple(paths),
        run_scores=own if len(own) > 1 else (),
        resampled=results[0].resampled if len(results) == 1 else (),
    )


def _of_part(entrant: Entrant, part: Part, terms: Terms) -> tuple[Path, Measured]:
    """One training of an entrant, or its run, and what was measured of it."""
    told = f"{entrant.name}{f', {part.name}' if part.name else ''}"
    run = _trained(entrant, part, terms, told)
    runs, use = use_of(entrant, [str(run)], terms)
    predictor = load(runs if len(runs) > 1 else runs[0], device=terms.device, **use)
    dataset = terms.measured_on(entrant, part)
    shown = terms.settings.shown if part == terms.parts[0] else 0  # the same pictures of all, of one part
    key = {
        "weights": weights_of([Path(one) for one in runs]),
        "score": terms.settings.score,
        "merge": use.get("merge"),
        "shown": shown,
        "truth": _digest(dataset),
    }
    terms.say(f"measuring {told} on {len(dataset)} pictures")

    def drawing(number: int, truth: bool) -> Path:
        return terms.folder.drawing(entrant, number, truth)

    path = terms.folder.measured(entrant, part.name)
    return run, kept(path, key, lambda: measure(predictor, dataset, terms.settings.score, drawing, shown))


def _trained(entrant: Entrant, part: Part, terms: Terms, told: str) -> Path:
    """The folder of a run: that of an entrant which is one, or of a training, which is made or taken up."""
    if entrant.system is None:
        return entrant.runs[0]
    run = terms.folder.run(entrant, part.name)
    if not terms.settings.only_measure:
        terms.say(f"training {told}")
        train(entrant.system, terms.data, run, val=terms.val, resume=True, **terms.options(entrant, part))
    return run


def _digest(dataset: Dataset) -> str | None:
    """A digest of what the pictures are annotated with; None where a data set cannot say it."""
    found = truth_digest(dataset)
    return None if found is None else hashlib.sha256(to_json(found).encode()).hexdigest()


def _interval(results: Sequence[Measured], own: Sequence[float | None], terms: Terms) -> tuple[Range | None, str]:
    """The 95 % interval of the deciding score, and what it is over: pictures of one run, else folds, else seeds."""
    if len(results) == 1:
        only = results[0]
        known = only.low is not None and only.high is not None
        return (Range(only.low or 0.0, only.high or 0.0) if known else None), f"{only.pictures} pictures"
    folds = terms.settings.folds
    values = [value for value in own if value is not None]
    if folds and terms.settings.seeds > 1:
        # Trainings on one fold share its pictures: their mean counts once.
        by_fold = [_mean(own[number::folds]) for number in range(folds)]
        values = [value for value in by_fold if value is not None]
    return spread(values), f"{len(values)} {'folds' if folds else 'seeds'}"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def _worth(value: float | None, score: str) -> float:
    if value is None:
        return float("-inf")
    return value if score_of(score).higher_is_better else -value
