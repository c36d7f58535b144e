"""The cells of a grid laid over a picture, each in the colour of its class."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from saccade.view.drawing.palette import class_colour

_LINE, _MOST = (255, 255, 255), 0.6  # of a cell's colour, where it is sure


def cells_over(
    picture: Image.Image, cells: Sequence[Sequence[float]], labels: Sequence[int], strengths: Sequence[float]
) -> Image.Image:
    """The picture with each cell in the colour of its class.

    Args:
        picture: RGB.
        cells: x1, y1, x2, y2 of each in the picture's pixels.
        labels: The class of each.
        strengths: How strong its colour is, 0..1.
    """
    canvas = np.asarray(picture, dtype=np.float32).copy()
    fields = [tuple(round(edge) for edge in cell) for cell in cells]
    for (x1, y1, x2, y2), label, strength in zip(fields, labels, strengths, strict=True):
        window = canvas[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
        window += _MOST * strength * (np.array(class_colour(label), dtype=np.float32) - window)
    drawn = Image.fromarray(canvas.round().clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(drawn)
    for field in fields:
        pen.rectangle(field, outline=_LINE, width=1)
    return drawn
