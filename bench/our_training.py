"""Our training as ``saccade train`` sets it up, its steps in the hands of a bench."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.network.system import System
from saccade.systems.build import build
from saccade.training.feed.input_pipeline import Supply
from saccade.training.parallel.machine import hold_memory, make_fabric, repeatable
from saccade.training.settings import TrainSettings
from saccade.training.setup.resolved_run import prepare
from saccade.training.step.train_state import Session

LR = 1e-3


class Steps:
    """Steps of the optimiser, with the arithmetic of real trainings, which gives the same bits each time.

    Args:
        session: What learns.
    """

    def __init__(self, session: Session) -> None:
        hold_memory()  # as every training does
        self.session, self.done = session, 0
        session.enter(session.recipe.stages[0])

    @staticmethod
    def of(system: str, classes: int, side: int) -> "Steps":
        """Steps of a system by name, on the CPU, without data."""
        torch.manual_seed(0)
        return Steps.on(build(system, classes, size=side))

    @staticmethod
    def on(system: System) -> "Steps":
        """Steps of a system by its own recipe, on the CPU, without data."""
        return Steps(Session(system, system.recipe, make_fabric(TrainSettings(device="cpu")), seed=0))

    def take(self, batch: Batch, lr: float = LR) -> float:
        """One step; returns the loss before it."""
        with repeatable(self.session.fabric.device, strict=False):
            losses, _ = self.session.backward([batch], self.done)
        self.session.step(lr)
        self.done += 1
        return losses["loss"]

    def noise(self, pictures: int, side: int) -> Batch:
        """A batch of square pictures of noise, their classes in turn."""
        system = self.session.system
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
        job = prepare(system, data, out, None, {"device": "cpu", **settings})
        fabric = make_fabric(job.settings)
        self.supply = Supply.of(job, fabric, _silent)
        self.steps = Steps(Session(job.system, self.supply.plan.recipe, fabric, job.settings.seed))

    @property
    def workers(self) -> int:
        """Processes that read."""
        return self.supply.reading.workers

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, fed as in real trainings."""
        for _, batch in self.supply.feeder.epoch(epoch, 0, self.steps.session):
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
