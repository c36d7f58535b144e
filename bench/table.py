"""Rows as a table in Markdown, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.pairs import Row, Spread

HEADER = ("what", "ours", "beside it", "ratio", "aim", "")


def markdown(rows: Iterable[Row]) -> str:
    """A table; each cell has the median, then the least and the greatest of the rounds."""
    cells = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine_line(machine: Mapping[str, Any]) -> str:
    """The machine on one line."""
    return " · ".join(f"{name} {value}" for name, value in machine.items() if value != "")


def as_json(machine: Mapping[str, Any], rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Plain values: the machine, and rows that name their bench and say whether they keep their aim."""
    listed = [{"bench": name, **asdict(row), "reached": row.reached} for name, its in rows.items() for row in its]
    return {"machine": dict(machine), "rows": listed}


def _cells(row: Row) -> tuple[str, ...]:
    aim = "" if row.aim is None else f"{'≥' if row.better == 'greater' else '≤'} {row.aim:g}"
    verdict = {True: "reached", False: "missed", None: ""}[row.reached]
    ours, beside = f"{row.ours}: {_spread(row.ours_value)}", f"{row.beside}: {_spread(row.beside_value)}"
    return row.question, f"{ours} {row.unit}", f"{beside} {row.unit}", f"{_spread(row.ratio)} ×", aim, verdict


def _spread(spread: Spread) -> str:
    return f"{_number(spread.median)} ({_number(spread.least)} – {_number(spread.greatest)})"


def _number(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
