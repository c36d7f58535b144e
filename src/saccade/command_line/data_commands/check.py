"""``saccade data check``: every defect of a data set, and what is fine."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import ONE_SCALE, add_whole_views
from saccade.command_line.terminal.output import print_json, stdout_kept_clean
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import UsageError

if TYPE_CHECKING:
    from saccade.data.check import CheckResult
    from saccade.runtime.predict.views.multi_scale_flip import ViewOptions
    from saccade.runtime.tools.suspects import Suspicion


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
        help="print a JSON list, one row a defect: path, where, annotation_id, found, expected, cure; with --model the "
        "suspicious annotations follow, which have kind, suspicion, learnt, picture and box too",
    )
    parser.add_argument("--html", metavar="FILE", help="write a page with counts, charts, defects and pictures")
    told = (
        "a run: rank the annotations that its network contradicts; of several, as of folds, those that have not learnt "
        "a picture judge it together"
    )
    parser.add_argument("--model", action="append", default=[], metavar="RUN", help=told)
    add_whole_views(parser)
    parser.add_argument("--workers", type=_workers, metavar="N", help="processes that decode pictures; one a core")
    parser.add_argument("--quick", action="store_true", help="look at the annotations alone, at no pixels")
    parser.add_argument("--allow-outside", action="store_true", help="let files lie outside the data's folder")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    views: ViewOptions = {"scales": typed.scales, "flip": typed.flip}
    if not typed.model and (typed.flip or typed.scales != ONE_SCALE):
        raise UsageError("--model with --flip or --scales", "none", cure="name a run: --model RUN")
    from saccade.data.check import check_data

    splits = [name for name in typed.split.split(",") if name]
    with stdout_kept_clean(typed.json):
        allowed = typed.allow_outside
        checked = check_data(typed.data, splits, workers=typed.workers, quick=typed.quick, allow_outside=allowed)
        suspicious = _suspicious(typed.model, checked, typed.data, views)
        if typed.html:
            from saccade.command_line.data_commands.check_page import write_page

            write_page(typed.html, checked, typed.data, suspicious)
    if typed.json:
        print_json([one.row() for one in (*checked.defects, *suspicious)])
    else:
        from saccade.command_line.data_commands.check_text import suspects_text, text_of

        sys.stdout.write(text_of(checked, typed.data))
        sys.stdout.write(suspects_text(suspicious, typed.data) if typed.model else "")
        sys.stdout.write(f"{typed.html} shows more\n" if typed.html else "")
    return 1 if checked.defects else 0


def _suspicious(runs: Sequence[str], checked: "CheckResult", data: str, views: "ViewOptions") -> "list[Suspicion]":
    """What the networks of runs contradict in what the check could read."""
    if not runs:
        return []
    from saccade.runtime.tools.suspects import suspicions

    with progress("pictures") as tell:
        return suspicions(runs, checked.parts, data, tell, **views)


def _workers(text: str) -> int:
    if not text.isdecimal():
        raise UsageError("a whole number", repr(text))
    return int(text)
