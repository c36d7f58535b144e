"""``saccade data next``: which pictures without annotations are worth labelling next."""

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import add_use, at_least_one
from saccade.command_line.terminal.output import print_json, stdout_kept_clean
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import SaccadeError, UsageError
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages.text import printable

if TYPE_CHECKING:
    from saccade.runtime.tools.label_next import Doubt

_SHOWN = 20


def run(arguments: Sequence[str]) -> int:
    """Rank as the arguments say; 1 where no picture could be read."""
    parser = Parser(
        prog="saccade data next",
        description="Rank pictures by how unsure a run's network is of them, the most doubtful first: these are worth "
        "labelling next. The pictures themselves are only read.",
    )
    add_use(parser, batch=False)
    parser.add_argument("pictures", metavar="PICTURES", nargs="+", help="files and folders")
    parser.add_argument("--count", type=at_least_one, default=None, metavar="N", help="so many of them; all by default")
    parser.add_argument("--out", metavar="FILE", help="a .csv file of path, doubt and the doubt of each field")
    parser.add_argument("--json", action="store_true", help="print a JSON list: path, doubt and of")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    if typed.out is not None and Path(typed.out).suffix != ".csv":
        raise UsageError("a file that ends in .csv", repr(typed.out))
    from saccade.runtime.files.inputs import find_pictures
    from saccade.runtime.runs.load import load
    from saccade.runtime.tools.label_next import label_next

    failed: list[SaccadeError] = []
    with stdout_kept_clean(typed.json), progress("pictures") as tell:
        predictor = load(
            typed.run, which=typed.checkpoint, device=typed.device, precision=typed.precision, keep_scores=True
        )
        files = find_pictures(typed.pictures, Path(typed.run))
        found = label_next(predictor, files, lambda _, error: failed.append(error), tell)
    found = found[: typed.count]
    for error in failed:
        sys.stderr.write(f"left out: {error}\n")
    if typed.out is not None:
        write_text(Path(typed.out), _table(found))
    if typed.json:
        print_json([{"path": str(one.path), "doubt": one.doubt, "of": dict(one.of)} for one in found])
    else:
        _print(found, typed.out)
    return 1 if failed and not found else 0


def _table(found: "Sequence[Doubt]") -> str:
    """Comma-separated values: a row a picture, a column a field."""
    table = io.StringIO(newline="")
    fields = list(dict.fromkeys(field for one in found for field in one.of))
    writer = csv.writer(table)
    writer.writerow(["path", "doubt", *fields])
    writer.writerows([str(one.path), one.doubt, *(one.of.get(field, "") for field in fields)] for one in found)
    return table.getvalue()


def _print(found: "Sequence[Doubt]", out: str | None) -> None:
    sys.stdout.write("doubt  picture\n")
    for one in found[:_SHOWN]:
        sys.stdout.write(f"{one.doubt:.3f}  {printable(str(one.path))}\n")
    if len(found) > _SHOWN:
        sys.stdout.write(f"... and {len(found) - _SHOWN} more, which --out FILE.csv and --json list\n")
    if out is not None:
        sys.stdout.write(f"table: {out}\n")
