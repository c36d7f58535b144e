"""What the person who waits reads: a bar in a terminal, and one line an epoch everywhere."""

import time

from rich.console import Console as Terminal
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from saccade.training.loop.epoch_news import EpochNews, clock

# Without a terminal: a sign of life of what takes longer, and no line for each of many short epochs.
LIFE_SECONDS, SHORT_SECONDS = 30.0, 1.0
# A validation that takes less is not announced.
LONG_SECONDS = 10.0


class Console:
    """Lines and a bar on stderr.

    Args:
        speaks: Whether anything is written.
    """

    def __init__(self, speaks: bool) -> None:
        self.speaks = speaks
        terminal = Terminal(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self.bar = Bar(*columns, console=terminal, transient=True, disable=not speaks or not terminal.is_terminal)
        self._training = self.bar.add_task("training", total=1.0, left="")
        self._measuring = self.bar.add_task("validating", total=1.0, left="", visible=False)
        self._said = self._begun = time.monotonic()
        self._announced = False
        self.bar.start()

    def say(self, text: str) -> None:
        """One line, above the bar where there is one."""
        if self.speaks:
            self.bar.console.print(text, highlight=False, markup=False, soft_wrap=True)
            self._said = time.monotonic()

    def step(self, text: str, share: float, left: float | None) -> None:
        """How far the training is; without a terminal a sign of life in long epochs."""
        self.bar.update(self._training, completed=share, description=text, left=_left(left))
        if self.bar.disable and time.monotonic() - self._said > LIFE_SECONDS:
            self.say(f"  {text}  {share:.0%}{_left(left, ', ')}")

    def epoch(self, news: EpochNews) -> None:
        """One line; of epochs without a score that follow one another within a second, the first."""
        if news.scores or news.best or time.monotonic() - self._said > SHORT_SECONDS:
            self.say(news.line)

    def measuring(self, done: int, total: int, trained: float | None = None) -> None:
        """How far a validation is: what it will take as soon as that is known, then a sign of life now and then.

        Args:
            done: Pictures that are measured; 0 at its beginning.
            total: Pictures in all.
            trained: Seconds of training since the validation before, to be compared with, or None.
        """
        now = time.monotonic()
        if done == 0:
            self._begun, self._announced = now, False
        taken = now - self._begun
        left = taken / done * (total - done) if done else None
        text = f"validating {done}/{total}"
        self.bar.update(self._measuring, completed=done / max(total, 1), description=text, left=_left(left))
        self.bar.update(self._measuring, visible=0 <= done < total)
        if left is None:
            return
        if not self._announced and taken + left > LONG_SECONDS and done < total:
            self.say(announced(total, taken + left, trained))
            self._announced = True
        elif self.bar.disable and done < total and now - self._said > LIFE_SECONDS:
            self.say(f"  {text} pictures{_left(left, ', ')}")

    def close(self) -> None:
        """Put the bar away."""
        self.bar.stop()


def announced(pictures: int, seconds: float, trained: float | None) -> str:
    """What a long validation will take, and how to make it shorter where it outweighs the training before it."""
    told = f"validating on {pictures} pictures: about {clock(seconds)}"
    if trained is None or trained >= seconds:
        return told
    return f"{told}, longer than the {clock(trained)} of training before it; fewer pictures take less: --val 0.1"


def _left(seconds: float | None, before: str = "") -> str:
    return "" if seconds is None else f"{before}{clock(seconds)} left"
