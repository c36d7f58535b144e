"""Our training as ``saccade train`` sets it up, its steps in the hands of a bench."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.network.system import System
from saccade.runtime.memory import hold_memory
from saccade.systems.build import build
from saccade.training.feed.input_pipeline import InputPipeline
from saccade.training.parallel.machine import make_fabric, repeatable
from saccade.training.settings import TrainSettings
from saccade.training.setup.resolved_run import prepare
from saccade.training.step.train_state import TrainState

LR = 1e-3


class Steps:
    """Steps of the optimiser, with the arithmetic of real trainings, which gives the same bits each time.

    Args:
        train_state: What learns.
    """

    def __init__(self, train_state: TrainState) -> None:
        hold_memory()  # as every training does
        self.train_state, self.done = train_state, 0
        train_state.enter(train_state.recipe.stages[0])

    @staticmethod
    def of(system: str, classes: int, side: int) -> "Steps":
        """Steps of a system by name, on the CPU, without data."""
        torch.manual_seed(0)
        return Steps.on(build(system, classes, size=side))

    @staticmethod
    def on(system: System) -> "Steps":
        """Steps of a system by its own recipe, on the CPU, without data."""
        return Steps(TrainState(system, system.recipe, make_fabric(TrainSettings(device="cpu")), seed=0))

    def take(self, batch: Batch, lr: float = LR) -> float:
        """One step; returns the loss before it."""
        with repeatable(self.train_state.fabric.device, strict=False):
            losses, _ = self.train_state.backward([batch], self.done)
        self.train_state.step(lr)
        self.done += 1
        return losses["loss"]

    def noise(self, pictures: int, side: int) -> Batch:
        """A batch of square pictures of noise, their classes in turn."""
        system = self.train_state.system
        truth = [Annotation(label=torch.tensor(number % len(system.classes))) for number in range(pictures)]
        return system.batch([picture(side, side, number) for number in range(pictures)], truth)


class Training:
    """The training that ``saccade train SYSTEM --data DATA --out OUT`` would run, on the CPU.

    Args:
        system: Its name.
        data: Folder or URI.
        out: Folder of the run, for the features that it keeps.
        **settings: Fields of `TrainSettings`.
    """

    def __init__(self, system: str, data: str, out: Path, **settings: Any) -> None:
        resolved_run = prepare(system, data, out, None, {"device": "cpu", **settings})
        fabric = make_fabric(resolved_run.settings)
        self.pipeline = InputPipeline.of(resolved_run, fabric, _silent)
        self.steps = Steps(
            TrainState(resolved_run.system, self.pipeline.plan.recipe, fabric, resolved_run.settings.seed)
        )

    @property
    def workers(self) -> int:
        """Processes that read."""
        return self.pipeline.reading.workers

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, fed as in real trainings."""
        for _, batch in self.pipeline.batch_source.epoch(epoch, 0, self.steps.train_state):
            yield batch

    def epoch(self, number: int) -> None:
        """The steps of one epoch."""
        for batch in self.batches(number):
            self.steps.take(batch)


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """(3, height, width) uint8 of noise."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=generator)


def _silent(line: str) -> None:
    """Tell nobody."""
