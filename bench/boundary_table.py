"""What the study of boundaries found, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.boundary_methods import METHODS, TRUNK
from bench.boundary_study import Study

# Column, its head, digits after the point.
COLUMNS = (
    ("miou", "mIoU", 3),
    ("boundary_f1", "boundary F1", 3),
    ("near", "mIoU within 3 px", 3),
    ("ms", "ms", 0),
    ("mib", "MiB", 0),
    ("parameters", "parameters, M", 2),
)


def markdown(study: Study, known: Mapping[str, Any]) -> str:
    """What was done, and a table a set."""
    names = [method.name for method in METHODS]
    rows = [row for row in known["rows"].values() if row["set"] in study.sets]
    rows.sort(key=lambda row: names.index(row["method"]))  # some may have been measured anew
    machine, (height, width) = known["machine"], study.size
    lines = [
        f"Trunk {TRUNK}, channels times {study.width:g}, pictures of {height} × {width}, {study.steps} steps of "
        f"{study.batch} pictures, last checkpoint; within 3 px of a true border; ms of processor time and greatest "
        "memory of an answer, one picture at a time, weights included.",
        "",
    ]
    for name in study.sets:
        lines += [*_table(name, [row for row in rows if row["set"] == name]), ""]
    minutes = sum(row["seconds"] for row in rows) / 60
    lines += [f"{minutes:.0f} minutes on {machine['cores']} core(s), {machine['processor']}.", ""]
    return "\n".join(lines)


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"| {name} | borders from | " + " | ".join(head for _, head, _ in COLUMNS) + " |"
    yield "| --- | --- |" + " ---: |" * len(COLUMNS)
    for row in rows:
        cells = ["" if row[column] is None else f"{row[column]:.{digits}f}" for column, _, digits in COLUMNS]
        yield f"| {row['method']} | {row['kind']} | " + " | ".join(cells) + " |"
    for row in rows:
        if "appearance" in row:
            weight, places, colours = row["appearance"]
            yield ""
            yield f"Sought for the CRF: a weight of {weight:g}, {places:g} pixels, {colours:g} grey values."
