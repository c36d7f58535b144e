"""Tables for spreadsheets: written whole or not at all, and never taken for formulas.

A spreadsheet computes what begins with an equals sign and the like, and a name of a class or a file may say anything.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from saccade.safe_io.writing.atomic import replacing

Cell = str | int | float | None

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table in UTF-8 with commas (RFC 4180).

    Args:
        path: The file; one that is there is replaced.
        header: Names of the columns.
        rows: Cells, as many as there are columns; None is an empty one. Numbers stay numbers. A text that a spreadsheet
            would take for a formula gets an apostrophe before it.

    Raises:
        ResourceError: The disk is full.
    """
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")  # Either sign in a text is then quoted.
        writer.writerow(header)
        writer.writerows([plain_cell(cell) for cell in row] for row in rows)


def plain_cell(cell: Cell) -> Cell:
    """The cell as it is written."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
