"""A user's own part of the loop."""

from collections.abc import Mapping
from typing import Protocol


class Callback(Protocol):
    """What is called while a system is trained. It must not change weights, or a resumed run would differ."""

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        """Called after each optimiser step with the weighted loss terms and their sum, ``loss``."""
        ...

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None:
        """Called after each epoch with the validation scores, empty where none was due."""
        ...
