"""Systems on one data set under one budget: which of them to take."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.comparison.contest import network_of, row_of, use_of
from saccade.comparison.entrant import Entrant, Given, entrants_of
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.leaderboard import Comparison, write_leaderboard
from saccade.comparison.measured import weights_of
from saccade.comparison.memory import can_measure, peaks
from saccade.comparison.pictures import write_page
from saccade.comparison.row import Row, broken, ranked
from saccade.comparison.settings import NAMES, CompareSettings
from saccade.comparison.speed import machine, side_by_side, threads_of
from saccade.comparison.terms import Terms, check_terms
from saccade.comparison.verdict import verdict_of
from saccade.core.errors import UsageError
from saccade.data.open import Source, Sources, described, each
from saccade.runtime.device import pick_device
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import plain, to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages.text import printable

# Pictures that times and memory are measured on.
TIMED = 4


def compare(
    systems: Sequence[Given],
    data: Sources,
    out: str | os.PathLike[str],
    *,
    val: Source | float | None = None,
    resume: bool = False,
    say: Callable[[str], None] | None = None,
    **options: Any,
) -> Comparison:
    """Train systems on one data set under one budget, measure them side by side, and say which to take.

    Args:
        systems: Names of systems; a name with options of its own, ``("fcn8s", {"width": 0.5})``; folders of runs,
            which are only measured; or runs whose predictions are merged, ``"runs/a+runs/b"``.
        data: What `train` takes. All must read the same annotations.
        out: The folder of the comparison, with ``leaderboard.csv``, ``leaderboard.json``, ``report.html`` and the runs.
        val: What is measured on, as `train` takes it; a fifth of the training pictures where nothing is set apart.
        resume: Whether a comparison that is in `out` goes on: what is trained stays, what was begun is taken up, and
            further systems may join. Limits may change; what bears on a training may not.
        say: Takes a line for the person who waits; by default it is written to stderr.
        **options: Fields of `CompareSettings`: ``minutes``, ``steps`` or ``epochs`` of each training, ``seeds``,
            ``folds``, ``max_ms``, ``max_mb``, ``max_params``, ``score``, ``merge``, ``only_measure`` …; and fields of
            `TrainSettings` and options of the systems, each for all that know it.

    Returns:
        The leaderboard, the winner, and how sure it is. An entrant that failed has the error in its row; one over a
        limit stays in the table and cannot win.

    Raises:
        UsageError: An entrant or an option is unknown, or options contradict each other.
        ConfigError: The entrants read different annotations; `out` is taken, or was begun with other settings.
        DataError: The data has a defect.
        Interrupted: A signal asked for a stop; what was done is kept.
    """
    settings = _settings(options)
    shared = {name: value for name, value in options.items() if name not in NAMES}
    entrants = entrants_of(systems, shared)
    folder = ComparisonFolder(Path(out), resume)
    terms = _checked(Terms(data, val, settings, folder, say or _say, shared), entrants)
    asked = {"data": _titled(data), "val": None if terms.val is None else _titled(terms.val)} | settings.recorded()
    with folder.held, threads_of(terms.common.threads):
        folder.begin(asked | {"shared": _plain(shared)}, entrants)
        if settings.search:
            entrants = _searched(entrants, terms)
        rows = tuple(row_of(one, terms) for one in entrants)
        found = _judged(_costed(rows, entrants, terms), terms)
        write_leaderboard(found)
        write_page(found, folder, entrants, asked | _plain(shared))
    return found


def _settings(options: Mapping[str, Any]) -> CompareSettings:
    """Those of the options that are the comparison's own."""
    settings = CompareSettings.from_dict({name: value for name, value in options.items() if name in NAMES})
    if settings.max_mb is not None and not can_measure():
        raise UsageError("a system that tells the memory of a process", "another", cure="leave out max_mb")
    return settings


def _checked(terms: Terms, entrants: tuple[Entrant, ...]) -> Terms:
    """The terms with what is measured on, once they are known to fit the entrants."""
    check_terms(terms, entrants)
    trains = any(one.system is not None for one in entrants) and not terms.settings.only_measure
    return terms.with_val(trains)


def _searched(entrants: Sequence[Entrant], terms: Terms) -> tuple[Entrant, ...]:
    """Each with the rate, size and trunk that a search found for it."""
    from saccade.comparison.search import searched

    return tuple(searched(one, terms) for one in entrants)


def _costed(rows: Sequence[Row], entrants: Sequence[Entrant], terms: Terms) -> tuple[Row, ...]:
    """The rows with milliseconds and memory, measured side by side, and with the limits that they break."""
    able = {row.name: (row, entrant) for row, entrant in zip(rows, entrants, strict=True) if row.runs and not row.error}
    if able:
        terms.say("timing side by side")
        pictures = _timed(able, terms)
        speeds = side_by_side({name: network_of(one, row, terms) for name, (row, one) in able.items()}, pictures)
        told = _memory(able, pictures, terms)
        rows = [replace(row, ms=speeds.get(row.name), mb=told.get(row.name)) for row in rows]
    return tuple(row if row.error else replace(row, over=broken(row, terms.settings)) for row in rows)


def _memory(
    able: Mapping[str, tuple[Row, Entrant]], pictures: Sequence[Tensor], terms: Terms
) -> dict[str, float | None]:
    """Megabytes of each network; what was measured of the same weights before is not measured anew."""
    uses = {name: use_of(entrant, row.runs[:1], terms) for name, (row, entrant) in able.items()}
    sizes = sorted({tuple(picture.shape) for picture in pictures})
    keys = {n: {"weights": weights_of(list(map(Path, r))), "use": u, "of": sizes} for n, (r, u) in uses.items()}
    places = {name: terms.folder.memory(entrant) for name, (_, entrant) in able.items()}
    before: dict[str, Any] = {name: load_json(path) for name, path in places.items() if path.is_file()}
    found = {name: one["mb"] for name, one in before.items() if one["key"] == plain(keys[name])}
    fresh = peaks({name: use for name, use in uses.items() if name not in found}, pictures, terms.device)
    for name, megabytes in fresh.items():
        write_text(places[name], to_json({"key": keys[name], "mb": megabytes}) + "\n")
    return found | fresh


def _timed(able: Mapping[str, tuple[Row, Entrant]], terms: Terms) -> list[Tensor]:
    """The pictures that all are timed on: the first of those that the first was measured on."""
    _, entrant = next(iter(able.values()))
    dataset = terms.measured_on(entrant, terms.parts[0])
    return [dataset[index].image for index in range(min(TIMED, len(dataset)))]


def _judged(rows: Sequence[Row], terms: Terms) -> Comparison:
    scored = [name for row in rows for name in [row.decided_by] if name]
    score = terms.settings.score or next(iter(scored), "")
    order = ranked(rows, score)
    device = pick_device(terms.device)
    return Comparison(
        terms.folder.path,
        score,
        order,
        verdict_of(order, score),
        machine(device),
        terms.settings.budget,
        _titled(terms.data),
    )


def _titled(data: Any) -> str:
    return " + ".join(described(one) for one in each(data)) if not isinstance(data, float | int) else str(data)


def _plain(shared: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in shared.items()
    }


def _say(line: str) -> None:
    sys.stderr.write(f"{printable(line)}\n")
