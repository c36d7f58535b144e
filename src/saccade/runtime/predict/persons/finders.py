"""Who says where the persons of a picture are: a detector's run, or a file of boxes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, SaccadeError, UsageError
from saccade.runtime.predict.engine import Engine
from saccade.runtime.predict.persons.boxes_file import BoxesFile
from saccade.runtime.predict.persons.person_class import class_of_persons
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import PreparedPicture
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip

Persons = Instances | SaccadeError


class Finder(Protocol):
    """Finds the persons of pictures."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def person(self) -> str:
        """What it calls persons."""
        ...

    @property
    def engine(self) -> Engine | None:
        """The network for which pictures are read, or None where the network of poses will do."""
        ...

    @property
    def views(self) -> MultiScaleFlip:
        """The views in which that network is shown a picture."""
        ...

    @property
    def best_seen(self) -> float | None:
        """The best score so far, of those too that a threshold left out."""
        ...

    def digest(self) -> str:
        """What tells it from others."""
        ...

    def found(self, read: Sequence[PreparedPicture], threshold: float, batch: int) -> dict[int, Persons]:
        """By the places of pictures their persons that score `threshold` or more, the best first, or an error."""
        ...


# What says that a whole picture is taken for its person.
WHOLE = "whole"


class FoundByRun:
    """Persons as a detector finds them.

    Args:
        predictor: The detector in use.
        person: The class of persons; None for ``person``, or the only class.

    Raises:
        ConfigError: It gives no boxes with scores, or none of its classes is that of persons.
    """

    def __init__(self, predictor: Predictor, person: str | None = None) -> None:
        self.predictor, self.engine, self.views = predictor, predictor.engine, predictor.views
        lacking = {"instances.boxes", "instances.scores"} - self.engine.gives
        if lacking:
            gives = ", ".join(sorted(self.engine.gives))
            cure = "name a detector's run, or a file of boxes"
            raise ConfigError("a network that finds boxes of persons", f"{self.engine.name}: {gives}", cure=cure)
        names = predictor.vocabularies.names("instances")
        told_apart = "instances.labels" in self.engine.gives and bool(names)
        self.name = self.engine.name
        self.person = class_of_persons(names, person, self.name) if told_apart else person or "person"
        self._label = names.index(self.person) if told_apart else None

    @property
    def best_seen(self) -> float | None:
        """The best score of an object so far."""
        return self.predictor.best_seen

    def digest(self) -> str:
        """The network's weights, its way in, precision and views, and the class."""
        told = [self.engine.digest(), self.engine.input.as_dict(), str(self.engine.dtype), self.views.plain_values()]
        return repr([*told, self.person])

    def found(self, read: Sequence[PreparedPicture], threshold: float, batch: int) -> dict[int, Persons]:
        """See `Finder`."""
        said = self.predictor.prediction([read], threshold, batch)
        return {item.place: self._persons(one) if isinstance(one, Annotation) else one for item, one in said}

    def _persons(self, said: Annotation) -> Instances:
        rows = said.instances or Instances()
        if self._label is not None and rows.labels is not None:
            rows = rows[rows.labels == self._label]
        boxes = torch.zeros(0, 4) if rows.boxes is None else rows.boxes
        scores = torch.zeros(0) if rows.scores is None else rows.scores
        return Instances(boxes, torch.zeros(len(boxes), dtype=torch.int64), scores)


class FoundInFile:
    """Persons as a file tells of them.

    Args:
        boxes: The file.
    """

    engine: Engine | None = None
    views = MultiScaleFlip()

    def __init__(self, boxes: BoxesFile) -> None:
        self.boxes, self.name, self.person = boxes, boxes.name, boxes.person
        self.best_seen: float | None = None

    def digest(self) -> str:
        """A hash of the file."""
        return f"{self.boxes.digest()} {self.person}"

    def found(self, read: Sequence[PreparedPicture], threshold: float, batch: int) -> dict[int, Persons]:
        """See `Finder`."""
        return {item.place: self._of(item, threshold) for item in read}

    def _of(self, item: PreparedPicture, threshold: float) -> Persons:
        try:
            rows = self.boxes.of(item.name, item.size, threshold)
        except SaccadeError as error:
            return error
        if rows.scores is None or not len(rows):
            return rows
        self.best_seen = max(self.best_seen or 0.0, float(rows.scores[0]))
        return rows[rows.scores >= threshold]


def finder_of(
    persons: str | Path | Predictor | None, person: str | None, load: Callable[[Path], Predictor]
) -> Finder | None:
    """Who says where persons are.

    Args:
        persons: ``whole`` or None: nobody, the whole picture is taken for its person; a detector in use, or the folder
            of its run; or a file of boxes (`BoxesFile`).
        person: The class that persons have there; None for ``person``, or the only class.
        load: Puts the run of a folder to use.

    Raises:
        UsageError: There is no such folder or file; or a class is named where nobody is asked for persons.
        ConfigError: No boxes are found there, or none of persons.
        DataError: The file is of another form.
    """
    if persons is None or persons == WHOLE:
        if person is not None:
            cure = "name a detector's run, or a file of boxes: --persons RUN (persons=)"
            raise UsageError("persons with a class of persons", f"{person!r} alone", cure=cure)
        return None
    if isinstance(persons, Predictor):
        return FoundByRun(persons, person)
    path = Path(persons)
    if path.is_dir():
        return FoundByRun(load(path), person)
    if path.is_file():
        return FoundInFile(BoxesFile(path, person))
    expected = f"{WHOLE}, the folder of a detector's run, or a JSON file of boxes"
    raise UsageError(expected, f"no {path}", within="persons", cure="look at the spelling of the path")
