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


def tag_height(size: int) -> int:
    """Height in pixels of a tag whose letters have a size."""
    return size + 2 * _padding(size)


def draw_tag(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: Colour, size: int) -> None:
    """Writes a text on a field of its own colour, moved and cut so that it stays inside the picture.

    Args:
        pen: Draws on the picture.
        place: x and y in pixels of the tag's upper left corner, where there is room.
        text: What to write.
        colour: The field's colour.
        size: Height of the letters in pixels.
    """
    room, bottom = pen.im.size
    text = fitted(text, room - 2 * _padding(size), size)
    width, height = round(font(size).getlength(text)) + 2 * _padding(size), tag_height(size)
    left, top = (max(min(round(at), end), 0) for at, end in zip(place, (room - width, bottom - height), strict=True))
    if text:
        pen.rectangle((left, top, left + width - 1, top + height - 1), fill=colour)
        middle = top + height / 2
        pen.text((left + _padding(size), middle), text, fill=ink(colour), font=font(size), anchor="lm")


def _padding(size: int) -> int:
    return max(size // 5, 1)
