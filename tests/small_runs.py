"""Small trainings, and what can be compared of them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import saccade as sc
from helpers import TinyDataset, tiny_system
from saccade.core.augmentation import Augmentation
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.run import Run

# Twelve pictures in batches of four: three batches an epoch.
COUNT, BATCH = 12, 4
RECIPE = Recipe(lr=0.02, batch=BATCH, schedule="cosine", augmentation=Augmentation(flip=0.5, brightness=0.2))


def short_report(folder: RunFolder, *_: object) -> Path:
    """A word in place of the page at the end of a training, which takes longer to draw than a small training takes."""
    folder.report.write_text("a page")
    return folder.report


class PowerCutError(Exception):
    """What a test's callback raises in place of a power cut."""


class CrashAt:
    """A callback that raises after a step, or after an epoch."""

    def __init__(self, step: int = -1, epoch: int = -1) -> None:
        self.at_step, self.at_epoch = step, epoch

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        if step == self.at_step:
            raise PowerCutError

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None:
        if epoch == self.at_epoch:
            raise PowerCutError


class Do:
    """A callback that calls a function after each step."""

    def __init__(self, what: Callable[[int], object]) -> None:
        self.what = what

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        self.what(step)

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None: ...


def system(**recipe: Any) -> System:
    """The tiny system with a recipe."""
    made = tiny_system()
    made.recipe = replace(RECIPE, **recipe)
    return made.train()


def train(out: Path, what: System | None = None, data: Any = None, **settings: Any) -> Run:
    """Train the tiny system for seven steps unless told otherwise; every step is saved."""
    chosen: dict[str, Any] = {"workers": 0, "device": "cpu", "precision": "32", "batch": BATCH, "save_every": 1}
    if not {"steps", "epochs", "minutes"} & set(settings):
        chosen["steps"] = 7
    chosen |= settings
    data = TinyDataset(COUNT) if data is None else data
    return sc.train(system() if what is None else what, data, out, **chosen)


def weights(out: Path, which: str = "last") -> dict[str, Tensor]:
    """The weights of a run."""
    return checkpoint.read(out / "checkpoints" / which, training=False).model


def same_weights(first: Path, second: Path, which: str = "last") -> bool:
    """Whether the weights of two runs are equal to the bit."""
    one, other = weights(first, which), weights(second, which)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def lines(out: Path) -> list[dict[str, Any]]:
    """metrics.jsonl."""
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def losses(out: Path) -> list[float]:
    """The loss of each step."""
    return [line["loss"] for line in lines(out) if "step" in line]


def digests(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of every file below a folder, and where links lead."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = str(path.readlink())
        elif path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
