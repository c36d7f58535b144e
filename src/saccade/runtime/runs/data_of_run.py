"""The data that a run was validated on, or others made like them, with the classes that its network knows."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, SaccadeError
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.painted import with_pixels
from saccade.data.datasets.classes.relabelled import all_names, with_vocabularies
from saccade.data.datasets.persons.posed import with_poses
from saccade.data.datasets.splits.train_val import DataOptions, open_val
from saccade.data.open import Sources, open_data
from saccade.runtime.runs.load import needs_of_run
from saccade.runtime.runs.network_of_run import vocabularies_of
from saccade.runtime.runs.run_folder import RunFolder

# Classes that a note names.
SHOWN = 12


def data_of_run(
    run: Path, data: Sources | None = None, split: str | None = None, *, allow_outside: bool = False
) -> Dataset:
    """The data to evaluate a run on, with the classes that it was trained on: renamed and chosen as they were then.

    Of a run that learnt classes of pixels these are painted, or masks of them made, where the data have others alone.
    Data of a run that had a teacher, or several sets, may have some of the classes that it knows; the others were not
    sought there.

    Args:
        run: The run's folder.
        data: Data in place of the run's own.
        split: Which part; by default what the run was validated on, or ``val`` of `data`.
        allow_outside: Whether annotations may name pictures outside the data's folder; where the training did, too.

    Raises:
        ConfigError: The run names no data to validate on.
        DataError: The data cannot be read.
    """
    config = RunFolder.open(run).read_config()
    settings = cast("Mapping[str, Any]", config.get("settings") or {})
    choice = DataOptions(
        rename=settings.get("rename"),
        subset=tuple(cast("Iterable[str]", settings.get("class_subset") or ())),
        fold=settings.get("fold"),
        seed=settings.get("seed") or 0,
        allow_outside=allow_outside or bool(settings.get("allow_outside")),
    )
    learnt, partly = (
        vocabularies_of(config),
        settings.get("teacher") is not None or isinstance(config.get("data"), list),
    )
    if data is None:
        found = _runs_own(run, config, split, choice)
    else:
        given = open_data(data, split, preferred="val", allow_outside=choice.allow_outside)
        found = (replace(choice, subset=()) if partly else choice).fitted(given, learnt)
    found = _of_some(found, learnt, bool(choice.subset)) if partly else found
    by_hand = ("semantic",) if "semantic" in learnt and not config.get("system") else ()
    needs = needs_of_run(config) or by_hand
    return with_poses(with_pixels(found, needs), needs)


def _of_some(dataset: Dataset, learnt: Vocabularies, chosen: bool) -> Dataset:
    """Data of some of a network's classes under its lists, as they were in its training.

    Unknown names are left for a message that lists them, unless classes were chosen then, and others dropped.
    """
    known, own = all_names(learnt), all_names(dataset.vocabularies)
    if not chosen and any(name not in known for name in own):
        return dataset
    lacking = [name for name in known if name not in own]
    if lacking:
        few = f"{', '.join(lacking[:SHOWN])}{' …' if len(lacking) > SHOWN else ''}"
        print(f"note: the data do not annotate {few}: nothing of that is measured", file=sys.stderr)  # noqa: T201
    return with_vocabularies(dataset, learnt)


def _runs_own(run: Path, config: Mapping[str, Any], split: str | None, choice: DataOptions) -> Dataset:
    source, val = config.get("data"), config.get("val")
    if not isinstance(source, str | list) or not (split or val):
        raise ConfigError("a run that was validated on data", "one that was not", path=run, cure="give --data DATA")
    try:
        if split:
            return choice.of(open_data(cast("Sources", source), split, allow_outside=choice.allow_outside))
        measured = open_val(cast("Sources", source), None if choice.fold else str(val), choice)
    except SaccadeError as error:
        told = source if isinstance(source, str) else ", ".join(map(str, source))
        error.cure = f"{error.cure or ''}\n  the run's own data is {told}: name another with --data DATA".strip()
        raise
    if measured is None:
        raise ConfigError(f"{val} of the run's data", "none", path=run, cure="give --data DATA")
    return measured
