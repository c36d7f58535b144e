"""Text on pictures: always inside, always readable."""

from bisect import bisect_right
from functools import cache
from pathlib import Path

import matplotlib
from PIL import ImageDraw, ImageFont

from saccade.view.drawing.palette import Colour, ink
from saccade.view.pages.text import printable

_LONGEST = 300  # letters; no picture has room for more


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which Matplotlib brings along: Latin, Greek, Cyrillic and more."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def fitted(text: str, width: int, size: int) -> str:
    """The text on one line; its end left out where it is wider than `width` pixels."""
    text = " ".join(printable(text).splitlines())
    letters = font(size)
    if letters.getlength(text[:_LONGEST]) <= width:
        return text[:_LONGEST]
    kept = bisect_right(range(1, _LONGEST), width, key=lambda n: letters.getlength(text[:n] + "…"))
    return text[:kept] + "…" if kept else ""


def draw_tag(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: Colour, size: int) -> None:
    """Writes a text on a field of its own colour, moved and cut so that it stays inside the picture.

    Args:
        pen: Draws on the picture.
        place: x and y in pixels of the tag's upper left corner, where there is room.
        text: What to write.
        colour: The field's colour.
        size: Height of the letters in pixels.
    """
    field = tag_field(pen.im.size, place, text, size)
    if field is not None:
        left, top, right, bottom = field
        text = fitted(text, pen.im.size[0] - 2 * _padding(size), size)
        pen.rectangle((left, top, right - 1, bottom - 1), fill=colour)
        pen.text((left + _padding(size), (top + bottom) / 2), text, fill=ink(colour), font=font(size), anchor="lm")


def tag_field(
    picture: tuple[int, int], place: tuple[float, float], text: str, size: int
) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 of the pixels that a tag takes, the last two just outside; None where none of it is to be read.

    Args:
        picture: (W, H) of the picture.
        place: As `draw_tag` takes it.
        text: What to write.
        size: Height of the letters in pixels.
    """
    text = fitted(text, picture[0] - 2 * _padding(size), size)
    if not text:
        return None
    width, height = round(font(size).getlength(text)) + 2 * _padding(size), size + 2 * _padding(size)
    ends = (picture[0] - width, picture[1] - height)
    left, top = (max(min(round(at), end), 0) for at, end in zip(place, ends, strict=True))
    return left, top, left + width, top + height


def _padding(size: int) -> int:
    return max(size // 5, 1)
