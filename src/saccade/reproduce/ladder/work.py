"""The ladder of detectors: each rung timed on the same photographs, and taught the same pictures."""

from collections.abc import Sequence
from typing import Any

from saccade.reproduce.experiment import Scale
from saccade.reproduce.experiments.rcnn_ladder import LEARNERS, ROWS, TOLD
from saccade.reproduce.ladder.photographs import photographs
from saccade.reproduce.ladder.rungs import RUNGS, Common, TimedRungs
from saccade.reproduce.pieces.learning import Sides, learnt, sides_of
from saccade.reproduce.terms import Piece, Terms, Told
from saccade.systems import SYSTEMS
from saccade.systems.build import options_of

TRUNK = "vgg16"
# Width of what is timed, and the shorter side of its pictures: the papers', unless nothing is to be learnt from it.
TIMED: dict[Scale, tuple[float, int]] = {"quick": (1 / 32, 128), "miniature": (1.0, 600), "full": (1.0, 600)}
# Of the anchors in units of 16 pixels, for built-in pictures: the paper's are as large as these pictures are.
SCALES = (1.0, 2.0, 4.0)
# Regions of a small picture that networks learn from: there are few things in it to look at.
LEARNT = 300
LEARNS = {"optimiser": "adamw", "lr": 1e-3, "schedule": "cosine", "warmup": 0.05, "augment": "none,flip=0.5"}


class Ladder:
    """The ladder.

    Args:
        terms: How large it is.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._timed: TimedRungs | None = None
        self._sides: Sides | None = None

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """The times of each rung, then each training."""
        timings = [Piece(f"{row}-time", row) for row in ROWS]
        return [*timings, *(Piece(f"{row}-{seed}", row, seed) for seed in range(seeds) for row in LEARNERS)]

    def measured(self, piece: Piece) -> Told:
        """Do a piece."""
        if piece.name.endswith("-time"):
            self._timed = self._timed or self._rungs()
            found = self._timed.measure(RUNGS[piece.row])
            return {piece.row: {name: values for name, values in found.items() if name in TOLD}}
        size = self._terms.size
        self._sides = self._sides or sides_of(self._terms, self._terms.data[0], size.size)
        scores = learnt(RUNGS[piece.row].system, self._sides, self._terms, piece, LEARNS, **self._options(piece.row))
        return {piece.row: {"AP50": scores["AP50"]}}

    def _rungs(self) -> TimedRungs:
        width, side = TIMED[self._terms.scale]
        common = Common(TRUNK, width, side, self._terms.size.regions)
        return TimedRungs(common, photographs(self._terms.size.rounds + 1))

    def _options(self, row: str) -> dict[str, Any]:
        """Options of what learns; R-CNN's size is that of its windows."""
        size, known = self._terms.size, options_of(SYSTEMS[RUNGS[row].system])
        wanted = {"trunk": TRUNK, "width": size.width, "pretrained": self._terms.full}
        most = size.regions if self._terms.full else min(size.regions, LEARNT)
        wanted |= {"proposals": most} if "search" in known else {}
        if self._terms.full:
            return wanted
        wanted |= {"scales": SCALES} if row == "faster_rcnn" else {}
        return wanted | {"size": size.size // 2 if row == "rcnn" else size.size}


def work(terms: Terms) -> Ladder:
    """The one who does the ladder."""
    return Ladder(terms)
