"""Results as tables in Markdown: ours beside what was printed, and what became of each claim."""

from collections import Counter
from collections.abc import Iterable, Sequence

from saccade.reproduce.catalogue import EXPERIMENTS
from saccade.reproduce.experiment import Measure
from saccade.reproduce.judgement import Judgement
from saccade.reproduce.outcome import Cell, Outcome

CLAIM_HEADS = (
    "conclusion of the paper",
    "the paper's numbers",
    "what was compared",
    "found (95 % interval)",
    "verdict",
)
OVERVIEW = ("experiment", "what it asks", "size", "confirmed", "refuted", "undecided")
# Marks a number that was told from memory of the paper.
UNSEEN = "†"


def cells_of(outcome: Outcome) -> tuple[list[str], list[list[str]]]:
    """The headings and rows of an outcome's table; ``ours / printed`` where the paper printed something.

    A column stands there where something was found; one without an interval has a mean alone.
    """
    known = {(cell.row, cell.measure.name): cell for cell in outcome.cells}
    measures = [one for one in outcome.experiment.measures if any(cell.measure == one for cell in known.values())]
    heads = ["", *(_head(one, known.values()) for one in measures)]
    rows = [[outcome.title(row), *(_cell(known.get((row, one.name))) for one in measures)] for row in outcome.rows]
    return heads, rows


def claims_of(outcome: Outcome) -> list[list[str]]:
    """A row for each claim, under `CLAIM_HEADS`; none of tiny sizes, which are not judged."""
    return [[one.says, one.printed, one.about, one.found, one.word] for one in outcome.judgements]


def how(outcome: Outcome) -> str:
    """How an outcome came about, in a sentence or two."""
    size = ", ".join(f"{name} {value:g}" for name, value in outcome.size.items() if value)
    seeds = "1 seed" if outcome.seeds == 1 else f"{outcome.seeds} seeds"
    where = "; ".join(
        f"{one.get('gpu', one['processor'])} ({one['instructions']}, {one['threads']} threads, torch {one['torch']})"
        for one in outcome.machines
    )
    data = ", ".join(outcome.data)
    spent = f"{outcome.minutes:g} minutes on {where}"
    return f"{outcome.scale} on {data}: {size}; {seeds}; {spent}; saccade {outcome.version}."


def section(outcome: Outcome) -> str:
    """An outcome as a section of the ledger."""
    experiment = outcome.experiment
    heads, rows = cells_of(outcome)
    wheres = dict.fromkeys(one.where for one in experiment.published)
    notes = [f"`{outcome.command}`: {how(outcome)}", experiment.note]
    notes += [f"Printed numbers: {'; '.join(wheres)}."] if wheres else []
    notes += [f"{UNSEEN} told from memory of the paper, not looked up again."] if outcome.unseen else []
    parts = [
        f"## {experiment.name}, {outcome.scale} on {', '.join(outcome.data)}",
        experiment.paper + ".",
        table(CLAIM_HEADS, claims_of(outcome)),
        table(heads, rows),
        "\n".join(note for note in notes if note),
    ]
    return "\n\n".join(parts)


def ledger(outcomes: Iterable[Outcome]) -> str:
    """All outcomes as the body of a page: every experiment with its verdicts, then each that was recorded in full.

    Raises:
        ValueError: One is of tiny sizes, whose numbers mean nothing.
    """
    recorded = list(outcomes)
    for one in recorded:
        if one.scale == "quick":
            raise ValueError(f"expected results that mean something, found {one.experiment.name} in its quick size")
    ordered = [(name, [one for one in recorded if one.experiment.name == name]) for name in EXPERIMENTS]
    rows = [_overview(name, one) for name, its in ordered for one in its or [None]]
    return "\n\n".join([table(OVERVIEW, rows), *(section(one) for _, its in ordered for one in its)])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tally(judgements: Iterable[Judgement]) -> Counter[str]:
    """How many claims became what."""
    return Counter(one.word for one in judgements)


def _overview(name: str, outcome: Outcome | None) -> list[str]:
    asks = EXPERIMENTS[name].asks
    if outcome is None:
        return [f"`{name}`", asks, "not recorded yet", "", "", ""]
    words = tally(outcome.judgements)
    size = f"{outcome.scale} on {', '.join(outcome.data)}"
    return [f"`{name}`", asks, size, *(str(words[word]) for word in ("confirmed", "refuted", "undecided"))]


def _head(measure: Measure, cells: Iterable[Cell]) -> str:
    printed = any(cell.printed is not None for cell in cells if cell.measure == measure)
    return f"{measure.title}: ours / printed" if printed else measure.title


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    printed = "" if cell.printed is None else f" / {_number(cell.printed.value)}"
    printed += "" if cell.printed is None or cell.printed.looked_up else UNSEEN
    return _ours(cell) + printed


def _ours(cell: Cell) -> str:
    ours, digits = cell.ours, cell.measure.digits
    if ours.value is None:
        return "–"
    told = f"{ours.value:.{digits}f}"
    if cell.measure.exact or ours.low is None or ours.high is None:
        return told
    return f"{told} ({ours.low:.{digits}f} to {ours.high:.{digits}f})"


def _number(value: float) -> str:
    """A printed number, as it was printed."""
    return f"{value:g}"
