"""Annotations that trained networks contradict: each picture is judged by the runs that did not learn it, if any."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Unpack, cast

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, SaccadeError
from saccade.data.check.annotations.places import object_defect
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects, objects_of
from saccade.data.check.parts import Part
from saccade.data.datasets.channels import with_channels
from saccade.data.datasets.persons.samples import PersonSamples, with_persons
from saccade.data.datasets.picture import path_of
from saccade.data.datasets.proposals import with_regions
from saccade.data.datasets.splits.train_val import DataOptions, open_train_val
from saccade.metrics.suspects.finders import FINDERS, finders
from saccade.metrics.suspects.suspect import Suspect, ranked
from saccade.runtime.evaluate.class_agreement import check_same_vocabularies
from saccade.runtime.evaluate.predictions import predictions
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views.multi_scale_flip import ViewOptions
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.load import load
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.tools.traced import traced

TOGETHER = 16
CURES = {
    "class": "look at the picture, and change the class where the network is right",
    "missing": "look at the picture, and annotate what is there",
    "nothing there": "look at the picture, and delete the annotation where nothing is there",
    "box": "look at the picture, and draw the box again",
    "mask": "look at the picture, and draw the mask again",
    "pixels": "look at the picture, and paint the region again",
    "joint": "look at the picture, and move the joint",
}
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Suspicion:
    """A suspect, and where it is written.

    Attributes:
        split: The split's name.
        suspect: What is probably wrong.
        defect: The same as a row of a check.
        learnt: Whether the run that judges has learnt this picture, and perhaps the error with it.
    """

    split: str
    suspect: Suspect
    defect: Defect
    learnt: bool

    def row(self) -> dict[str, Any]:
        """As JSON has it: a row of a check, with ``kind``, ``suspicion``, ``picture``, ``box`` and ``learnt``."""
        told = {"kind": self.suspect.kind, "suspicion": round(self.suspect.suspicion, 6), "learnt": self.learnt}
        return {**self.defect.row(), **told, "picture": self.defect.picture, "box": self.suspect.box}


def suspicions(
    runs: Sequence[str | Path],
    parts: Sequence[Part],
    source: str | Path,
    tell: Tell = lambda _, __: None,
    **views: Unpack[ViewOptions],
) -> list[Suspicion]:
    """The annotations that networks contradict, the most suspicious first.

    Args:
        runs: Folders of runs. Those of the folds of one training judge each the pictures that they did not learn; of
            those that give the same, several that did not learn a picture judge it together, by the mean of what they
            say (`runtime.predict.ensemble`).
        parts: The splits.
        source: The data as a person named it, by which runs are known that learnt of it.
        tell: Called with how many pictures are judged, and of how many.
        **views: In which views each picture is seen (`runtime.predict.views.multi_scale_flip`): a network that sees it
            mirrored too is right a little more often, for twice the time.

    Raises:
        ConfigError: A run gives nothing that is annotated, or its classes are others; or several that did not learn a
            picture give what has no mean.
        DataError: A run or the data cannot be read.
    """
    judges = [_Judge(Path(run), load(run, keep_scores=True, **views), _learnt(Path(run), source)) for run in runs]
    shares = [(part, panel, share) for part in parts for panel, share in _shares(judges, part).items()]
    total, done, found = sum(len(share) for _, _, share in shares), 0, list[Suspicion]()
    for part, panel, share in shares:
        found += _suspicions(panel, part, share, lambda count, before=done: tell(before + count, total))
        done += len(share)
    return sorted(found, key=lambda one: -one.suspect.suspicion)


@dataclass(frozen=True, eq=False)
class _Judge:
    """A run: its network in use, and the pictures of the source that it learnt."""

    run: Path
    predictor: Predictor
    learnt: frozenset[str]

    def knows(self, part: Part, index: int) -> bool:
        """Whether it has learnt a picture of a split."""
        return part.name == "train" and _picture(part.data.id(index)) in self.learnt


# Runs that judge a picture together.
_Panel = tuple[_Judge, ...]


def _shares(judges: Sequence[_Judge], part: Part) -> Mapping[_Panel, list[int]]:
    """The pictures of a split that runs judge together: of those that give the same all that did not learn a picture.

    Where all have learnt it, all judge it.
    """
    shares: dict[_Panel, list[int]] = {}
    for gives in dict.fromkeys(judge.predictor.engine.gives for judge in judges):
        alike = tuple(judge for judge in judges if judge.predictor.engine.gives == gives)
        for index in range(len(part.data)):
            panel = tuple(judge for judge in alike if not judge.knows(part, index)) or alike
            shares.setdefault(panel, []).append(index)
    return shares


def _suspicions(panel: _Panel, part: Part, places: Sequence[int], tell: Callable[[int], None]) -> Iterator[Suspicion]:
    """What runs together contradict in some pictures of a split."""
    run, predictor = panel[0].run, panel[0].predictor
    if len(panel) > 1:
        predictor = ensemble([judge.predictor for judge in panel], keep_scores=True)
    dataset = with_persons(data_of_run(run, cast("Any", part.data)), predictor.engine.gives & {"pose"})
    check_same_vocabularies(predictor.vocabularies, dataset.vocabularies, path=run)
    if dataset is not part.data and len(dataset) != len(part.data):
        places = _of_pictures(dataset, {part.data.id(place) for place in places})
    rules = finders(dataset.fields, predictor.engine.gives, dataset.vocabularies)
    if not rules:
        raise _nothing_to_weigh(run, predictor, dataset)
    for count, (place, prediction, truth) in enumerate(_said(predictor, dataset, places), 1):
        for rule in rules:
            rule.add(place, prediction, truth)
        tell(count)
    objects = objects_of(part.data) if dataset is part.data or isinstance(dataset, PersonSamples) else None
    for suspect in ranked([suspect for rule in rules for suspect in rule.suspects()]):
        defect = _defect(part, dataset, objects, suspect)
        name = _picture(dataset.id(suspect.picture))
        learnt = part.name == "train" and any(name in judge.learnt for judge in panel)
        yield Suspicion(part.name, suspect, defect, learnt)


def _learnt(run: Path, source: str | Path) -> frozenset[str]:
    """Names of the pictures of a source that a run has learnt; none where it learnt of another."""
    config = RunFolder.open(run).read_config()
    data, settings = config.get("data"), cast("Mapping[str, Any]", config.get("settings") or {})
    named = data if isinstance(data, list) else [data]
    if _root(source) not in [_root(one) for one in cast("Iterable[Any]", named) if isinstance(one, str)]:
        return frozenset()
    fold = settings.get("fold")
    choice = DataOptions(fold=fold, seed=settings.get("seed") or 0, allow_outside=bool(settings.get("allow_outside")))
    val = config.get("val")
    try:
        train = open_train_val(cast("Any", data), None if fold or val is None else str(val), choice).train
    except SaccadeError as error:
        error.cure = (
            f"{error.cure or ''}\n  the run's own data must be there, so that it is known what it learnt".strip()
        )
        raise
    return frozenset(_picture(train.id(index)) for index in range(len(train)))


def _root(source: str | Path) -> str:
    text = str(source)
    folder = Path(text.partition(":")[2] or text)
    return str(folder.resolve()) if folder.exists() else text


def _picture(name: str) -> str:
    """The picture's name, of one that several samples share."""
    stem, mark, number = name.rpartition("#")
    return stem if mark and number.isdecimal() else name


def _of_pictures(dataset: Dataset, names: set[str]) -> list[int]:
    return [index for index in range(len(dataset)) if _picture(dataset.id(index)) in names]


def _said(
    predictor: Predictor, dataset: Dataset, places: Sequence[int]
) -> Iterator[tuple[int, Annotation, Annotation]]:
    """Place, prediction and truth of pictures, in their own pixels."""
    engine = predictor.engine
    seen = with_regions(with_channels(dataset, engine.input.channels), engine.search)
    waiting = iter(places)
    while chunk := list(islice(waiting, TOGETHER)):
        found = predictions(predictor, seen, TOGETHER, chunk)
        for place, prediction in zip(chunk, found, strict=True):
            yield place, prediction, seen.truth(place)


def _defect(part: Part, dataset: Dataset, objects: Objects | None, suspect: Suspect) -> Defect:
    """The suspect as a row of a check, traced to its line where the data say where it is written."""
    said = (suspect.found, suspect.expected, CURES[suspect.kind])
    own = traced(part.data, dataset, suspect.picture, suspect.row)
    if objects is not None and own is not None and own.row is not None:
        field = "keypoints" if suspect.kind == "joint" else "bbox"
        found = object_defect(part, objects, int(objects.starts[own.picture]) + own.row, *said, field)
        return replace(found, box=suspect.box)
    name = dataset.id(suspect.picture) if own is None else part.data.id(own.picture)
    path = path_of(dataset, suspect.picture)
    return Defect(str(path or name), None, suspect.row, *said, picture=name, box=suspect.box)


def _nothing_to_weigh(run: Path, predictor: Predictor, dataset: Dataset) -> ConfigError:
    pairs = "; ".join(f"{', '.join(sorted(row.said))} for {', '.join(sorted(row.truth))}" for row in FINDERS)
    return ConfigError(
        f"a run that gives what is annotated ({pairs})",
        f"{', '.join(sorted(predictor.engine.gives))} for {', '.join(sorted(dataset.fields)) or 'nothing'}",
        path=run,
        cure="take a run that learnt these annotations",
    )
