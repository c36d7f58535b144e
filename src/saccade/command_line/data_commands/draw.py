"""``saccade data draw``: pictures with all their annotations, on one sheet or on a page to leaf through.

As they are, or as a training sees them.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import at_least_one
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import UsageError

if TYPE_CHECKING:
    from saccade.command_line.data_commands.drawings import Drawing
    from saccade.core.dataset import Dataset

_ON_A_SHEET, _ON_A_PAGE = 16, 1000
_CELL = 480  # pixels of a picture's longer side on a sheet


def run(arguments: Sequence[str]) -> int:
    """Draw as the arguments say."""
    typed = _parse(arguments)
    suffix = Path(typed.out).suffix.lower()
    if suffix not in (".png", ".html"):
        raise UsageError("a file .png or .html", repr(typed.out), cure="--out drawn.png")
    from saccade.command_line.data_commands.drawings import choose, drawings

    view = _view(typed)
    chosen = choose(typed.data, typed.split, typed.class_name, typed.defects, suffix == ".png", view)
    count = typed.count or (_ON_A_SHEET if suffix == ".png" else _ON_A_PAGE)
    places = chosen.sample(count, typed.seed)
    with progress("pictures") as tell:
        drawn = _told(drawings(chosen, places), len(places), tell)
        title = f"{typed.data} · {chosen.split}"
        written = _sheet(typed.out, drawn) if suffix == ".png" else _page(typed.out, title, drawn, chosen.data.classes)
    sys.stdout.write(f"{written} of {len(chosen.data)} pictures drawn: {typed.out}\n")
    return 0


def _parse(arguments: Sequence[str]) -> Any:
    parser = Parser(prog="saccade data draw", description="Paint pictures with all their annotations.")
    parser.add_argument("data", metavar="DATA", help="a folder or URI")
    parser.add_argument("--split", metavar="NAME", help="which part of it; train by default")
    parser.add_argument(
        "--count", type=at_least_one, metavar="N", help=f"pictures; {_ON_A_SHEET} by default, {_ON_A_PAGE} on a page"
    )
    parser.add_argument("--seed", type=int, default=1, help="which pictures are drawn by lot, where there are more")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="pictures alone that show this class")
    parser.add_argument(
        "--defects", action="store_true", help="check the data first: mark defects on a page; alone on a sheet"
    )
    parser.add_argument(
        "--system", metavar="NAME", help="as a training of this system sees them: its input, its recipe"
    )
    told = "as a training with this augmentation sees them, such as mosaic=1,mixup=0.5 (see saccade train --help)"
    parser.add_argument("--augment", metavar="FIELDS", help=told)
    parser.add_argument("--size", type=at_least_one, metavar="N", help="side of the training's input in pixels")
    parser.add_argument("--out", default="drawn.png", metavar="FILE", help="a sheet .png, or a page .html")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    return typed


def _view(typed: Any) -> "Callable[[Dataset], Dataset] | None":
    """How a training would see the pictures, or None; what is malformed is said before anything is read."""
    if typed.system is None and typed.augment is None and typed.size is None:
        return None
    if typed.defects:
        raise UsageError("pictures with defects, or as a training sees them", "both asked for")
    from saccade.command_line.data_commands.training_view import training_view
    from saccade.data.augment.choice import parse_augment

    choice = parse_augment(typed.augment or "recipe")
    return lambda data: training_view(data, typed.system, choice, typed.size, typed.seed)


def _told(drawn: "Iterator[Drawing]", total: int, tell: Any) -> "Iterator[Drawing]":
    for done, one in enumerate(drawn, 1):
        yield one
        tell(done, total)


def _sheet(out: str, drawn: "Iterator[Drawing]") -> int:
    from saccade.safe_io.writing.atomic import replacing
    from saccade.view.drawing.sheet import sheet

    images: list[Any] = []
    captions: list[str] = []
    for one in drawn:
        one.picture.thumbnail((_CELL, _CELL))
        images.append(one.picture)
        captions.append(one.name if not one.defects else f"{one.name}: {one.defects[0]}")
    with replacing(out) as partial:
        sheet(images, captions).save(partial, format="PNG")
    return len(images)


def _page(out: str, title: str, drawn: "Iterator[Drawing]", classes: Sequence[str]) -> int:
    from saccade.view.pages.browser import Card, write_browser

    cards = (Card(one.name, one.picture, one.shown, one.note, one.defects) for one in drawn)
    return write_browser(out, title, cards, classes)
