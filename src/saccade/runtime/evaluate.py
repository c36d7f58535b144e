"""How good a run or a network in use is on data: one call, or ``saccade evaluate``."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, SaccadeError
from saccade.data.open import open_data, splits
from saccade.data.channels import with_channels
from saccade.data.classes import class_subset
from saccade.metrics.metric import Metric
from saccade.network.system import System
from saccade.runtime.classes import check_same_classes
from saccade.runtime.load import load
from saccade.runtime.measure import evaluation_of
from saccade.runtime.predictor import Predictor
from saccade.runtime.reporting import PICTURES, Gallery, environment, without_losses
from saccade.runtime.run_folder import RunFolder
from saccade.trust.atomic import write_text
from saccade.trust.plain import to_json
from saccade.view.content import ReportContent
from saccade.view.report import write_report

Source = str | Path | Dataset
Subject = str | os.PathLike[str] | Predictor | System


def evaluate(
    run: Subject,
    data: Source | None = None,
    split: str | None = None,
    *,
    batch: int = 16,
    workers: int = 0,
    metrics: Sequence[Metric] = (),
    out: str | Path | None = None,
) -> dict[str, float | None]:
    """Scores and losses on data.

    Args:
        run: A run (its folder, or what `train` returned), a `Predictor` (which has a device and a precision of its
            choice), or a `System`.
        data: A folder, a URI or a data set; by default what the run was validated on.
        split: Which part of it; ``val`` by default, and a source of one part is used whole.
        batch: Pictures that go through the network together.
        workers: Processes that read pictures; 0 reads in this one.
        metrics: Further metrics beside those that apply.
        out: Folder for ``scores.json`` and ``report.html``, or None.

    Returns:
        Fractions 0..1 and losses by name, ``loss`` and ``loss/HEAD/TERM`` among them; None where undefined.

    Raises:
        ConfigError: The classes of the data are not the network's, or the run names no data.
        DataError: Run or data cannot be read.
    """
    if isinstance(run, Predictor | System):
        predictor = run if isinstance(run, Predictor) else Predictor(run)
        if data is None:
            raise ConfigError("data to evaluate on is expected, found none", hint="give a folder, a URI or a data set")
        dataset = open_data(data, split or "val")
    else:
        predictor = load(Path(run))
        dataset = data_of_run(Path(run), data, split)
    if predictor.classes:
        check_same_classes(predictor.classes, dataset.classes)
    dataset = with_channels(dataset, predictor.system.input.channels)
    found = evaluation_of(predictor.system, dataset, batch=batch, workers=workers, metrics=metrics)
    if out is not None:
        page = ReportContent(_name(run), _name(data), evaluation=without_losses(found), environment=environment())
        gallery = Gallery(predictor, dataset)
        worst, typical = gallery.show(found.worst(PICTURES)), gallery.show(found.typical(PICTURES))
        write_report(Path(out) / "report.html", replace(page, worst=worst, typical=typical))
        write_text(Path(out) / "scores.json", to_json(found.scores, indent=1) + "\n")
    return dict(found.scores)


def data_of_run(run: Path, data: Source | None = None, split: str | None = None) -> Dataset:
    """The data to evaluate a run on, cut to the classes that it was trained on where it was trained on some only.

    Args:
        run: The run's folder.
        data: Data in place of the run's own.
        split: Which part; by default what the run was validated on, or ``val`` of `data`.

    Raises:
        ConfigError: The run names no data to validate on.
        DataError: The data cannot be read.
    """
    config = RunFolder.open(run).read_config()
    dataset = _runs_own(run, config, split) if data is None else open_data(data, split or "val")
    settings = cast("Mapping[str, Any]", config.get("settings") or {})
    subset = tuple(cast("Iterable[str]", settings.get("class_subset") or ()))
    if subset and tuple(dataset.classes) != tuple(config.get("classes") or ()):
        return class_subset(dataset, subset)
    return dataset


def _runs_own(run: Path, config: Mapping[str, Any], split: str | None) -> Dataset:
    source, val = config.get("data"), config.get("val")
    if not isinstance(source, str) or not (split or val):
        raise ConfigError(
            "a run that was validated on data is expected, found one that was not", path=run, hint="give --data DATA"
        )
    try:
        part = split or str(val)
        return open_data(source, part) if part in splits(source) or split else open_data(part, "val")
    except SaccadeError as error:
        error.hint = f"{error.hint or ''}\n  the run's own data is {source}: name another with --data DATA".strip()
        raise


def _name(thing: Any) -> str:
    if isinstance(thing, Predictor | System):
        system = thing.system if isinstance(thing, Predictor) else thing
        return str((system.origin or {}).get("system", "a system"))
    return str(thing) if isinstance(thing, str | Path) else "" if thing is None else type(thing).__name__
