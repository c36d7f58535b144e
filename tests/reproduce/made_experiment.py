"""An experiment without networks: what each piece tells is known before."""

from collections.abc import Sequence

from saccade.reproduce.claims import Above
from saccade.reproduce.experiment import Experiment, Measure, Published, Size, Sizes
from saccade.reproduce.terms import Piece, Terms, Told

MADE = Experiment(
    name="made",
    asks="whether b is better than a",
    paper="Nobody 2026: A paper",
    rows={"a": "The first", "b": "The second"},
    measures=(Measure("weights", "weights", 0, exact=True), Measure("score", "score")),
    published=(Published("a", "score", 0.5, "Nobody 2026, table 1"), Published("b", "score", 0.75, "a talk", False)),
    claims=(Above("b is better", ("b",), ("a",), "score", "75 against 50"),),
    sizes=Sizes(Size(1, 8), Size(5, 16), Size(None, 512), on_data=Size(7, 32)),
    minutes=3,
    folders=("street", "cells"),
    full_needs=("street",),
    note="Nothing learns.",
)


class Counted:
    """Tells of each piece what is known before, and remembers which were asked for.

    Args:
        terms: Of the experiment.
        stop: The piece at which a signal comes.
    """

    asked: list[str]

    def __init__(self, terms: Terms, stop: str | None = None) -> None:
        self.terms, self.stop, self.asked = terms, stop, []

    def pieces(self, seeds: int) -> Sequence[Piece]:
        return [Piece("counts"), *(Piece(f"{row}-{seed}", row, seed) for seed in range(seeds) for row in "ab")]

    def measured(self, piece: Piece) -> Told:
        if piece.name == self.stop:
            raise KeyboardInterrupt
        self.asked.append(piece.name)
        if piece.name == "counts":
            return {"a": {"weights": 10}, "b": {"weights": 20}}
        return {piece.row: {"score": {"a": 0.4, "b": 0.6}[piece.row] + 0.01 * piece.seed * (piece.row == "b")}}
