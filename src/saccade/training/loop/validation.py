"""Validation: losses and scores on pictures that the training never sees."""

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch.distributed

from saccade.core.dataset import Dataset
from saccade.data.datasets.subset import Subset
from saccade.data.loading.loader import Loader
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.evaluate.measure import Measure
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.training.feed.input_pipeline import InputPipeline
from saccade.training.loop.signals import Interrupted, Signals
from saccade.training.setup.resolved_run import ResolvedRun
from saccade.training.step.train_state import TrainState

Told = Callable[[int, int], None]
TRIED = 4  # pictures of a rehearsal


class Validator:
    """Measures a system on pictures that it does not learn from.

    Args:
        dataset: The pictures.
        resolved_run: The training, for its user's metrics.
        pipeline: How pictures are read.

    Attributes:
        measured: The pictures of the last validation: all, or some that were drawn by lot from the run's seed.
        evaluation: What the last validation found, or None before the first.
        features: What the network made of the pictures then, or None where nobody would look at it.
        each: Seconds that a picture took in the last validation.
    """

    def __init__(self, dataset: Dataset, resolved_run: ResolvedRun, pipeline: InputPipeline) -> None:
        self.dataset, self.measured, self.metrics = dataset, dataset, resolved_run.metrics
        self._reading = replace(pipeline.reading, left_out=len(pipeline.skips.left_out("validation")))
        self._on_skip = pipeline.skips.of("validation")
        self._spec = resolved_run.system.input
        self.loader = self._loader(dataset)
        self.evaluation: Evaluation | None = None
        self.features: FeatureTable | None = None
        self.each = 0.0

    def __call__(
        self, train_state: TrainState, signals: Signals, pictures: int | None = None, told: Told | None = None
    ) -> dict[str, float | None]:
        """Scores and losses by name; processes that train together measure a part each.

        Args:
            train_state: What is measured.
            signals: What may ask for a stop.
            pictures: How many pictures are measured, always the same of one number; all by default.
            told: Takes how many pictures are measured, and of how many: first of none.

        Raises:
            Interrupted: A signal asked for a stop between two batches.
            ResourceError: A process that reads pictures died, between two batches or while one was measured.
        """
        self._take_part(len(self.dataset) if pictures is None else pictures)
        fabric, begun = train_state.fabric, time.monotonic()
        measure = self._measure(train_state, self.measured)
        try:
            self._take_all(measure, train_state, signals, told)
        except RuntimeError as error:
            raise self.loader.explain(error) from error
        if fabric.world_size > 1:
            states = _gather(measure.state(), fabric.world_size)
            # Merged in one order everywhere: sums that differ in the last bit may be judged unlike.
            measure = self._measure(train_state, self.measured)
            measure.merge(states)
        self.each = train_state.agree((time.monotonic() - begun) / max(len(self.measured), 1), "first")
        whole = len(self.measured) == len(self.dataset)
        self.evaluation = replace(measure.result(), of_pictures=None if whole else len(self.dataset))
        self.features = measure.features.table()
        return dict(self.evaluation.scores)

    def rehearse(self, train_state: TrainState, most: float) -> float:
        """Seconds that a picture takes, tried on a few; nothing is kept.

        Args:
            train_state: What is measured.
            most: Seconds after which no further picture is tried.
        """
        dataset = self._part(TRIED)
        loader = Loader(dataset, self._spec, replace(self._reading, batch=1, workers=0, rank=0, world=1))
        measure, marks = self._measure(train_state, dataset), [time.monotonic()]
        for batch in loader.epoch(0):
            with train_state.fabric.autocast():
                measure.take(batch)
            marks.append(time.monotonic())
            if marks[-1] - marks[0] > most:
                break
        first = 0 if len(marks) == 2 else 1  # the first picture also warms up
        each = (marks[-1] - marks[first]) / (len(marks) - 1 - first)
        return train_state.agree(each / train_state.fabric.world_size, "first")

    def _take_part(self, pictures: int) -> None:
        if pictures != len(self.measured):
            self.measured = self._part(pictures)
            self.loader.close()
            self.loader = self._loader(self.measured)

    def _loader(self, dataset: Dataset) -> Loader:
        return Loader(dataset, self._spec, self._reading, on_skip=self._on_skip)

    def _part(self, pictures: int) -> Dataset:
        """So many of the pictures; fewer are always among more."""
        if pictures >= len(self.dataset):
            return self.dataset
        order = torch.randperm(len(self.dataset), generator=torch.Generator().manual_seed(self._reading.seed))
        return Subset(self.dataset, sorted(order[:pictures].tolist()))

    def _take_all(self, measure: Measure, train_state: TrainState, signals: Signals, told: Told | None) -> None:
        told = told or (lambda done, total: None)
        done, total, world = 0, len(self.measured), train_state.fabric.world_size
        told(0, total)
        for batch in self.loader.epoch(0):
            with train_state.fabric.autocast():
                measure.take(batch)
            done += len(batch.ids) * world
            told(min(done, total), total)
            if signals.stop is not None and world == 1:
                raise Interrupted(signals.stop)

    def names(self, train_state: TrainState) -> list[str]:
        """The scores that a validation gives."""
        return list(self._measure(train_state, self.dataset).result().scores)

    def _measure(self, train_state: TrainState, dataset: Dataset) -> Measure:
        """A new measurement; metrics gather, so that each one begins with copies of the user's."""
        return Measure(train_state.system, dataset, copy.deepcopy(self.metrics))


def _gather(mine: Any, world: int) -> list[Any]:
    """What every process holds, in the order of processes."""
    found: list[Any] = [None] * world
    torch.distributed.all_gather_object(found, mine)
    return found
