"""What a training tells: metrics.jsonl and TensorBoard in full, and the console in short."""

from collections.abc import Mapping

from torch.utils.tensorboard import SummaryWriter

from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop.console import Console
from saccade.training.loop.epoch_news import EpochNews
from saccade.training.loop.progress import Progress


class Log:
    """Tells of steps and epochs.

    Args:
        folder: The run's folder.
        speaks: Whether this process writes and prints; only one of those that train together does.
        begun: Where the training begins or goes on; records of later steps are dropped, so that none stands twice.
    """

    def __init__(self, folder: RunFolder, speaks: bool, begun: Progress) -> None:
        self.speaks, self._open = speaks, speaks
        self.console = Console(speaks)
        if not speaks:
            return
        self.records = MetricsLog(folder.metrics)
        self.records.cut(begun.step, begun.epoch)
        self.board = SummaryWriter(str(folder.tensorboard), purge_step=begun.step + 1 if begun.step else None)  # pyright: ignore[reportCallIssue]

    def step(self, progress: Progress, values: Mapping[str, float], share: float, left: float | None = None) -> None:
        """One step's losses, learning rate and gradient norm.

        Args:
            progress: Where the training stands.
            values: The numbers.
            share: Share of the run that is done.
            left: Seconds that the run will still take, or None where nobody knows.
        """
        if not self.speaks:
            return
        self.records.append({"step": progress.step, "epoch": progress.epoch, **values})
        for name, value in values.items():
            self.board.add_scalar(f"train/{name}", value, progress.step)
        self.console.step(f"epoch {progress.epoch}  step {progress.step}  loss {values['loss']:.4f}", share, left)

    def epoch(self, progress: Progress, means: Mapping[str, float], news: EpochNews, pictures: int) -> None:
        """One epoch's mean losses and validation scores.

        Args:
            progress: Where the training stands.
            means: Mean of each loss term.
            news: What is told of it.
            pictures: How many pictures the scores are of.
        """
        if not self.speaks:
            return
        train = {f"train_{name}": value for name, value in means.items()}
        measured = {**news.scores, "val_pictures": pictures} if news.scores else {}
        self.records.append({"epoch": progress.epoch, "at_step": progress.step, **train, **measured})
        for name, value in news.scores.items():
            if value is not None:
                self.board.add_scalar(f"val/{name}", value, progress.step)
        self.console.epoch(news)

    def say(self, text: str) -> None:
        """One line for the person who waits, above the bar where there is one."""
        self.console.say(text)

    def sync(self) -> None:
        """Put the records on disk, so that they outlive what a checkpoint outlives."""
        if self.speaks:
            self.records.sync()

    def close(self) -> None:
        """Put the bar away and the records on disk; once, for a board broken off amid its close refuses another."""
        if self._open:
            self._open = False
            self.console.close()
            self.records.close()
            self.board.close()
