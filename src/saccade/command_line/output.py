"""What commands print: tables for people, JSON for programs, and nothing that an odd terminal cannot show."""

import io
import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from saccade.trust.plain import plain


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
    """Inside the block all that prints goes to stderr, so that stdout holds the answer alone."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


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


def print_scores(scores: Mapping[str, float | None]) -> None:
    """Scores with their meaning, losses last."""
    from saccade.metrics.scores import describe

    ordered = sorted(scores, key=lambda name: name.split("/")[0] == "loss")
    values = {name: "undefined" if scores[name] is None else f"{scores[name]:.4f}" for name in ordered}
    print_table(("score", "value", "what it says"), [(name, values[name], describe(name).meaning) for name in ordered])
