"""Where a training stands: the numbers that a checkpoint keeps beside the weights."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done: the optimiser's, and one for each stage that was solved.
        solved: Stages that were solved.
        epoch: Epochs finished.
        batch: Batches of the running epoch that are done.
        seconds: Time spent training, all sittings together.
        sums: Sums of the loss terms over the running epoch's steps.
        summed: Steps in `sums`.
        best: Best score so far, or None.
        stalled: Validations since the best one.
        drops: Times that a plateau lowered the learning rate.
        validations: Marks of the run, of which each asks for a validation, that are passed.
        finished: Whether the run has come to its end.
        threads: Threads of arithmetic; the same number gives the same bits.
        pictures: Pictures of a batch; 0 before that is settled.
        validated: Of `seconds`, how many had passed after the last validation.
        each: Seconds that evaluating a picture takes; 0 before it is known.
        measured: Pictures that every validation on the way measures; None before that is settled.
    """

    step: int = 0
    solved: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict[str, float])
    summed: int = 0
    best: float | None = None
    stalled: int = 0
    drops: int = 0
    validations: int = 0
    finished: bool = False
    threads: int = 1
    pictures: int = 0
    validated: float = 0.0
    each: float = 0.0
    measured: int | None = None

    def add(self, losses: dict[str, float]) -> None:
        """Take the loss terms of one step into the epoch's means."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.summed += 1

    def means(self) -> dict[str, float]:
        """Mean of each loss term over the running epoch's steps."""
        return {name: value / max(self.summed, 1) for name, value in self.sums.items()}

    def next_epoch(self) -> None:
        """Close the running epoch."""
        self.epoch, self.batch, self.sums, self.summed = self.epoch + 1, 0, {}, 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
