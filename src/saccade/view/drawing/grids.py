"""Maps of numbers as grids of cells, some of them marked, and frames of an output grid above its input grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw
from torch import Tensor

from saccade.view.drawing.lettering import font
from saccade.view.drawing.palette import Colour
from saccade.view.drawing.sheet import sheet

Role = Literal["input", "output"]

_PAPER, _INK, _QUIET, _LINE = (255, 255, 255), (31, 41, 51), (140, 150, 160), (120, 132, 144)
_PLAIN: dict[Role, Colour] = {"input": (219, 234, 254), "output": (220, 252, 231)}
_LIT: dict[Role, Colour] = {"input": (116, 169, 247), "output": (95, 211, 141)}
_FAINT_LIT: dict[Role, Colour] = {"input": (203, 213, 225), "output": (203, 225, 211)}
_LOST = (252, 196, 188)
_SIDE, _TITLE, _CAPTION, _GAP, _RIM = 46, 20, 14, 14, 14
_LEAST_LETTERED = 24  # pixels of a cell that has room for a number


@dataclass(frozen=True)
class Grid:
    """A map of numbers, as cells.

    Attributes:
        values: (h, w) what stands in the cells.
        role: Whose colours it has: the ``input``'s or the ``output``'s.
        lit: (h, w) bool: the cells that the frame is about.
        faint: (h, w) bool: cells that are no values of the map, such as padding, or zeros put between.
        lost: (h, w) bool: cells that nothing reads.
        weights: (h, w) numbers in the corners of the lit cells, such as what each is multiplied by.
    """

    values: Tensor
    role: Role
    lit: Tensor | None = None
    faint: Tensor | None = None
    lost: Tensor | None = None
    weights: Tensor | None = None


def grid_picture(grid: Grid, side: int = _SIDE) -> Image.Image:
    """The grid with cells of `side` pixels; numbers are left out of cells that have no room for them."""
    rows, columns = grid.values.shape
    picture = Image.new("RGB", (columns * side + 1, rows * side + 1), _PAPER)
    pen = ImageDraw.Draw(picture)
    for row in range(rows):
        for column in range(columns):
            _draw_cell(pen, grid, (row, column), side)
    return picture


def shaded_picture(values: Tensor, side: int) -> Image.Image:
    """Values (h, w) from 0 on as cells of `side` pixels, white to the output's colour at the greatest, unlettered."""
    greatest = max(float(values.max()), 1e-12)
    strong = _LIT["output"]
    rows, columns = values.shape
    picture = Image.new("RGB", (columns * side + 1, rows * side + 1), _PAPER)
    pen = ImageDraw.Draw(picture)
    for row in range(rows):
        for column in range(columns):
            share = float(values[row, column]) / greatest
            red, green, blue = (round(255 + share * (tone - 255)) for tone in strong)
            left, top = column * side, row * side
            pen.rectangle((left, top, left + side, top + side), fill=(red, green, blue))
    pen.rectangle((0, 0, columns * side, rows * side), outline=_LINE)
    return picture


def frame(above: Image.Image, below: Image.Image, caption: str) -> Image.Image:
    """One frame: the output's grid, the input's below it, and what it shows."""
    width = max(above.width, below.width)
    stacked = Image.new("RGB", (width, above.height + below.height + _GAP), _PAPER)
    stacked.paste(above, ((width - above.width) // 2, 0))
    stacked.paste(below, ((width - below.width) // 2, above.height + _GAP))
    return captioned_below(stacked, caption)


def captioned_below(picture: Image.Image, caption: str) -> Image.Image:
    """The picture with its caption below it, whole: the panel is as wide as the wider of the two."""
    letters, lines = font(_CAPTION), caption.split("\n")
    width = max(picture.width, *(round(letters.getlength(line)) + 2 for line in lines))
    panel = Image.new("RGB", (width, picture.height + (_CAPTION + 6) * len(lines) + 4), _PAPER)
    panel.paste(picture, ((width - picture.width) // 2, 0))
    pen = ImageDraw.Draw(panel)
    for number, line in enumerate(lines):
        place = (width / 2, picture.height + 4 + (number + 0.5) * (_CAPTION + 6))
        pen.text(place, line, fill=_INK, font=letters, anchor="mm")
    return panel


def frame_sheet(title: str, told: Sequence[str], panels: Sequence[Image.Image], columns: int) -> Image.Image:
    """A page: its title, lines that say what is seen, and the panels in rows, each as high as its highest."""
    rows = [sheet(panels[first : first + columns], columns=columns) for first in range(0, len(panels), columns)]
    body = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)), _PAPER)
    top = 0
    for row in rows:
        body.paste(row, ((body.width - row.width) // 2, top))
        top += row.height
    head = _RIM + _TITLE + 10 + (_CAPTION + 7) * len(told)
    longest = max([font(_TITLE).getlength(title), *(font(_CAPTION).getlength(line) for line in told)])
    page = Image.new("RGB", (max(body.width, round(longest) + 2 * _RIM), head + body.height), _PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((_RIM, _RIM), title, fill=_INK, font=font(_TITLE))
    for number, line in enumerate(told):
        place = (_RIM, _RIM + _TITLE + 8 + number * (_CAPTION + 7))
        pen.text(place, line, fill=_INK, font=font(_CAPTION))
    page.paste(body, ((page.width - body.width) // 2, head))
    return page


def _draw_cell(pen: ImageDraw.ImageDraw, grid: Grid, place: tuple[int, int], side: int) -> None:
    row, column = place
    box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
    lit, faint, lost = (_marked(mask, place) for mask in (grid.lit, grid.faint, grid.lost))
    fill = _LOST if lost else _FAINT_LIT[grid.role] if lit and faint else _LIT[grid.role] if lit else _PLAIN[grid.role]
    pen.rectangle(box, fill=_PAPER if faint and not lit and not lost else fill, outline=_LINE)
    if side < _LEAST_LETTERED:
        return
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    text, ink = _told(float(grid.values[place])), _QUIET if faint else _INK
    size = round(side * (0.36 if len(text) < 4 else 0.28 if len(text) < 6 else 0.22))
    if grid.weights is not None and lit:
        small = font(max(round(side * 0.25), 8))
        pen.text((box[2] - 3, box[3] - 2), f"·{_told(float(grid.weights[place]))}", fill=_INK, font=small, anchor="rb")
        middle = (middle[0] - side * 0.06, middle[1] - side * 0.1)
    pen.text(middle, text, fill=ink, font=font(size), anchor="mm")


def _marked(mask: Tensor | None, place: tuple[int, int]) -> bool:
    return mask is not None and bool(mask[place])


def _told(value: float) -> str:
    return f"{round(value, 3):g}"
