"""How large the study of boundaries is, how its networks learn, and how they are used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import saccade as sc
from bench.boundary_data import HeldPixels, opened
from bench.boundary_methods import LEARNERS, TRUNK, Learner, Method
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.refine.table import refinement, values_of
from saccade.runtime.tools.tuning.grid import CrfGrid

SETS = ("camvid", "pennfudan")
GRID = CrfGrid(weights=(3.0, 10.0), places=(10.0, 30.0, 60.0), colours=(5.0, 10.0, 20.0))


@dataclass(frozen=True)
class Study:
    """How large the study is.

    Attributes:
        root: Folder of the data sets.
        out: Where runs and results are kept.
        sets: Which of them.
        steps: Steps of each training.
        size: (H, W) of the pictures that lie.
        width: Factor of the trunk's channels.
        batch: Pictures of a step.
        most: Pictures of a side at most, or None.
        sought: Training pictures on which the CRF's parameters are sought.
        grid: Which parameters are tried.
        timed: Pictures whose answers are timed, one by one, so many rounds.
        rounds: Such rounds.
    """

    root: Path
    out: Path
    sets: Sequence[str] = SETS
    steps: int = 240
    size: tuple[int, int] = (180, 240)
    width: float = 0.25
    batch: int = 8
    most: int | None = None
    sought: int = 12
    grid: CrfGrid = GRID
    timed: int = 4
    rounds: int = 5

    @property
    def quick(self) -> "Study":
        """The same, tiny."""
        grid = CrfGrid(weights=(3.0,), places=(10.0,), colours=(10.0,), iterations=2)
        tiny: dict[str, Any] = {"size": (48, 64), "steps": 2, "width": 1 / 16, "batch": 2, "most": 3}
        return replace(self, **tiny, sought=2, grid=grid, timed=1, rounds=1)

    def data(self, name: str, split: str) -> HeldPixels:
        """A split of a set."""
        return opened(self.root, name, split, self.size, self.most)

    def run(self, name: str, method: Method) -> Path:
        """The folder of the run on a set of a method's network."""
        return self.out / "runs" / name / method.learner

    def learn(self, name: str, method: Method, train: HeldPixels) -> Path:
        """Train a method's network, all of them alike, if that is not done; pictures stay as large as they are."""
        learner = LEARNERS[method.learner]
        descent = {"optimiser": "adamw", "lr": 1e-3, "schedule": "cosine", "warmup": 0.05, "weight_decay": 1e-4}
        settings: dict[str, Any] = {
            "trunk": TRUNK, "width": self.width, "steps": self.steps, "batch": self.batch, "augment": "none,flip=0.5",
            "workers": 0, "resume": True, "precision": "32", **descent,
        }  # fmt: skip
        return Path(sc.train(learner.system, train, self.run(name, method), **settings, **self._own(learner)).path)

    def use(self, name: str, method: Method) -> Predictor:
        """A method's network in use, refined where it is."""
        told: dict[str, Any] = {}
        if method.refine is not None:
            # What is said counts before what was found for the run.
            said = {} if method.sought else values_of(refinement(method.refine))
            told = {"refine": method.refine, "refine_with": said}
        return sc.load(self.run(name, method), which="last", precision="32", **told)

    def _own(self, learner: Learner) -> dict[str, Any]:
        sides = {"longer": max(self.size), "shorter": min(self.size)}
        return {**learner.options, **({} if learner.side is None else {"size": sides[learner.side]})}
