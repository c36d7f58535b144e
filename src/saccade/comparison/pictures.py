"""From what a comparison found to what its page says."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from saccade.comparison.entrant import Entrant
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.leaderboard import Comparison, cells, heads
from saccade.comparison.row import Row
from saccade.metrics.scores import score_of
from saccade.safe_io.documents.json_file import load_json
from saccade.view.pages.comparison import ComparisonContent, Side, write_comparison
from saccade.view.plots.pareto import Point

COSTS = {"milliseconds a picture": "ms", "parameters": "parameters", "megabytes in use": "mb"}


def write_page(
    found: Comparison, folder: ComparisonFolder, entrants: Sequence[Entrant], asked: Mapping[str, Any]
) -> None:
    """Write ``report.html``.

    Args:
        found: What was found.
        folder: Where the drawings are.
        entrants: All that took part.
        asked: What was the same for all.
    """
    known = score_of(found.score)
    length = ", ".join(
        f"{value:g} {name.removesuffix('s') if value == 1 else name}" for name, value in found.budget.items()
    )
    content = ComparisonContent(
        data=found.data,
        facts={
            "winner": found.verdict.winner or "none",
            "each training": length,
            "entrants": str(len(found.rows)),
            "instructions": str(found.machine.get("instructions", "")),
        },
        verdict=found.verdict.sentence,
        command=shlex.join(found.ships),
        score=known.title,
        higher_is_better=known.higher_is_better,
        heads=heads(found.score),
        rows=cells(found.rows),
        values=[_numbers(place, row) for place, row in enumerate(found.rows, 1)],
        fronts={cost: _points(found.rows, name) for cost, name in COSTS.items()},
        exhibits=_exhibits(folder, [one for row in found.rows for one in entrants if one.name == row.name]),
        asked={name: value for name, value in asked.items() if value not in (None, [], (), 0, False)},
        machine=found.machine,
    )
    write_comparison(found.page, content)


def _numbers(place: int, row: Row) -> tuple[float | None, ...]:
    """What each cell is sorted by, under `heads`."""
    ms = None if row.ms is None else row.ms.ms
    return place, None, row.score, row.low, ms, row.mb, row.parameters, row.multiply_adds, None


def _points(rows: Sequence[Row], cost: str) -> list[Point]:
    return [
        Point(row.name, value, row.score, row.low, row.high, row.can_win)
        for row in rows
        if row.score is not None and (value := _cost(row, cost)) is not None
    ]


def _cost(row: Row, cost: str) -> float | None:
    value = row.as_dict()[cost]
    return float(value) if value else None


def _exhibits(folder: ComparisonFolder, entrants: Sequence[Entrant]) -> list[tuple[str, list[Side]]]:
    """For each picture the truth, and what each network that was measured says of it."""
    found: dict[str, list[Side]] = {}
    for entrant in entrants:
        for number, (name, nearness) in enumerate(_captions(folder, entrant)):
            drawing = folder.drawing(entrant, number)
            if not drawing.is_file():
                continue
            truth = folder.drawing(entrant, number, truth=True)
            if name not in found:
                found[name] = [Side("truth", _opened(truth))] if truth.is_file() else []
            found[name].append(Side(entrant.name, _opened(drawing), "" if nearness is None else f"{nearness:.0%}"))
    return list(found.items())


def _captions(folder: ComparisonFolder, entrant: Entrant) -> list[tuple[str, float | None]]:
    place = folder.measured(entrant).parent
    paths = [path for form in ("scores", "seed-*", "fold-*") for path in sorted(place.glob(f"{form}.json"))]
    told = [load_json(path)["measured"]["captions"] for path in paths]
    return next(([(name, value) for name, value in one] for one in told if one), [])


def _opened(path: Any) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
