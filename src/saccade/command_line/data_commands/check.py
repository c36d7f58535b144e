"""``saccade data check``: every defect of a data set, and what is fine."""

import sys
from collections.abc import Sequence

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.terminal.output import print_json, stdout_kept_clean
from saccade.core.errors import UsageError


def run(arguments: Sequence[str]) -> int:
    """Check as the arguments say; 1 when there are defects, 0 when all is well."""
    parser = Parser(
        prog="saccade data check",
        description="List every defect of a data set with its file, place and cure. Nothing is written or changed "
        "but the page that --html asks for.",
    )
    parser.add_argument("data", metavar="DATA", help="a folder or URI")
    parser.add_argument("--split", default="", metavar="NAMES", help="train,val,...; all by default")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print a JSON list, one row a defect: path, where, annotation_id, found, expected, cure",
    )
    parser.add_argument("--html", metavar="FILE", help="write a page with counts, charts, defects and pictures")
    parser.add_argument("--workers", type=_workers, metavar="N", help="processes that decode pictures; one a core")
    parser.add_argument("--quick", action="store_true", help="look at the annotations alone, at no pixels")
    parser.add_argument("--allow-outside", action="store_true", help="let files lie outside the data's folder")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.data.check import check_data

    splits = [name for name in typed.split.split(",") if name]
    with stdout_kept_clean(typed.json):
        allowed = typed.allow_outside
        checked = check_data(typed.data, splits, workers=typed.workers, quick=typed.quick, allow_outside=allowed)
        if typed.html:
            from saccade.command_line.data_commands.check_page import write_page

            write_page(typed.html, checked, typed.data)
    if typed.json:
        print_json([defect.row() for defect in checked.defects])
    else:
        from saccade.command_line.data_commands.check_text import text_of

        sys.stdout.write(text_of(checked, typed.data))
        sys.stdout.write(f"{typed.html} shows more\n" if typed.html else "")
    return 1 if checked.defects else 0


def _workers(text: str) -> int:
    if not text.isdecimal():
        raise UsageError("a whole number", repr(text))
    return int(text)
