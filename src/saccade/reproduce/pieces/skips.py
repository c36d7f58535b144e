"""FCN-32s, 16s and 8s, taught the same pictures."""

from collections.abc import Sequence
from typing import Any

from saccade.reproduce.experiments.fcn_skips import MEASURES, ROWS
from saccade.reproduce.pieces.learning import Sides, learnt, run_of, sides_of
from saccade.reproduce.terms import Piece, Terms, Told

LEARNS = {
    "optimiser": "adamw", "lr": 1e-3, "schedule": "cosine", "warmup": 0.05, "weight_decay": 1e-4,
    "augment": "none,flip=0.5", "balance": "median", "trunk_lr_factor": 1.0, "pixel_loss": ("cross_entropy",),
}  # fmt: skip
SMALL = {"trunk": "efficientnet_lite0", "pretrained": True, "grouped": True}


class Skips:
    """The comparison of strides.

    Args:
        terms: How large it is.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sides: Sides | None = None

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """Each training, from coarse to fine."""
        return [Piece(f"{row}-{seed}", row, seed) for seed in range(seeds) for row in ROWS]

    def measured(self, piece: Piece) -> Told:
        """Train and measure one of the three."""
        size, name = self._terms.size, self._terms.data[0]
        self._sides = self._sides or sides_of(self._terms, name, size.size)
        options = self._as_published(piece) if self._terms.full else SMALL
        found = learnt(piece.row, self._sides, self._terms, piece, LEARNS, size=size.size, **options)
        return {piece.row: {measure.name: found[measure.name] for measure in MEASURES}}

    def _as_published(self, piece: Piece) -> dict[str, Any]:
        """The released loss; first weights are those of the network before, or ImageNet's."""
        rows = list(ROWS)
        place = rows.index(piece.row)
        if place == 0:
            return {"loss": "sum", "pretrained": True, "recipe": "paper"}
        return {"loss": "sum", "init": str(run_of(self._terms, f"{rows[place - 1]}-{piece.seed}"))}


def work(terms: Terms) -> Skips:
    """The one who does the comparison."""
    return Skips(terms)
