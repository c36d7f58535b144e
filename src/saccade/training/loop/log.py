"""What a training tells: metrics.jsonl, TensorBoard, and lines for the person who waits."""

import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from torch.utils.tensorboard import SummaryWriter

from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop.progress import Progress

LINE_EVERY_SECONDS = 10.0


class Log:
    """Tells of steps and epochs.

    Args:
        folder: The run's folder.
        speaks: Whether this process writes and prints; only one of those that train together does.
        begun: Where the training begins or goes on; records of later steps are dropped, so that none stands twice.
    """

    def __init__(self, folder: RunFolder, speaks: bool, begun: Progress) -> None:
        self.speaks, self._open = speaks, speaks
        self._line_at = 0.0
        if not speaks:
            return
        self.records = MetricsLog(folder.metrics)
        self.records.cut(begun.step, begun.epoch)
        self.board = SummaryWriter(str(folder.tensorboard), purge_step=begun.step + 1 if begun.step else None)  # pyright: ignore[reportCallIssue]
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.bar = Bar(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task("training", total=1.0)
        self.bar.start()

    def step(self, progress: Progress, values: Mapping[str, float], share: float) -> None:
        """One step's losses, learning rate and gradient norm."""
        if not self.speaks:
            return
        self.records.append({"step": progress.step, "epoch": progress.epoch, **values})
        for name, value in values.items():
            self.board.add_scalar(f"train/{name}", value, progress.step)
        text = f"step {progress.step}  epoch {progress.epoch}  loss {values['loss']:.4f}"
        self.bar.update(self.task, completed=share, description=text)
        now = time.monotonic()
        if self.bar.disable and (now - self._line_at > LINE_EVERY_SECONDS or share >= 1.0):
            self._line_at = now
            self.say(f"{text}  lr {values['lr']:.2e}  {share:4.0%}")

    def epoch(self, progress: Progress, means: Mapping[str, float], scores: Mapping[str, float | None]) -> None:
        """One epoch's mean losses and validation scores."""
        if not self.speaks:
            return
        train = {f"train_{name}": value for name, value in means.items()}
        self.records.append({"epoch": progress.epoch, "at_step": progress.step, **train, **scores})
        for name, value in scores.items():
            if value is not None:
                self.board.add_scalar(f"val/{name}", value, progress.step)
        if scores:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items() if value is not None)
            self.say(f"epoch {progress.epoch}  train loss {means.get('loss', 0.0):.4f}  val: {shown}")

    def say(self, text: str) -> None:
        """One line for the person who waits, above the bar where there is one."""
        if self.speaks:
            self.bar.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def sync(self) -> None:
        """Put the records on disk, so that they outlive what a checkpoint outlives."""
        if self.speaks:
            self.records.sync()

    def close(self) -> None:
        """Put the bar away and the records on disk; once, for a board broken off amid its close refuses another."""
        if self._open:
            self._open = False
            self.bar.stop()
            self.records.close()
            self.board.close()
