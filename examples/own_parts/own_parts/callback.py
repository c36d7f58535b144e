"""A callback of one's own: a diary with a line for each validated epoch."""

from collections.abc import Mapping
from pathlib import Path


class Diary:
    """Appends scores to a file. It looks at the training and changes nothing of it.

    Args:
        path: The file.
        score: The score that is written down.
    """

    def __init__(self, path: Path, score: str = "top1") -> None:
        self.path, self.score = path, score
        self._loss = float("nan")

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        """After each step: its loss terms, and their sum under ``loss``."""
        self._loss = losses["loss"]

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None:
        """After each epoch: the validation scores, empty where none was due."""
        value = scores.get(self.score)
        if value is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"epoch {epoch}: last loss {self._loss:.4f}, {self.score} {value:.4f}\n")
