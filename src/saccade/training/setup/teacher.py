"""Classes that data do not annotate, taught by a run that knows them: the setting ``teacher``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import SaccadeError
from saccade.core.vocabulary import KEYS, Vocabularies
from saccade.data.datasets.classes.relabelled import unite, with_vocabularies
from saccade.data.datasets.classes.taught import DOUBT, SURE, TaughtDataset
from saccade.data.datasets.picture import picture_of
from saccade.data.datasets.subset import Subset
from saccade.metrics.detect.detection import Detection
from saccade.network.head import Head
from saccade.network.system import System
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.load import load
from saccade.training.setup.data import Data
from saccade.training.step.distillation import taught_heads

# Pictures that the teacher sees at once.
BATCH = 16
# Pictures by which it is found what the teacher's scores are worth.
MEASURED = 200
# What a teacher that tells objects gives.
OBJECTS = frozenset({"instances.boxes", "instances.labels"})


@dataclass(frozen=True)
class Teacher:
    """A run that knows classes which data do not annotate.

    Attributes:
        run: Its folder.
        predictor: Its network in use.
    """

    run: str
    predictor: Predictor

    @staticmethod
    def of(run: str, device: str) -> "Teacher":
        """The run in a folder.

        Raises:
            ConfigError: There is none.
        """
        return Teacher(run, load(run, device=device, precision="32", keep_scores=True))

    @property
    def system(self) -> System:
        """Its network."""
        return self.predictor.system

    def teaches(self, system: System) -> bool:
        """Whether objects are told in the training's steps (`Distillation`): no annotations need be made of them."""
        taught = taught_heads(system, self.system)
        return bool(taught) and all(name in taught for name, head in system.each_head() if _tells_objects(head))

    def complete(self, data: Data, *, objects: bool = True) -> Data:
        """The data under the teacher's classes and their own; training pictures completed by what the teacher says.

        What is measured on is not completed: its pictures say which classes were sought.

        Args:
            data: Both sides.
            objects: Whether objects are completed too.
        """
        own = self.predictor.vocabularies
        lists = united(own, data.train.vocabularies)
        train = with_vocabularies(data.train, lists)
        val = None if data.val is None else with_vocabularies(data.val, lists)
        if not objects:
            data = replace(data, taught=frozenset(own.get("instances", ())))
            note = f"{self.run} tells in every step what it sees of the objects that it knows"
            data = replace(data, notes=(*data.notes, note))
            if all(field.startswith("instances.") for field in self.system.gives):
                return replace(data, train=train, val=val)
        sure, why = self._sure_from() if objects else (SURE, "")
        told = list(self._told(train, _tables(own, lists), DOUBT * sure, objects=objects))
        note = f"{self.run} tells of {len(told)} training pictures what they do not annotate of its classes"
        if why:
            note += f"; its objects count from a score of {sure:.2g} on, {why}"
        return replace(data, train=TaughtDataset(train, told, own, sure), val=val, notes=(*data.notes, note))

    def _sure_from(self) -> tuple[float, str]:
        """The score of the greatest F1 on pictures that it was measured on, and which; `SURE` without any.

        What a score is worth differs from system to system: of one that learnt from few regions a picture, two thirds
        of the objects with a score of one half and more may be none. Nothing is said of one that tells no objects.
        """
        if not self.system.gives >= OBJECTS:
            return SURE, ""
        none = SURE, "since no pictures tell what its scores are worth"
        try:
            data = data_of_run(Path(self.run))
        except SaccadeError:  # moved, or none
            return none
        metric = Detection(self.predictor.vocabularies["instances"])
        if not metric.needs <= data.fields:
            return none
        count = min(len(data), MEASURED)
        for place, found in enumerate(self._said(Subset(data, range(count)), 0.0)):
            metric.update(found, data.truth(place), data.id(place))
        best = metric.best_threshold()
        return none if best is None else (best.score, f"where F1 is greatest on {count} that it was measured on")

    def _told(
        self, data: Dataset, tables: dict[str, Tensor], threshold: float, *, objects: bool
    ) -> Iterator[Annotation]:
        """What it says of each picture, labels as in the data's lists."""
        for found in self._said(data, threshold):
            yield _moved(found if objects else replace(found, instances=None), tables)

    def _said(self, data: Dataset, threshold: float) -> Iterator[Annotation]:
        for start in range(0, len(data), BATCH):
            places = range(start, min(start + BATCH, len(data)))
            channels = self.system.input.channels
            yield from self.predictor([picture_of(data, place, channels) for place in places], threshold=threshold)


def united(first: Vocabularies, others: Vocabularies) -> Vocabularies:
    """All names of each vocabulary, those of the first in their places."""
    known = [key for key in KEYS if key in first or key in others]
    return Vocabularies({key: unite([one[key] for one in (first, others) if key in one]) for key in known})


def _tables(own: Vocabularies, lists: Vocabularies) -> dict[str, Tensor]:
    """By key, the place of each of the teacher's classes in the data's lists."""
    return {key: torch.tensor([lists[key].index(name) for name in names]) for key, names in own.items()}


def _moved(told: Annotation, tables: dict[str, Tensor]) -> Annotation:
    """A prediction with its labels in the data's lists; of scores those stay that say how sure it is."""
    objects, pixels = tables.get("instances"), tables.get("semantic")
    changes: dict[str, Any] = {"semantic_masks": None, "semantic_mask_scores": None}
    if objects is not None and told.instances is not None and told.instances.labels is not None:
        changes["instances"] = replace(told.instances, labels=objects[told.instances.labels])
    if objects is not None and told.label is not None:
        changes["label"] = objects[told.label]
    if objects is not None and told.labels is not None:
        labels = torch.full((int(objects.max()) + 1,), -1)
        labels[objects] = told.labels
        changes["labels"] = labels
    if pixels is not None and told.semantic is not None and told.semantic_scores is not None:
        changes |= {"semantic": pixels[told.semantic], "semantic_scores": told.semantic_scores.amax(0, keepdim=True)}
    return replace(told, **changes)


def _tells_objects(head: Head) -> bool:
    return any(field.startswith("instances.") for field in head.gives)
