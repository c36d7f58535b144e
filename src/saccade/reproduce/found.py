"""What was found: the values of every row and measure, seed by seed or round by round."""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

Values = tuple[float | None, ...]


class Found:
    """Values by row and measure; None is an undefined score.

    Args:
        values: Row, then measure, then the values in the order of seeds or rounds.
    """

    def __init__(self, values: Mapping[str, Mapping[str, Iterable[float | None]]]) -> None:
        self._values = {row: {name: tuple(one) for name, one in its.items()} for row, its in values.items()}

    @staticmethod
    def of(pieces: Iterable[Mapping[str, Mapping[str, Any]]]) -> "Found":
        """What pieces have told, one after the other: by row and measure a number, a list of them, or None."""
        values: dict[str, dict[str, list[float | None]]] = {}
        for piece in pieces:
            for row, told in piece.items():
                for name, one in told.items():
                    values.setdefault(row, {}).setdefault(name, []).extend(one if isinstance(one, list) else [one])
        return Found(values)

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of all rows that something is known of."""
        return tuple(self._values)

    def values(self, row: str, measure: str) -> Values:
        """The values of one row; none where nothing is known."""
        return self._values.get(row, {}).get(measure, ())

    def mean(self, row: str, measure: str) -> float | None:
        """Their mean; None where there are none, or one is undefined."""
        values = [one for one in self.values(row, measure) if one is not None]
        return fmean(values) if values and len(values) == len(self.values(row, measure)) else None

    def matching(self, row: str) -> list[str]:
        """The rows that a claim means: the one of that name, or that of every data set, ``SET: ROW``."""
        return [name for name in self.rows if name == row or name.endswith(f": {row}")]

    def side(self, rows: Iterable[str], measure: str) -> Values:
        """The mean over some rows, seed by seed; undefined where one of them is, none where one is missing."""
        names = [self.matching(row) for row in rows]
        listed = [self.values(name, measure) for some in names for name in some]
        if not all(names) or not listed or len({len(values) for values in listed}) != 1:
            return ()
        means: list[float | None] = []
        for values in zip(*listed, strict=True):
            known = [one for one in values if one is not None]
            means.append(fmean(known) if len(known) == len(values) else None)
        return tuple(means)

    def as_dict(self) -> dict[str, dict[str, list[float | None]]]:
        """Plain values."""
        return {row: {name: list(values) for name, values in its.items()} for row, its in self._values.items()}
