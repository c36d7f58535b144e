"""Windows laid over a picture, which may reach beyond its edges."""

from collections.abc import Sequence
from math import ceil

from PIL import Image, ImageDraw

from saccade.view.drawing.palette import Colour

_OUTSIDE: Colour = (150, 156, 163)
_STRONG: Colour = (255, 255, 255)
_THIN: Colour = (86, 180, 233)
_EDGE: Colour = (24, 28, 34)
_LEAST, _MOST = 0.06, 0.5  # of the longer side, which is shown around a picture at least and at most


def windows_over(picture: Image.Image, boxes: Sequence[Sequence[float]]) -> Image.Image:
    """The picture with windows drawn over it, the last one strongly; and around it as far as that reaches.

    Args:
        picture: RGB.
        boxes: x1, y1, x2, y2 of each window in the picture's pixels.
    """
    width, height = picture.size
    most = ceil(max(width, height) * _MOST)
    x1, y1, x2, y2 = boxes[-1]
    rim = min(max(ceil(max(-x1, -y1, x2 - width, y2 - height)) + 2, ceil(max(width, height) * _LEAST)), most)
    page = Image.new("RGB", (width + 2 * rim, height + 2 * rim), _OUTSIDE)
    page.paste(picture, (rim, rim))
    pen = ImageDraw.Draw(page)
    for number, box in enumerate(boxes):
        is_last = number == len(boxes) - 1
        x1, y1, x2, y2 = (round(edge + rim) for edge in box)
        shown = (max(x1, 0), max(y1, 0), min(x2, page.width) - 1, min(y2, page.height) - 1)
        if shown[0] > shown[2] or shown[1] > shown[3]:
            continue
        if is_last:
            pen.rectangle((shown[0] - 1, shown[1] - 1, shown[2] + 1, shown[3] + 1), outline=_EDGE, width=4)
        pen.rectangle(shown, outline=_STRONG if is_last else _THIN, width=2 if is_last else 1)
    return page
