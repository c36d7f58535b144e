"""The validations of a training and the evaluation at its end: on how many pictures, at what cost, what is told."""

import time
from dataclasses import dataclass, field

from saccade.metrics.evaluation import Evaluation
from saccade.training.loop.epoch_news import clock, named
from saccade.training.loop.evaluation_budget import EvaluationBudget
from saccade.training.loop.log import Log
from saccade.training.loop.progress import Progress
from saccade.training.loop.signals import Signals
from saccade.training.loop.validation import Validator
from saccade.training.step.train_state import TrainState

# Share of the minutes that a rehearsal may take.
REHEARSAL = 1 / 20


@dataclass
class Measuring:
    """What a training measures.

    Attributes:
        validator: What measures.
        budget: How much time there is for it.
        log: What tells of it.
        progress: Where the training stands.
        best: The score that chooses the best checkpoint.
    """

    validator: Validator
    budget: EvaluationBudget
    log: Log
    progress: Progress
    best: str = ""
    _ticked: float = field(default_factory=time.monotonic, init=False)

    @property
    def reserve(self) -> float:
        """Seconds of the run that are laid by for its end."""
        return self.budget.reserve(self.progress.each, self.progress.measured)

    @property
    def headline(self) -> list[str]:
        """Names of the scores that are told: those that the metrics are known by, and the one that chooses."""
        found = self.validator.evaluation
        told = () if found is None else found.headlines
        # Of several metrics each is told by one score.
        names = [name for one in told for name in (one.names if len(told) == 1 else one.names[:1])]
        names = [name for name in names if found is not None and found.scores.get(name) is not None]
        chooses = self.best.removeprefix("-")
        return list(dict.fromkeys([*names, *([chooses] if chooses and chooses != "loss" else [])]))

    @property
    def pictures(self) -> int:
        """On how many pictures was measured last."""
        return len(self.validator.measured)

    @property
    def part(self) -> str:
        """On how many pictures was measured, where not on all of them."""
        found = self.validator.evaluation
        return "" if found is None or found.of_pictures is None else f"on {found.measured_on}"

    def begin(self, train_state: TrainState) -> None:
        """Try what a picture takes, where the run's minutes bound what may be measured; say where that is not all."""
        budget = self.budget
        if budget.seconds is None or self.progress.each:
            return
        self.progress.each = self.validator.rehearse(train_state, budget.seconds * REHEARSAL)
        count = budget.at_the_end(self.progress.each)
        if count < budget.pictures:
            whole = clock(self.progress.each * budget.pictures)
            self.log.say(
                f"note: to evaluate all {budget.pictures} validation pictures takes about {whole}, more than a quarter "
                f"of --minutes: the last evaluation measures about {count} of them; give more minutes for more"
            )

    def validate(self, train_state: TrainState, signals: Signals, last: bool) -> dict[str, float | None]:
        """Losses and scores of a validation on the way, or of the one at the end; empty where there is no time for it.

        Args:
            train_state: What is measured.
            signals: What may ask for a stop.
            last: Whether the training is over.
        """
        trained = self.progress.seconds - self.progress.validated
        if last and self.progress.best is None:
            # No checkpoint before it was judged: this one is the best, and the evaluation of the best is this one.
            count = self.budget.at_the_end(self.progress.each, self._left(self.progress.seconds))
        else:
            count = self._on_the_way()
            due = last or self.budget.is_due(self.progress.each, count, trained, self.progress.seconds)
            count = count if due else 0
        if not count:
            return {}
        return self._measure(train_state, signals, count, trained)

    def finish(self, train_state: TrainState, known: bool) -> Evaluation:
        """The evaluation of the best checkpoint, whose weights are in place.

        Args:
            train_state: What is measured.
            known: Whether the last validation was of the same weights.
        """
        left = self._left(train_state.agree(self._spent, "first"))
        count = self.budget.at_the_end(self.progress.each, left)
        found = self.validator.evaluation
        if known and found is not None and len(self.validator.measured) >= count:
            return found
        self._measure(train_state, Signals(), count, None)
        return self.validator.evaluation or Evaluation({})

    def drawn(self) -> int | None:
        """How many pictures the report may predict anew; None where it may draw all that it likes."""
        count = self.budget.drawn(self.progress.each, self._left(self._spent) or 0.0)
        if count is not None:
            self.log.say(f"note: the report draws {count} pictures: to predict more takes longer than --minutes leave")
        return count

    @property
    def _spent(self) -> float:
        """Seconds of the run until now."""
        return self.progress.seconds + time.monotonic() - self._ticked

    def ticked(self) -> None:
        """Note that the progress's seconds are those of now."""
        self._ticked = time.monotonic()

    def summary(self, found: Evaluation) -> str:
        """The headline scores of the best checkpoint, and on how many pictures they were measured."""
        told = [named(name, found.scores.get(name)) for name in self.headline or ["loss"]]
        return f"best checkpoint, measured on {found.measured_on}: " + "  ".join(part for part in told if part)

    def _measure(
        self, train_state: TrainState, signals: Signals, count: int, trained: float | None
    ) -> dict[str, float | None]:
        def told(done: int, total: int) -> None:
            self.log.console.measuring(done, total, trained)

        scores = self.validator(train_state, signals, count, told)
        self.progress.each = self.validator.each
        return scores

    def _on_the_way(self) -> int:
        """Pictures of a validation on the way, settled with the first one: scores are compared with one another."""
        if self.progress.measured is None:
            budget, each = self.budget, self.progress.each
            self.progress.measured = budget.on_the_way(each)
            if self.progress.measured < budget.pictures:
                told = f"measure {self.progress.measured}" if self.progress.measured else "are left out: not even a few"
                self.log.say(
                    f"note: validations on the way {told} of {budget.pictures} pictures, always the same ones: all "
                    f"would take {clock(each * budget.pictures)} each, more than an eighth of --minutes"
                )
        return self.progress.measured

    def _left(self, spent: float) -> float | None:
        return None if self.budget.seconds is None else self.budget.seconds - spent
