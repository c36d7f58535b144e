"""When checkpoints are written, and which of them stay."""

import time
from collections.abc import Mapping
from pathlib import Path

from saccade.runtime import checkpoint
from saccade.training.progress import Progress
from saccade.training.session import Session

# Unless told otherwise, checkpoints may cost this share of the time, and come no closer than so many seconds.
SHARE, LEAST_SECONDS = 1 / 30, 3.0
KEPT = 2


class Keeper:
    """Writes checkpoints of a run: atomically, and as often as their cost allows.

    Args:
        out: The run's folder.
        every: Steps between checkpoints, or None for a share of the time.
        writes: Whether this process writes; only one of those that train together does.
    """

    def __init__(self, out: Path, every: int | None, writes: bool = True) -> None:
        self.out, self.folder, self.every, self.writes = out, out / "checkpoints", every, writes
        self._cost = 0.0
        self._saved = float("-inf")  # the first step is saved at once, which also measures the cost

    def due(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps."""
        if self.every is not None:
            return step % self.every == 0
        return time.monotonic() - self._saved > max(LEAST_SECONDS, self._cost / SHARE)

    def save(
        self,
        session: Session,
        progress: Progress,
        scores: Mapping[str, float | None] | None = None,
        best: bool = False,
    ) -> None:
        """Write a checkpoint and lead ``last``, and ``best`` if it is, to it.

        Raises:
            ResourceError: The disk is full; the checkpoints before are whole.
        """
        if not self.writes:
            return
        started = time.monotonic()
        name = f"step-{progress.step:08d}-epoch-{progress.epoch:05d}"
        if not (self.folder / name).exists():
            facts = {"step": progress.step, "progress": progress.as_dict(), "scores": dict(scores or {})}
            checkpoint.save(self.folder, name, session.weights(), session.memory(), facts)
        checkpoint.point(self.folder, "last", name)
        if best:
            checkpoint.point(self.folder, "best", name)
        checkpoint.prune(self.folder, KEPT)
        self._saved = time.monotonic()
        self._cost = self._saved - started
