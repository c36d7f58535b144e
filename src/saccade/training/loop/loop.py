"""The loop of training: epochs of steps, validations, checkpoints, and a stop at any moment."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError
from saccade.runtime.device import is_out_of_memory
from saccade.training.callback import Callback
from saccade.training.feed.batch_source import BatchSource
from saccade.training.loop.checkpointer import Checkpointer
from saccade.training.loop.epoch_news import EpochNews, Pace
from saccade.training.loop.log import Log
from saccade.training.loop.measuring import Measuring
from saccade.training.loop.progress import Progress
from saccade.training.loop.signals import Interrupted, Signals
from saccade.training.setup.plan import Plan
from saccade.training.step.guard import check_finite, met_at, out_of_memory_at, too_small_for
from saccade.training.step.schedule import factor, solving_stage, stage_at, within_stage
from saccade.training.step.solve import solve
from saccade.training.step.train_state import TrainState

# A run is validated at the end of its epochs, but no more often than this many times.
VALIDATIONS = 20


class FeedError(Exception):
    """No batch came.

    Attributes:
        error: Why.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass
class Loop:
    """A training, from where `progress` stands to its end.

    Attributes:
        train_state: What learns.
        plan: What is done, step by step.
        batch_source: Where batches come from.
        measuring: What measures, or None where there is nothing to measure on.
        checkpointer: What writes checkpoints.
        log: What tells of the steps.
        signals: What may ask for a stop.
        progress: Where the training stands.
        callbacks: A user's own parts.
        validated_best: Whether what was measured last are the weights of the best checkpoint.
    """

    train_state: TrainState
    plan: Plan
    batch_source: BatchSource
    measuring: Measuring | None
    checkpointer: Checkpointer
    log: Log
    signals: Signals
    progress: Progress
    callbacks: Sequence[Callback] = field(default_factory=tuple[Callback, ...])
    validated_best: bool = field(default=False, init=False)
    _ticked: float = field(default_factory=time.monotonic, init=False)
    _step_seconds: float = field(default=0.0, init=False)
    _greatest_share: float = field(default=0.0, init=False)
    _pace: Pace = field(default_factory=lambda: Pace(0.0), init=False)

    def run(self) -> None:
        """Train to the end.

        Raises:
            Interrupted: A signal asked for a stop; the state was saved.
            DataError: A picture cannot be read; the state was saved.
            ResourceError: A reading process died (the state was saved), or memory ran out.
            NotFiniteError: A loss or gradient was not finite; the step was not taken.
        """
        self._ticked = time.monotonic()
        try:
            if self.measuring is not None:
                with self.signals.at_once():
                    self.measuring.begin(self.train_state)
            self._tick()
            self._pace = Pace(self.progress.seconds)
            while not self.progress.finished:
                self._stage()
        except Interrupted:
            self._save()
            raise
        except FeedError as failed:
            self._save()  # it came between two steps, where weights, optimiser and progress agree
            raise met_at(failed.error, self.progress.step) from failed

    @property
    def _share(self) -> float:
        """The share of the descent that is done; it never falls, though what is laid by for the end may change."""
        # A step that has begun is ended: what the last one took is laid by, too.
        reserve = 0.0 if self.measuring is None else self.measuring.reserve + self._step_seconds
        share = self.plan.progress(self.progress.step - self.progress.solved, self.progress.seconds, reserve)
        self._greatest_share = max(self._greatest_share, share)
        return self._greatest_share

    @property
    def _left(self) -> float | None:
        """Seconds that the run will still take: what is left of its minutes, or as it went so far."""
        if self.plan.settings.minutes is not None:
            return max(self.plan.settings.minutes * 60 - self.progress.seconds, 0.0)
        share = self._share
        return self.progress.seconds * (1 - share) / share if share > 0 else None

    def _stage(self) -> None:
        """Solve where that comes next, or train until the epoch, the stage or the run ends."""
        position = self._solving_stage()
        if position is not None:
            self._solve(position)
        else:
            self._descend(stage_at(self.plan.recipe, self._share))
        if self._over() and not self.progress.finished:
            self._end_run()

    def _solving_stage(self) -> int | None:
        """The stage that is to be solved now, or None."""
        return solving_stage(self.plan.recipe, 1.0 if self._descended() else self._share, self.progress.solved)

    def _solve(self, position: int) -> None:
        """Find the weights of some heads at once: one step, in an epoch of its own."""
        if self.progress.summed:
            self._close(validate=False)
        stage = self.plan.recipe.stages[position]
        self.train_state.enter(stage)
        with self.signals.at_once():
            told = solve(self.train_state, self.batch_source, stage)
        self.progress.solved += 1
        # Scores of the time before, with these heads unsolved, are no match for those that come.
        self.progress.best = None
        losses = {name: value for name, value in told.items() if name.split("/")[0] == "loss"}
        check_finite(losses, 0.0, self.progress.step, (), self.checkpointer.witness)
        self._count_step(losses, told | {"lr": 0.0, "gradient_norm": 0.0})
        facts = "  ".join(f"{name.split('/', 1)[1]} {value:.4g}" for name, value in told.items() if name not in losses)
        self.log.say(f"step {self.progress.step}  solved {', '.join(stage.solve)}  {facts}")

    def _descend(self, position: int) -> None:
        self.train_state.enter(self.plan.recipe.stages[position])
        if self.batch_source.cache is not None:
            with self.signals.at_once():
                self.batch_source.make_ready(self.train_state)
        batches = self.batch_source.epoch(self.progress.epoch, self.progress.batch, self.train_state)
        while not self._descended() and stage_at(self.plan.recipe, self._share) == position:
            group = self._next_group(batches)
            if not group:
                self._end_epoch()
                return
            with self.signals.undisturbed():
                self._step([batch for _, batch in group], group[-1][0])
            self._between_steps()

    def _next_group(self, batches: Iterator[tuple[int, Batch]]) -> list[tuple[int, Batch]]:
        """The batches of one step, each with its position: `accumulate`, or what is left of the epoch."""
        left = self.plan.batches - self.progress.batch
        try:
            self.signals.tell_deaths()
            return list(islice(batches, min(self.plan.settings.accumulate, left)))
        except (SaccadeError, RuntimeError) as error:
            raise FeedError(self.batch_source.explain(error)) from error

    def _step(self, group: list[Batch], position: int) -> None:
        stage, done = within_stage(self.plan.recipe, self._share)
        lr = self.plan.recipe.lr * stage.lr * factor(self.plan.recipe, done, self.progress.drops)
        losses, norm = self._backward(group)
        ids = [name for batch in group for name in batch.ids]
        check_finite(losses, norm, self.progress.step, ids, self.checkpointer.witness)
        self.train_state.step(lr)
        self.progress.batch = position
        self._pace.pictures += len(ids) * self.plan.world
        self._count_step(losses, losses | {"lr": lr, "gradient_norm": norm} | self.train_state.told())

    def _count_step(self, losses: dict[str, float], told: Mapping[str, float]) -> None:
        """Count a step that was taken, and tell of it."""
        self.progress.step += 1
        self.progress.add(losses)
        before = self.progress.seconds
        self._tick()
        self._step_seconds = self.progress.seconds - before
        self.log.step(self.progress, told, self._share, self._left)
        for callback in self.callbacks:
            callback.on_step(self.progress.step, losses)

    def _backward(self, group: list[Batch]) -> tuple[dict[str, float], float]:
        try:
            return self.train_state.backward(group, self.progress.step)
        except (RuntimeError, ValueError, MemoryError) as error:
            if is_out_of_memory(error):
                raise out_of_memory_at(group, self.progress.step) from error
            if (small := too_small_for(error, group)) is not None:
                raise small from error
            raise self.batch_source.explain(error) from error

    def _tick(self) -> None:
        """Count the time since the last call; all processes go by the first one's clock."""
        now = time.monotonic()
        seconds = self.progress.seconds + now - self._ticked
        self._ticked = now
        self.progress.seconds = self.train_state.agree(seconds, "first")
        if self.measuring is not None:
            self.measuring.ticked()

    def _between_steps(self) -> None:
        stop = int(self.train_state.agree(float(self.signals.stop or 0), "greatest"))
        if stop:
            raise Interrupted(stop)
        if self.signals.save or self.checkpointer.due(self.progress.step):
            self.signals.save = False
            self._save()

    def _descended(self) -> bool:
        patience = self.plan.settings.patience
        return self._share >= 1.0 or (patience is not None and self.progress.stalled >= patience)

    def _over(self) -> bool:
        return self._descended() and self._solving_stage() is None

    @property
    def _marks(self) -> int:
        return math.floor(self._share * VALIDATIONS + 1e-9)

    def _end_epoch(self) -> None:
        """Close an epoch, with a validation where one is due."""
        self._close(validate=self._marks > self.progress.validations or self._over())

    def _end_run(self) -> None:
        """Close a run: its last epoch, should it end inside one."""
        if self.progress.summed:
            self._close(validate=True, ends=True)
        else:
            self.progress.finished = True
            self._save()

    def _close(self, validate: bool, ends: bool = False) -> None:
        """Write the epoch's line, judge its scores, and save."""
        speed = self._pace.speed(self.progress.seconds)
        scores = self._validate() if validate else {}
        means = self.progress.means()
        # Where validations are made, weights that none has judged are not compared with those that one has.
        judged = validate and (self.measuring is None or bool(scores))
        best = judged and self._judge(scores or {"loss": means.get("loss")})
        self.validated_best = best if scores else self.validated_best
        self._tell(means, scores, best, speed)
        self.progress.validations = max(self.progress.validations, self._marks)
        for callback in self.callbacks:
            callback.on_epoch(self.progress.epoch, scores)
        self.progress.next_epoch()
        self._tick()
        self.progress.finished = ends or self.progress.finished or self._over()
        self.log.sync()
        self.checkpointer.save(self.train_state, self.progress, scores, best)
        self._pace = Pace(self.progress.seconds)

    def _validate(self) -> dict[str, float | None]:
        """Scores of the weights as they are; empty where nothing is measured."""
        if self.measuring is None:
            return {}
        with self.train_state.averaged_weights():
            found = self.measuring.validate(self.train_state, self.signals, last=self._over())
        self._tick()
        if found:
            self.progress.validated = self.progress.seconds
        return found

    def _tell(
        self, means: Mapping[str, float], scores: Mapping[str, float | None], best: bool, speed: float | None
    ) -> None:
        headline, measured = ((), "") if self.measuring is None else (self.measuring.headline, self.measuring.part)
        times = (speed, self.progress.seconds, self._left)
        news = EpochNews(
            self.progress.epoch, self.progress.step, means.get("loss"), scores, headline, measured, best, *times
        )
        self.log.epoch(self.progress, means, news, 0 if self.measuring is None else self.measuring.pictures)

    def _judge(self, scores: Mapping[str, float | None]) -> bool:
        """Whether the score is the best so far; a stall lowers a plateau's rate and wears patience out."""
        sign = -1.0 if self.plan.recipe.best.startswith("-") else 1.0
        score = scores.get(self.plan.recipe.best.removeprefix("-"))
        if score is None or not math.isfinite(score):
            return False
        if self.progress.best is None or sign * score > sign * self.progress.best:
            self.progress.best, self.progress.stalled = score, 0
            return True
        self.progress.stalled += 1
        if self.plan.recipe.schedule == "plateau" and self.progress.stalled % self.plan.recipe.milestones[0] == 0:
            self.progress.drops += 1
        return False

    def _save(self) -> None:
        self.log.sync()
        self.checkpointer.save(self.train_state, self.progress)
