"""The leaderboard: as plain values, as CSV for spreadsheets, and as cells for terminal and page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.comparison.row import Row
from saccade.comparison.verdict import Verdict
from saccade.metrics.scores import score_of
from saccade.safe_io.documents.csv_file import Cell, write_csv
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text

CSV_COLUMNS = (
    *("place", "name", "system", "score", "low", "high", "ms", "ms_low", "ms_high", "mb", "parameters"),
    *("multiply_adds", "over", "error", "note", "run"),
)


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        path: Its folder.
        score: Name of the score that decides.
        rows: A row for each entrant, the best first.
        verdict: Who wins, and how sure that is.
        machine: What times and memory are of.
        budget: The length of each training.
        data: How the data are called.
    """

    path: Path
    score: str
    rows: tuple[Row, ...]
    verdict: Verdict
    machine: Mapping[str, Any]
    budget: Mapping[str, float | int]
    data: str

    @property
    def winner(self) -> Row | None:
        """The row that wins; None where nobody can."""
        return next((row for row in self.rows if row.name == self.verdict.winner), None)

    @property
    def page(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    @property
    def ships(self) -> tuple[str, ...]:
        """The words of the command that predicts with the winner; none without one."""
        if self.winner is None:
            return ()
        first, *others = self.winner.name.split("+") if "+" in self.winner.name else self.winner.runs[:1]
        beside = [word for other in others for word in ("--with", other)]
        return ("saccade", "predict", first, "PICTURES", "--out", "predictions", *beside)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as ``leaderboard.json`` has them and ``saccade compare --json`` prints them."""
        verdict = self.verdict
        return {
            "data": self.data,
            "score": self.score,
            "higher_is_better": score_of(self.score).higher_is_better,
            "budget": dict(self.budget),
            "winner": verdict.winner,
            "second": verdict.second,
            "difference": verdict.difference,
            "difference_interval": None if verdict.interval is None else list(verdict.interval),
            "told_apart": verdict.told_apart,
            "verdict": verdict.sentence,
            "command": list(self.ships),
            "machine": dict(self.machine),
            "rows": [{"place": place, **row.as_dict()} for place, row in enumerate(self.rows, 1)],
        }


def write_leaderboard(found: Comparison) -> None:
    """Write ``leaderboard.json`` and ``leaderboard.csv``.

    Raises:
        ResourceError: The disk is full.
    """
    write_text(found.path / "leaderboard.json", to_json(found.as_dict(), indent=1) + "\n")
    write_csv(
        found.path / "leaderboard.csv", CSV_COLUMNS, [_csv(place, row) for place, row in enumerate(found.rows, 1)]
    )


def _csv(place: int, row: Row) -> list[Cell]:
    told = row.as_dict() | {"place": place, "over": "; ".join(row.over), "run": next(iter(row.runs), "")}
    return [told[name] for name in CSV_COLUMNS]


def heads(score: str) -> tuple[str, ...]:
    """The titles of the columns that people see."""
    return ("", "System", score_of(score).title, "95 % interval", "ms", "MB", "Parameters", "Multiply-adds", "Remarks")


def cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """A row of texts for each entrant, under `heads`."""
    return [
        (
            str(place) if row.can_win else "–",
            row.name,
            _share(row.score),
            "–" if row.low is None else f"{_share(row.low)} to {_share(row.high)}",
            "–" if row.ms is None else f"{row.ms.ms:.1f}",
            "–" if row.mb is None else f"{row.mb:.0f}",
            _large(row.parameters),
            _large(row.multiply_adds),
            remark(row),
        )
        for place, row in enumerate(rows, 1)
    ]


def remark(row: Row) -> str:
    """What keeps a row from winning, or else should be known of it."""
    return "; ".join(
        part
        for part in (
            f"failed: {row.error}" if row.error else "",
            f"over: {', '.join(row.over)}" if row.over else "",
            row.note,
        )
        if part
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _large(value: int | None) -> str:
    if value is None:
        return "–"
    unit, name = next(((u, n) for u, n in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= u), (1.0, ""))
    return f"{value / unit:.3g} {name}".strip()
