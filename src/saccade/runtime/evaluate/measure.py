"""Pictures stream through a network once; losses and scores come of the same pass through its trunk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.dataset import Dataset
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import choose
from saccade.metrics.metric import Metric
from saccade.network.maps import Maps
from saccade.network.system import System
from saccade.runtime.device import evaluating
from saccade.runtime.evaluate.loss_means import LossMeans
from saccade.runtime.inspect.feature_collector import FeatureCollector
from saccade.runtime.predict.engine import engine_of, finish
from saccade.runtime.seeds import seeded

# Scores of pixels of one picture that a metric may read: 256 MB.
MOST_SCORES = 2**26

State = Any
PredictFunction = Callable[[Sequence[int]], Iterable[Annotation]]


class Measure:
    """Scores and losses of a system on a data set, gathered batch by batch.

    Args:
        system: The network, on its device.
        dataset: The pictures; scores go by its truth in the pictures' own pixels.
        metrics: Further metrics beside those that apply.
        prediction: Gives the predictions for pictures at some places of the data set, in their own pixels, where they
            are not simply what the system says of the batch.
        of_system: Whether the losses and features of the system itself are wanted, where there is a `prediction`.
    """

    def __init__(
        self,
        system: System,
        dataset: Dataset,
        metrics: Iterable[Metric] = (),
        prediction: PredictFunction | None = None,
        *,
        of_system: bool = True,
    ) -> None:
        self.system, self.dataset, self.prediction = system, dataset, prediction
        self.of_system = of_system or prediction is None
        chosen = choose(system.gives, frozenset(dataset.fields), dataset.vocabularies, joints=dataset.joints)
        self.evaluator = Evaluator([*chosen, *metrics], dataset.classes)
        self.losses, self.features = LossMeans(system), FeatureCollector(system, dataset)
        self._places = {dataset.id(place): place for place in range(len(dataset))}
        self._engine = engine_of(system)

    def take(self, batch: Batch) -> None:
        """One batch: a pass through the trunk, the losses of its truth, and the scores of its predictions."""
        raw_predictions = self._pass(batch) if self.of_system else []
        places = [self._places[name] for name in batch.ids]
        predictions = self._own(raw_predictions, batch, places) if self.prediction is None else self.prediction(places)
        for decoded, place, name in zip(predictions, places, batch.ids, strict=True):
            self.evaluator.update(decoded, self.dataset.truth(place), name)

    def _pass(self, batch: Batch) -> list[Annotation]:
        """The system's losses and features of a batch; what it says of it, where predictions are no other's."""
        placed = self._engine.place(batch)
        with evaluating(self.system), torch.no_grad():
            maps = self.system.maps(placed)
            self.features.add(maps, batch.ids)
            if placed.truth is not None:
                with self._full_losses():
                    self._add_losses(maps, placed.truth, batch.ids)
            return [] if self.prediction else self.system.decode(maps)

    def _keeps_scores(self, decoded: Annotation, size: tuple[int, int]) -> bool:
        """Whether scores of pixels stay for a metric that reads them: of very large pictures they do not."""
        read = frozenset[str]().union(*(metric.reads for metric in self.evaluator.metrics))
        kept = [decoded.get(field) for field in ("semantic_scores", "semantic_mask_scores") if field in read]
        return any(one is not None and len(one) * size[0] * size[1] <= MOST_SCORES for one in kept)

    def _own(self, raw_predictions: Sequence[Annotation], batch: Batch, places: Sequence[int]) -> Iterator[Annotation]:
        """Answers in each picture's own pixels, one by one: maps are large there."""
        refines = self._engine.refine is not None
        for frame, decoded, place in zip(batch.frames, raw_predictions, places, strict=True):
            image = self.dataset[place].image if refines else None
            keeps = self._keeps_scores(decoded, frame.source)
            yield self._engine.finalize(frame.undo(finish(decoded), refines or keeps), image, keep_scores=keeps)

    def _add_losses(self, maps: Maps, truth: Sequence[Annotation], ids: Sequence[str]) -> None:
        """The losses of a batch; chance is a function of the pictures' names, so that a measurement can be repeated."""
        alone = {name for name, head in self.system.each_head() if head.by_picture}
        together = {name for name, _ in self.system.each_head()} - alone
        if together:
            with seeded(*ids):
                self.losses.add(self.system.loss_of(maps, truth, together), truth)
        for place, name in enumerate(ids if alone else ()):
            with seeded(name):
                own = [truth[place]]
                self.losses.add(self.system.loss_of(maps.pick([place]), own, alone), own)

    def state(self) -> State:
        """All that was taken so far, to be sent to another process."""
        return self.evaluator.state(), self.losses.state(), self.features.state()

    def merge(self, states: Iterable[State]) -> None:
        """Adds what other processes took."""
        for scores, losses, features in states:
            self.evaluator.merge([scores])
            self.losses.merge([losses])
            self.features.merge([features])

    def result(self) -> Evaluation:
        """The evaluation; its scores begin with ``loss`` and the ``loss/HEAD/TERM``."""
        found = self.evaluator.result()
        losses = self.losses.result() if self.of_system else {}
        return replace(found, scores={**losses, **found.scores})

    def _full_losses(self) -> AbstractContextManager[Any]:
        """Weights of 16 bits stay as they are, but losses are taken in float32, as autocast takes them in training."""
        if self._engine.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self._engine.device.type, self._engine.dtype)


def evaluation_of(
    system: System,
    dataset: Dataset,
    *,
    batch: int = 16,
    workers: int = 0,
    metrics: Sequence[Metric] = (),
    prediction: PredictFunction | None = None,
    of_system: bool = True,
    told: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """How good a system is on a data set, the losses among the scores.

    Args:
        system: The network; every module's mode is restored after.
        dataset: The pictures.
        batch: Pictures of a batch.
        workers: Processes that read.
        metrics: Further metrics beside those that apply.
        prediction: See `Measure`.
        of_system: See `Measure`.
        told: Takes how many pictures are measured, and of how many.
    """
    measure = Measure(system, dataset, metrics, prediction, of_system=of_system)
    loader = Loader(dataset, system.input, LoaderSettings(batch=max(min(batch, len(dataset)), 1), workers=workers))
    done = 0
    for group in loader.epoch(0):
        measure.take(group)
        done += len(group.ids)
        if told is not None:
            told(done, len(dataset))
    loader.close()
    return measure.result()
