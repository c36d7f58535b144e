"""What every system has and costs, as counted once: read from the table beside this file, without torch.

``python -m saccade.analysis.count_systems`` counts and writes the table; a test counts again.
"""

import csv
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("counts.csv")


@dataclass(frozen=True)
class SystemCount:
    """A system in numbers, with its paper's options and classes.

    Attributes:
        parameters: All that may be learnt.
        multiply_adds: Multiplications with an addition for one picture.
        height: Of that picture, in pixels.
        width: Of that picture, in pixels.
        regions: How many regions of it were looked at; None for systems that look at none.
    """

    parameters: int
    multiply_adds: int
    height: int
    width: int
    regions: int | None = None


@cache
def system_counts() -> dict[str, SystemCount]:
    """The numbers of our systems by name."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = {row.pop("name"): row for row in csv.DictReader(file)}
    return {
        name: SystemCount(**{column: int(cell) if cell else None for column, cell in row.items()})  # pyright: ignore[reportArgumentType]
        for name, row in rows.items()
    }


def as_table(counts: dict[str, SystemCount]) -> str:
    """The text of the table."""
    names = ["name", *(field.name for field in fields(SystemCount))]
    rows = ((name, *("" if cell is None else str(cell) for cell in astuple(count))) for name, count in counts.items())
    return "".join(f"{','.join(row)}\n" for row in [names, *rows])
