"""Hourglasses in a row, taught the same figures."""

from collections.abc import Sequence
from typing import Any

from saccade.data.datasets.persons.posed import with_poses
from saccade.data.open import open_data
from saccade.reproduce.experiments.hourglass_stacks import SHAPES
from saccade.reproduce.pieces.held import Held
from saccade.reproduce.pieces.learning import Sides, learnt
from saccade.reproduce.terms import SCENES, Piece, Terms, Told
from saccade.systems.build import build

COUNTS = "counts"
POSE = ("pose", "pose_visible")
# Built-in pictures are drawn larger than they are looked at: figures stand in a part of them.
DRAWN = 128
# The paper's recipe is for days: of figures that stand upright this one learns as much in a sixth of the time.
LEARNS = {
    "optimiser": "adamw", "lr": 3e-3, "schedule": "cosine", "augment": "none,flip=0.5,scale=0.8:1.25,rotate=15",
}  # fmt: skip
JOINTS = 16


class Hourglasses:
    """The comparison of rows.

    Args:
        terms: How large it is.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sides: Sides | None = None

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """The counts, and each training."""
        named = {row: row.replace(", one loss", "-one-loss") for row in SHAPES}
        trainings = [Piece(f"{named[row]}-{seed}", row, seed) for seed in range(seeds) for row in SHAPES]
        return [Piece(COUNTS), *trainings]

    def measured(self, piece: Piece) -> Told:
        """Do a piece."""
        if piece.name == COUNTS:
            return {row: {"parameters": self._parameters(row)} for row in SHAPES}
        self._sides = self._sides or self._opened()
        size = self._terms.size
        found = learnt("hourglass", self._sides, self._terms, piece, LEARNS, size=size.size, **self._shape(piece.row))
        return {piece.row: {score: found[score] for score in ("pckh", "pck")}}

    def _shape(self, row: str) -> dict[str, Any]:
        stacks, modules, intermediate = SHAPES[row]
        width = self._terms.size.width
        return {"stacks": stacks, "modules": modules, "intermediate": intermediate, "width": width}

    def _parameters(self, row: str) -> float:
        """Millions of parameters of MPII's 16 joints, of the width that learns."""
        system = build("hourglass", JOINTS, **self._shape(row))
        return sum(one.numel() for one in system.parameters()) / 1e6

    def _opened(self) -> Sides:
        """Pictures that show a figure; a fifth as many built-in ones are measured on."""
        name = self._terms.data[0]
        source = self._terms.source(name, DRAWN)
        opened = tuple(with_poses(open_data(source, split), POSE) for split in ("train", "val"))
        return (Held(opened[0]), Held(opened[1])) if name == SCENES else (opened[0], opened[1])


def work(terms: Terms) -> Hourglasses:
    """The one who does the comparison."""
    return Hourglasses(terms)
