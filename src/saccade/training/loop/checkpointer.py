"""When checkpoints are written, and which of them stay."""

import time
from collections.abc import Mapping
from pathlib import Path

from saccade.runtime.runs import checkpoint
from saccade.training.loop.progress import Progress
from saccade.training.step.train_state import TrainState

# Unless told otherwise, checkpoints may cost this share of the time, and come no closer than so many seconds.
SHARE, LEAST_SECONDS = 1 / 30, 3.0
KEPT = 2


class Checkpointer:
    """Writes checkpoints of a run: atomically, and as often as their cost allows.

    Args:
        out: The run's folder.
        every: Steps between checkpoints, or None for a share of the time.
        rank: Which of the processes that train together this is; only the first one writes.
    """

    def __init__(self, out: Path, every: int | None, rank: int = 0) -> None:
        self.out, self.folder, self.every, self.rank = out, out / "checkpoints", every, rank
        self._cost = 0.0
        self._name = ""  # the last one written; what an earlier sitting left under a name may be damaged
        self._saved = float("-inf")  # the first step is saved at once, which also measures the cost

    @property
    def witness(self) -> Path:
        """Where the pictures of a step are named whose loss was not finite; each process has a file of its own."""
        return self.out / f"not_finite{f'-{self.rank}' if self.rank else ''}.json"

    def due(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps."""
        if self.every is not None:
            return step % self.every == 0
        return time.monotonic() - self._saved > max(LEAST_SECONDS, self._cost / SHARE)

    def take_up(self, begun: checkpoint.Checkpoint) -> None:
        """Lead ``last``, and ``best`` if it is, to where a run goes on from: a kill may have come first."""
        if self.rank == 0:
            self._lead(begun.path.name, bool(begun.facts.get("best")))

    def save(
        self,
        train_state: TrainState,
        progress: Progress,
        scores: Mapping[str, float | None] | None = None,
        best: bool = False,
    ) -> None:
        """Write a checkpoint and lead ``last``, and ``best`` if it is, to it.

        Raises:
            ResourceError: The disk is full; the checkpoints before are whole.
        """
        if self.rank != 0:
            return
        started = time.monotonic()
        name = f"step-{progress.step:08d}-epoch-{progress.epoch:05d}"
        if name != self._name:
            facts = {"step": progress.step, "progress": progress.as_dict(), "scores": dict(scores or {}), "best": best}
            checkpoint.save(self.folder, name, train_state.weights(), train_state.memory(), facts)
            self._name = name
        self._lead(name, best)
        checkpoint.prune(self.folder, KEPT)
        self._saved = time.monotonic()
        self._cost = self._saved - started

    def _lead(self, name: str, best: bool) -> None:
        checkpoint.point(self.folder, "last", name)
        if best:
            checkpoint.point(self.folder, "best", name)
