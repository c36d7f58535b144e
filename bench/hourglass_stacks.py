"""Hourglasses in a row: ``python -m bench.hourglass_stacks``, the same size cut into 1, 2, 4 or 8 of them.

Newell, Yang, Deng 2016, section 4.4 and figure 8, compare rows of nearly equal size, each with intermediate supervision
and with one loss at the end. Here they learn built-in figures for some steps each. What is done stays in the folder, so
that the bench can be stopped and called again.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import saccade as sc
from bench.machine import describe_machine
from bench.table import machine_line
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.posed import with_poses
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text

# Hourglasses, and bottlenecks at each place of them.
ROWS = ((1, 8), (2, 4), (4, 2), (8, 1))
POSE = ("pose", "pose_visible")
# The paper's recipe is for days: of figures that stand upright this one learns as much in a sixth of the time.
LEARNS = {"optimiser": "adamw", "schedule": "cosine", "augment": "none,flip=0.5,scale=0.8:1.25,rotate=15"}


class HeldFigures(DatasetWrapper):
    """Built-in pictures that show a figure, drawn once: to draw them takes longer than to learn from them.

    Args:
        pictures: How many are drawn.
        split: Which part of the series.
    """

    def __init__(self, pictures: int, split: str) -> None:
        self.dataset = with_poses(sc.open_data(f"scenes:count={pictures},size=128", split=split), POSE)
        self._held = [self.dataset[place] for place in range(len(self.dataset))]

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, index: int) -> Sample:
        return self._held[index]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self._held[index].truth

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self._held[index].id

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The figures as they are drawn, and the same place there."""
        return self.dataset, index


@dataclass(frozen=True)
class Study:
    """How large the comparison is.

    Attributes:
        out: Where runs and results are kept.
        steps: Steps of each training.
        pictures: Built-in pictures that are drawn, of which those with a figure are learnt from; a fifth as many others
            are measured on.
        size: Side in pixels of what the networks see.
        width: Factor of all channels.
        batch: Pictures of a step.
        lr: Learning rate, which falls to 0 by a cosine.
    """

    out: Path
    steps: int = 1000
    pictures: int = 3000
    size: int = 64
    width: float = 0.125
    batch: int = 8
    lr: float = 3e-3

    @cached_property
    def train(self) -> HeldFigures:
        """What is learnt from."""
        return HeldFigures(self.pictures, "train")

    @cached_property
    def val(self) -> HeldFigures:
        """What is measured on."""
        return HeldFigures(self.pictures, "val")

    def measured(self, stacks: int, modules: int, *, intermediate: bool) -> dict[str, Any]:
        """Train a row of hourglasses, if that is not done, and measure it."""
        name = f"{stacks}x{modules}{'' if intermediate else '-one-loss'}"
        done = self.out / f"{name}.json"
        if done.is_file():
            return json.loads(done.read_text())
        shape: dict[str, Any] = {
            "stacks": stacks,
            "modules": modules,
            "intermediate": intermediate,
            "width": self.width,
        }
        how: dict[str, Any] = {
            "steps": self.steps,
            "batch": self.batch,
            "lr": self.lr,
            "size": self.size,
            "workers": 0,
            "resume": True,
            **LEARNS,
        }
        run = sc.train("hourglass", self.train, self.out / "runs" / name, val=self.val, **shape, **how)
        scores = sc.evaluate(run.path, self.val)
        network = sc.load(run.path).system
        row = {
            **{"stacks": stacks, "modules": modules, "intermediate": intermediate},
            "parameters": sum(p.numel() for p in network.parameters()),
            **{score: scores[score] for score in ("pckh", "pck")},
        }
        write_text(done, to_json(row, indent=1) + "\n")
        return row


def main(given: Sequence[str] | None = None) -> int:
    """Train and measure what is not done, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.hourglass_stacks", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/hourglass_stacks"), help="folder of runs and results")
    for name in ("steps", "pictures", "size", "width", "batch", "lr"):
        value = getattr(Study(Path()), name)
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{value} by default")
    study = Study(**vars(parser.parse_args(given)))
    print(f"{machine_line(describe_machine())}\n{study}", flush=True)
    rows = [
        study.measured(stacks, modules, intermediate=intermediate)
        for stacks, modules in ROWS
        for intermediate in (True, False)
        if intermediate or stacks > 1  # of one hourglass they are the same
    ]
    print(table(rows))
    return 0


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| hourglasses x modules | losses | parameters | PCKh@.5 | PCK@.2 |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        told = "each" if row["intermediate"] else "the last"
        scores = " | ".join("undefined" if row[name] is None else f"{row[name]:.3f}" for name in ("pckh", "pck"))
        lines.append(f"| {row['stacks']} x {row['modules']} | {told} | {row['parameters']} | {scores} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
