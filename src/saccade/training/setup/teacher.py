"""Classes that data do not annotate, taught by a run that knows them: the setting ``teacher``."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.vocabulary import KEYS, Vocabularies
from saccade.data.datasets.picture import picture_of
from saccade.data.datasets.relabelled import unite, with_vocabularies
from saccade.data.datasets.taught import DOUBT, TaughtDataset
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load
from saccade.training.setup.data import Data

# Pictures that the teacher sees at once.
BATCH = 16


def taught(data: Data, run: str, device: str) -> Data:
    """The data under the teacher's classes and their own; training pictures completed by what the teacher says.

    What is measured on is not completed: its pictures say which classes were sought.

    Args:
        data: Both sides.
        run: Folder of the run that teaches.
        device: Where it does.

    Raises:
        ConfigError: There is no such run.
    """
    teacher = load(run, device=device, keep_scores=True)
    own = teacher.vocabularies
    lists = united(own, data.train.vocabularies)
    train = with_vocabularies(data.train, lists)
    val = None if data.val is None else with_vocabularies(data.val, lists)
    told = list(_told(teacher, train, _tables(own, lists)))
    note = f"{run} tells of {len(told)} training pictures what they do not annotate of its classes"
    return replace(data, train=TaughtDataset(train, told, own), val=val, notes=(*data.notes, note))


def united(first: Vocabularies, others: Vocabularies) -> Vocabularies:
    """All names of each vocabulary, those of the first in their places."""
    known = [key for key in KEYS if key in first or key in others]
    return Vocabularies({key: unite([one[key] for one in (first, others) if key in one]) for key in known})


def _told(teacher: Predictor, data: Dataset, tables: dict[str, Tensor]) -> Iterator[Annotation]:
    """What the teacher says of each picture, labels as in the data's lists."""
    for start in range(0, len(data), BATCH):
        places = range(start, min(start + BATCH, len(data)))
        channels = teacher.system.input.channels
        found = teacher([picture_of(data, place, channels) for place in places], threshold=DOUBT)
        yield from (_moved(one, tables) for one in found)


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
