"""A training that goes on where it stopped, and the scores of its last checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saccade.core.dataset import Dataset
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data
from saccade.reproduce.pieces.held import Held
from saccade.reproduce.terms import SCENES, Piece, Terms
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.runs.load import load
from saccade.training.train import train

Sides = tuple[Dataset, Dataset]


def sides_of(terms: Terms, name: str, side: int) -> Sides:
    """Pictures to learn from and to measure on: built-in ones in memory, those on disk as they lie there.

    Args:
        terms: Where data are, and how many pictures are taken.
        name: Of the data set.
        side: Of the built-in pictures, in pixels.
    """
    train_side, val_side = (open_data(terms.source(name, side), split) for split in ("train", "val"))
    if name == SCENES:
        return Held(train_side, terms.size.pictures), Held(val_side)
    return _first(train_side, terms.size.pictures), _first(val_side, terms.size.pictures)


def _first(data: Dataset, most: int | None) -> Dataset:
    return data if most is None else Subset(data, range(min(most, len(data))))


def learnt(
    system: str, sides: Sides, terms: Terms, piece: Piece, small: Mapping[str, Any], **options: Any
) -> dict[str, float | None]:
    """Train a system, from where it stopped, and measure its last checkpoint: none is chosen by its score.

    Args:
        system: Its name.
        sides: Pictures to learn from and to measure on.
        terms: How long it learns, and where.
        piece: Which training.
        small: How miniatures learn; the full size follows the recipe of the system.
        **options: Options of the system, and settings that every size has.

    Returns:
        All scores of the pictures to measure on.

    Raises:
        Interrupted: A signal asked for a stop; the state was saved.
    """
    size = terms.size
    length = {name: value for name, value in (("steps", size.steps), ("batch", size.batch)) if value is not None}
    how: dict[str, Any] = {**({} if terms.full else small), **length, "seed": piece.seed, "device": terms.device}
    how = {"workers": 0, **how, **options}
    run = train(system, sides[0], run_of(terms, piece.name), resume=True, **how)
    return evaluate(load(run.path, which="last", device=terms.device), sides[1])


def run_of(terms: Terms, piece: str) -> Path:
    """The folder of a piece's training."""
    return terms.runs / piece
