"""Validation: losses and scores on pictures that the training never sees."""

import copy
from dataclasses import replace
from typing import Any

import torch.distributed

from saccade.core.dataset import Dataset
from saccade.data.loading.loader import Loader
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.evaluate.measure import Measure
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.training.feed.input_pipeline import InputPipeline
from saccade.training.loop.signals import Interrupted, Signals
from saccade.training.setup.resolved_run import ResolvedRun
from saccade.training.step.train_state import TrainState


class Validator:
    """Measures a system on pictures that it does not learn from.

    Args:
        dataset: The pictures.
        resolved_run: The training, for its user's metrics.
        pipeline: How pictures are read.

    Attributes:
        evaluation: What the last validation found, or None before the first.
        features: What the network made of the pictures then, or None where nobody would look at it.
    """

    def __init__(self, dataset: Dataset, resolved_run: ResolvedRun, pipeline: InputPipeline) -> None:
        self.dataset, self.metrics = dataset, resolved_run.metrics
        self.loader = Loader(dataset, resolved_run.system.input, replace(pipeline.reading, on_bad="fail"))
        self.evaluation: Evaluation | None = None
        self.features: FeatureTable | None = None

    def __call__(self, train_state: TrainState, signals: Signals) -> dict[str, float | None]:
        """Scores and losses by name; processes that train together measure a part each.

        Raises:
            Interrupted: A signal asked for a stop between two batches.
            ResourceError: A process that reads pictures died, between two batches or while one was measured.
        """
        fabric = train_state.fabric
        measure = self._measure(train_state)
        try:
            self._take_all(measure, train_state, signals)
        except RuntimeError as error:
            raise self.loader.explain(error) from error
        if fabric.world_size > 1:
            states = _gather(measure.state(), fabric.world_size)
            # Merged in one order everywhere: sums that differ in the last bit may be judged unlike.
            measure = self._measure(train_state)
            measure.merge(states)
        self.evaluation, self.features = measure.result(), measure.features.table()
        return dict(self.evaluation.scores)

    def _take_all(self, measure: Measure, train_state: TrainState, signals: Signals) -> None:
        for batch in self.loader.epoch(0):
            with train_state.fabric.autocast():
                measure.take(batch)
            if signals.stop is not None and train_state.fabric.world_size == 1:
                raise Interrupted(signals.stop)

    def names(self, train_state: TrainState) -> list[str]:
        """The scores that a validation gives."""
        return list(self._measure(train_state).result().scores)

    def _measure(self, train_state: TrainState) -> Measure:
        """A new measurement; metrics gather, so that each one begins with copies of the user's."""
        return Measure(train_state.system, self.dataset, copy.deepcopy(self.metrics))


def _gather(mine: Any, world: int) -> list[Any]:
    """What every process holds, in the order of processes."""
    found: list[Any] = [None] * world
    torch.distributed.all_gather_object(found, mine)
    return found
