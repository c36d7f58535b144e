"""What commands print: tables for people, JSON for programs, and nothing that an odd terminal cannot show."""

import io
import json
import sys
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from saccade.safe_io.documents.plain import plain

if TYPE_CHECKING:
    from saccade.metrics.sections import Form, Section


def make_streams_robust() -> None:
    """A terminal that lacks a character shows its number in its place, in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """One JSON value on stdout, in ASCII; undefined numbers are null."""
    sys.stdout.write(json.dumps(plain(value), indent=1, allow_nan=False) + "\n")


@contextmanager
def stdout_kept_clean(wanted: bool) -> Generator[None]:
    """Inside the block all that prints goes to stderr, so that stdout holds the result alone."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def counted(number: int, what: str) -> str:
    """A number with its noun: ``1 picture``, ``2 pictures``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table; without a terminal, plain lines of columns that tabs separate."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(row).rstrip() + "\n")
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def aligned(rows: Sequence[Sequence[str]], numbers: Collection[str]) -> str:
    """Lines of columns; the first row is the header.

    Args:
        rows: The cells.
        numbers: Headings of the columns that stand at the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [heading in numbers for heading in rows[0]]
    lines = ("  ".join(map(_justified, row, widths, right)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _justified(cell: str, width: int, at_right: bool) -> str:
    return cell.rjust(width) if at_right else cell.ljust(width)


def print_scores(scores: Mapping[str, float | None], classes: int = 0) -> None:
    """Scores with their meaning, losses last; those that say nothing of so few classes are left out."""
    from saccade.metrics.scores import score_of, telling

    ordered = sorted(telling(scores, classes), key=lambda name: name.split("/")[0] == "loss")
    rows: list[tuple[str, str, str]] = []
    for name in ordered:
        known = score_of(name)
        told = known.meaning if known.higher_is_better else f"{known.meaning}; lower is better".removeprefix("; ")
        rows.append((name, _score(scores[name]), told))
    print_table(("score", "value", "what it says"), rows)


def print_sections(sections: "Iterable[Section]") -> None:
    """Those tables of an evaluation that are for the terminal too; columns of words last."""
    from saccade.metrics.sections import Table

    for table in (part for section in sections for part in section.parts if isinstance(part, Table) and part.aloud):
        columns = sorted(table.columns, key=lambda column: column.form == "words")
        cells = zip(*([_cell(column.form, value) for value in column.values] for column in columns), strict=True)
        sys.stdout.write(f"\n{table.aloud}:\n")
        heads = [table.head, *(column.heading for column in columns)]
        print_table(heads, [(name, *row) for name, row in zip(table.rows, cells, strict=True)])


def _cell(form: "Form", value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return "undefined" if value is None else value
    return f"gains {value:.4f}" if form == "gain" else f"{value:.0f}" if form == "count" else _score(value)


def _score(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
