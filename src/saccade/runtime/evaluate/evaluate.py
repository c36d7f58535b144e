"""How good a run or a network in use is on data: one call, or ``saccade evaluate``."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.datasets.channels import with_channels
from saccade.data.datasets.persons.samples import with_persons
from saccade.data.datasets.proposals import with_regions
from saccade.data.loading.unreadable import readable
from saccade.data.open import Sources, open_data
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.families import choose, thorough
from saccade.metrics.metric import Metric
from saccade.network.system import System
from saccade.runtime.evaluate.by_person import measured_by_person, of_persons
from saccade.runtime.evaluate.by_window import measured_by_window
from saccade.runtime.evaluate.class_agreement import check_same_vocabularies
from saccade.runtime.evaluate.gallery import Gallery
from saccade.runtime.evaluate.measure import evaluation_of
from saccade.runtime.evaluate.predictions import predictions
from saccade.runtime.evaluate.report import environment, without_losses, write_picture_scores
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.ensemble.members import Members
from saccade.runtime.predict.persons.pose_of_each import PoseOfEach
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.load import load
from saccade.runtime.runs.run_regions import seek_before
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages.content import ReportContent
from saccade.view.pages.report import write_report
from saccade.view.pages.text import printable

Subject = str | os.PathLike[str] | Predictor | System


class Reading(TypedDict, total=False):
    """How pictures that are measured are read.

    Attributes:
        batch: Pictures that go through the network together; 16 where nothing is said.
        workers: Processes that read pictures; 0, in this one, where nothing is said.
    """

    batch: int
    workers: int


def evaluate(
    run: Subject,
    data: Sources | None = None,
    split: str | None = None,
    *,
    batch: int = 16,
    workers: int = 0,
    metrics: Sequence[Metric] = (),
    out: str | Path | None = None,
    on_bad: Literal["fail", "skip"] = "skip",
) -> dict[str, float | None]:
    """Scores and losses on data.

    Args:
        run: A run (its folder, or what `train` returned), a `Predictor` (which has a device and a precision of its
            choice), or a `System`.
        data: A folder, a URI, a data set or a list of these; by default what the run was validated on.
        split: Which part of it; ``val`` by default, and a source of one part is used whole.
        batch: Pictures that go through the network together.
        workers: Processes that read pictures; 0 reads in this one.
        metrics: Further metrics beside those that apply.
        out: Folder for ``scores.json``, ``pictures.csv`` and ``report.html``, or None.
        on_bad: What is done about pictures that cannot be read, which are sought first. ``skip``: a hundredth is left
            out and told; ``fail``: one is an error.

    Returns:
        Fractions 0..1 and losses by name, ``loss`` and ``loss/HEAD/TERM`` among them; None where undefined.

    Raises:
        ConfigError: The classes of the data are not the network's, or the run names no data.
        DataError: Run or data cannot be read, or more pictures than may be left out.
    """
    predictor, dataset = opened(run, data, split)
    dataset = readable(dataset, on_bad, say, predictor.max_pixels)
    found = measured(predictor, dataset, batch=batch, workers=workers, metrics=metrics)
    if out is not None:
        write_findings(Path(out), found, predictor, dataset, (name_of(run), name_of(data)))
    return dict(found.scores)


def say(line: str) -> None:
    """A line for the person who waits."""
    sys.stderr.write(f"{printable(line)}\n")


def write_findings(
    out: Path, found: Evaluation, predictor: Predictor, dataset: Dataset, names: tuple[str, str]
) -> None:
    """Write ``report.html``, ``scores.json``, and ``pictures.csv`` with the scores of each picture.

    No picture is shown of a network that sees pictures by window, since drawings are of the whole.

    Args:
        out: The folder.
        found: What was measured.
        predictor: The network in use.
        dataset: What it was measured on.
        names: What both are called on the page.
    """
    page = ReportContent(*names, evaluation=without_losses(found), environment=environment())
    gallery, table = Gallery(predictor, dataset, found.illustrator), write_picture_scores(out, found)
    worst, typical = ((), ()) if predictor.by_window else gallery.of(found)
    told = replace(page, worst=worst, typical=typical, colours=gallery.colours(), table=table)
    write_report(out / "report.html", told)
    write_text(out / "scores.json", to_json(found.scores, indent=1) + "\n")


def measured(
    predictor: Predictor,
    dataset: Dataset,
    *,
    batch: int = 16,
    workers: int = 0,
    metrics: Sequence[Metric] = (),
    told: Callable[[int, int], None] | None = None,
    crests: bool = True,
) -> Evaluation:
    """How good a network in use is on data, with its views and refinement; losses are of the plain pictures.

    Several networks that predict together have scores and no losses, and so has one that is shown each person that is
    found. A network that may see more pixels than are
    decoded whole (`Predictor.max_pixels`) is measured part by part (`runtime.evaluate.by_window`), without losses.

    Args:
        predictor: The network in use.
        dataset: The pictures.
        batch: Pictures that go through the network together.
        workers: Processes that read pictures.
        metrics: Further metrics beside those that apply.
        told: Takes how many pictures are measured, and of how many.
        crests: Whether contours are brought to their crests before they are measured.
    """
    if predictor.by_window:
        return measured_by_window(predictor, dataset, batch=batch, metrics=metrics, told=told)
    if isinstance(predictor.members, PoseOfEach):
        return measured_by_person(predictor, dataset, batch=batch, metrics=metrics, told=told)
    members = predictor.members.predictors if isinstance(predictor.members, Members) else (predictor,)
    if any(map(_padding_counts, members)):
        batch = 1
    vocabularies = dataset.vocabularies
    families = thorough(crests=crests)
    further = choose(predictor.engine.gives, frozenset(dataset.fields), vocabularies, families)
    alone = len(members) == 1
    own = alone and predictor.views.plain and not predictor.engine.refined
    prediction = None if own else partial(predictions, predictor, dataset, batch)
    return evaluation_of(
        members[0].system,
        dataset,
        batch=batch,
        workers=workers,
        metrics=[*further, *metrics],
        prediction=prediction,
        of_system=alone,
        told=told,
    )


def _padding_counts(predictor: Predictor) -> bool:
    """Whether what surrounds a picture in a batch of different sizes would count: its class averages the whole map."""
    return predictor.engine.input.rule in ("native", "shorter") and "label_scores" in predictor.engine.gives


def opened(run: Subject, data: Sources | None = None, split: str | None = None) -> tuple[Predictor, Dataset]:
    """The network in use and the data to measure it on, with the network's classes and channels; see `evaluate`.

    Of data whose objects alone have joints each person is a sample for a network of one person's pose; for one that is
    shown the persons that a detector finds, objects are those persons.

    Raises:
        ConfigError: The classes of the data are not the network's, or the run names no data.
        DataError: Run or data cannot be read.
    """
    if isinstance(run, Predictor | System):
        predictor = run if isinstance(run, Predictor) else Predictor(run)
        if data is None:
            raise ConfigError("data to evaluate on", "none", cure="give a folder, a URI or a data set")
        dataset = open_data(data, split, preferred="val")
    else:
        predictor = load(Path(run))
        dataset = data_of_run(Path(run), data, split)
    engine = predictor.engine
    dataset = with_persons(dataset, engine.gives & {"pose"})
    if isinstance(predictor.members, PoseOfEach):
        dataset = of_persons(dataset, predictor.classes)
    check_same_vocabularies(predictor.vocabularies, dataset.vocabularies)
    dataset = with_regions(with_channels(dataset, engine.input.channels), engine.search)
    return predictor, seek_before(dataset, engine.search)


def name_of(thing: Any) -> str:
    """What a run, a network or data is called on a page."""
    if isinstance(thing, Predictor | System):
        return (thing.engine if isinstance(thing, Predictor) else engine_of(thing)).name
    if isinstance(thing, list | tuple):
        return " + ".join(name_of(one) for one in thing)
    return str(thing) if isinstance(thing, str | Path) else "" if thing is None else type(thing).__name__
