"""``saccade data convert``: a data set in another format, with nothing lost in silence."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.terminal.progress import progress
from saccade.view.pages.text import printable

if TYPE_CHECKING:
    from saccade.data.convert.convert import Written

FORMS = ("coco", "voc", "yolo", "masks", "class_masks", "folder")


def run(arguments: Sequence[str]) -> int:
    """Convert as the arguments say."""
    parser = Parser(
        prog="saccade data convert",
        description="Write a data set in another format. What that format cannot hold is refused, unless it is "
        "allowed; pictures are copied byte for byte.",
    )
    parser.add_argument("data", metavar="IN", help="a folder or URI")
    parser.add_argument("out", metavar="OUT", help="a folder that is new or empty")
    parser.add_argument("--to", choices=FORMS, required=True, help="the format")
    parser.add_argument(
        "--split", action="append", default=[], metavar="NAME", help="a part, or several with commas; all by default"
    )
    parser.add_argument(
        "--allow-loss", action="append", default=[], metavar="KIND", help="a kind of loss that may be, or several"
    )
    parser.add_argument("--lossy", action="store_true", help="allow every kind of loss; what is lost is told")
    parser.add_argument("--link", action="store_true", help="make pictures further names of the same files")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.data.convert.convert import convert
    from saccade.data.convert.losses import KINDS

    allow = KINDS if typed.lossy else _words(typed.allow_loss)
    with progress("pictures") as tell:
        written = convert(
            typed.data, typed.out, typed.to, splits=_words(typed.split), allow=allow, link=typed.link, tell=tell
        )
    tell_written(written, typed.to)
    return 0


def tell_written(written: "Written", to: str) -> None:
    """Say what was written, and what was lost of it."""
    counts = ", ".join(f"{count} {split}" for split, count in written.pictures.items())
    sys.stdout.write(f"{counts} pictures written: {to}:{written.out}\n")
    for kind in written.lost.counts:
        sys.stdout.write(f"  not in it: {kind}: {written.lost.said(kind)}\n")
    sys.stdout.writelines(f"  note: {printable(note)}\n" for note in written.notes)


def _words(typed: Sequence[str]) -> list[str]:
    return [word for text in typed for word in text.split(",") if word]
