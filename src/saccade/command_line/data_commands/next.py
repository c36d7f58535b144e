"""``saccade data next``: which pictures without annotations are worth labelling next."""

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import add_use, at_least_one
from saccade.command_line.terminal.output import print_json, stdout_kept_clean
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import SaccadeError, UsageError

_SHOWN = 20


def run(arguments: Sequence[str]) -> int:
    """Rank as the arguments say; 1 where no picture could be read."""
    parser = Parser(
        prog="saccade data next",
        description="Rank pictures by how unsure a run's network is of them, the most doubtful first: label those next. "
        "The pictures themselves are only read.",
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
    rows = [{"path": str(one.path), "doubt": one.doubt, "of": dict(one.of)} for one in found[: typed.count]]
    for error in failed:
        sys.stderr.write(f"left out: {error}\n")
    if typed.out is not None:
        _write(Path(typed.out), rows)
    if typed.json:
        print_json(rows)
    else:
        _print(rows, len(failed), typed.out)
    return 1 if failed and not found else 0


def _write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    from saccade.safe_io.writing.atomic import write_text

    table = io.StringIO(newline="")
    fields = list(dict.fromkeys(field for row in rows for field in _of(row)))
    writer = csv.writer(table)
    writer.writerow(["path", "doubt", *fields])
    writer.writerows([row["path"], row["doubt"], *(_of(row).get(field, "") for field in fields)] for row in rows)
    write_text(path, table.getvalue())


def _of(row: dict[str, object]) -> dict[str, float]:
    found = row["of"]
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _print(rows: Sequence[dict[str, object]], failed: int, out: str | None) -> None:
    from saccade.view.pages.text import printable

    sys.stdout.write("doubt  picture\n")
    for row in rows[:_SHOWN]:
        sys.stdout.write(f"{row['doubt']:.3f}  {printable(str(row['path']))}\n")
    if len(rows) > _SHOWN:
        sys.stdout.write(f"... and {len(rows) - _SHOWN} more, which --out FILE.csv and --json list\n")
    if failed:
        sys.stdout.write(f"{failed} could not be read\n")
    if out is not None:
        sys.stdout.write(f"table: {out}\n")
