"""Validation: losses and scores on pictures that the training never sees."""

from dataclasses import replace
from typing import Any

import torch.distributed

from saccade.core.dataset import Dataset
from saccade.data.loader import Loader
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.measure import Measure
from saccade.training.job import Job
from saccade.training.session import Session
from saccade.training.signals import Interrupted, Signals
from saccade.training.supply import Supply


class Validator:
    """Measures a system on pictures that it does not learn from.

    Args:
        dataset: The pictures.
        job: The training, for its user's metrics.
        supply: How pictures are read.

    Attributes:
        evaluation: What the last validation found, or None before the first.
    """

    def __init__(self, dataset: Dataset, job: Job, supply: Supply) -> None:
        self.dataset, self.metrics = dataset, job.metrics
        self.loader = Loader(dataset, job.system.input, replace(supply.reading, on_bad="fail"))
        self.evaluation: Evaluation | None = None

    def __call__(self, session: Session, signals: Signals) -> dict[str, float | None]:
        """Scores and losses by name; processes that train together measure a part each.

        Raises:
            Interrupted: A signal asked for a stop between two batches.
        """
        fabric = session.fabric
        measure = Measure(session.system, self.dataset, self.metrics)
        for batch in self.loader.epoch(0):
            with fabric.autocast():
                measure.take(batch)
            if signals.stop is not None and fabric.world_size == 1:
                raise Interrupted(signals.stop)
        if fabric.world_size > 1:
            states = _gather(measure.state(), fabric.world_size)
            measure.merge(states[: fabric.global_rank] + states[fabric.global_rank + 1 :])
        self.evaluation = measure.result()
        return dict(self.evaluation.scores)


def _gather(mine: Any, world: int) -> list[Any]:
    """What every process holds, in the order of processes."""
    found: list[Any] = [None] * world
    torch.distributed.all_gather_object(found, mine)
    return found
