"""What a training leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """A run's folder, and how it ended.

    Attributes:
        path: The folder.
        step: Optimiser steps done.
        scores: Validation scores of the best checkpoint; empty without validation.
    """

    path: Path
    step: int
    scores: Mapping[str, float | None]

    def __fspath__(self) -> str:
        return str(self.path)
