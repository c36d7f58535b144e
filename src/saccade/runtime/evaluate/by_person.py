"""Persons that were found, with the pose of each, are measured as objects with joints are: by pictures, without losses.

The networks learnt other things than what is measured here: boxes, and the pose of a person who was given.
"""

from collections.abc import Callable, Sequence

from saccade.core.dataset import Dataset
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.relabelled import RelabelledDataset
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import FAMILIES, THOROUGH, choose
from saccade.metrics.metric import Metric
from saccade.runtime.evaluate.predictions import predictions
from saccade.runtime.predict.predictor import Predictor


def of_persons(dataset: Dataset, classes: Sequence[str]) -> Dataset:
    """The data whose objects are persons alone, where they have others beside; pictures without a person stay."""
    if not set(classes) < set(dataset.vocabularies.names("instances")):
        return dataset
    joints = dataset.vocabularies.get("joints")
    names = {"instances": tuple(classes), **({} if joints is None else {"joints": joints})}
    return RelabelledDataset(dataset, {name: name for name in classes}, Vocabularies(names))


def measured_by_person(
    predictor: Predictor,
    dataset: Dataset,
    *,
    batch: int = 16,
    metrics: Sequence[Metric] = (),
    told: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Scores of the persons of pictures.

    Args:
        predictor: What finds persons and tells their poses.
        dataset: The pictures.
        batch: Pictures, and then persons, that go through a network together.
        metrics: Further metrics beside those that apply.
        told: Takes how many pictures are measured, and of how many.
    """
    fields = frozenset(dataset.fields)
    applying = choose(predictor.engine.gives, fields, dataset.vocabularies, (*FAMILIES, *THOROUGH), dataset.joints)
    evaluator = Evaluator([*applying, *metrics], dataset.classes)
    for first in range(0, len(dataset), batch):
        places = range(first, min(first + batch, len(dataset)))
        for place, prediction in zip(places, predictions(predictor, dataset, batch, places), strict=True):
            evaluator.update(prediction, dataset.truth(place), dataset.id(place))
        if told is not None:
            told(places[-1] + 1, len(dataset))
    return evaluator.result()
