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
from saccade.training.feed.input_pipeline import Supply
from saccade.training.loop.signals import Interrupted, Signals
from saccade.training.setup.resolved_run import Job
from saccade.training.step.train_state import Session


class Validator:
    """Measures a system on pictures that it does not learn from.

    Args:
        dataset: The pictures.
        job: The training, for its user's metrics.
        supply: How pictures are read.

    Attributes:
        evaluation: What the last validation found, or None before the first.
        features: What the network made of the pictures then, or None where nobody would look at it.
    """

    def __init__(self, dataset: Dataset, job: Job, supply: Supply) -> None:
        self.dataset, self.metrics = dataset, job.metrics
        self.loader = Loader(dataset, job.system.input, replace(supply.reading, on_bad="fail"))
        self.evaluation: Evaluation | None = None
        self.features: FeatureTable | None = None

    def __call__(self, session: Session, signals: Signals) -> dict[str, float | None]:
        """Scores and losses by name; processes that train together measure a part each.

        Raises:
            Interrupted: A signal asked for a stop between two batches.
            ResourceError: A process that reads pictures died, between two batches or while one was measured.
        """
        fabric = session.fabric
        measure = self._measure(session)
        try:
            self._take_all(measure, session, signals)
        except RuntimeError as error:
            raise self.loader.explain(error) from error
        if fabric.world_size > 1:
            states = _gather(measure.state(), fabric.world_size)
            # Merged in one order everywhere: sums that differ in the last bit may be judged unlike.
            measure = self._measure(session)
            measure.merge(states)
        self.evaluation, self.features = measure.result(), measure.features.table()
        return dict(self.evaluation.scores)

    def _take_all(self, measure: Measure, session: Session, signals: Signals) -> None:
        for batch in self.loader.epoch(0):
            with session.fabric.autocast():
                measure.take(batch)
            if signals.stop is not None and session.fabric.world_size == 1:
                raise Interrupted(signals.stop)

    def names(self, session: Session) -> list[str]:
        """The scores that a validation gives."""
        return list(self._measure(session).result().scores)

    def _measure(self, session: Session) -> Measure:
        """A new measurement; metrics gather, so that each one begins with copies of the user's."""
        return Measure(session.system, self.dataset, copy.deepcopy(self.metrics))


def _gather(mine: Any, world: int) -> list[Any]:
    """What every process holds, in the order of processes."""
    found: list[Any] = [None] * world
    torch.distributed.all_gather_object(found, mine)
    return found
