"""Translucent layers over a picture's pixels: classes, masks, contours.

Legend: (H, W, 3) float32 canvas 0..255; maps are (H, W) of the same size.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.view.drawing.palette import Colour, class_colour

Canvas = NDArray[np.float32]
_MASK = 0.4  # opacity
_CONTOUR: Colour = (255, 32, 96)


def blend(canvas: Canvas, alpha: NDArray[Any], colour: Colour) -> None:
    """Lays a colour over the canvas; `alpha` (H, W) is its opacity 0..1, or where it is laid."""
    canvas += alpha[..., None].astype(np.float32) * (np.array(colour, dtype=np.float32) - canvas)


def lay_semantic(
    canvas: Canvas, semantic: NDArray[np.int64], classes: int, opacity: float, rim: float | None = None
) -> None:
    """Colours every pixel by its class; pixels beyond the classes, 255 (ignore) among them, stay as they are.

    Args:
        canvas: What is drawn on.
        semantic: (H, W).
        classes: How many there are.
        opacity: Of the colours.
        rim: That of pixels beside one of another class, where two alike colours would run into one another.
    """
    alpha = np.full(semantic.shape, opacity, dtype=np.float32)
    if rim is not None:
        alpha[_borders(semantic)] = rim
    for label in np.unique(semantic[(semantic >= 0) & (semantic < classes)]).tolist():
        blend(canvas, alpha * (semantic == label), class_colour(label))


def lay_mask(canvas: Canvas, mask: NDArray[np.bool_], colour: Colour, width: int) -> None:
    """Colours an object's pixels, its rim of some `width` pixels fully."""
    blend(canvas, _MASK * mask, colour)
    blend(canvas, mask & ~_eroded(mask, width), colour)


def lay_contours(canvas: Canvas, probability: NDArray[np.float32], labels: NDArray[np.int64] | None = None) -> None:
    """Draws contours, the surer the stronger.

    Args:
        canvas: What is drawn on.
        probability: (H, W).
        labels: (H, W) the class of each pixel, which gives its colour, or None.
    """
    if labels is None:
        blend(canvas, probability.clip(0, 1), _CONTOUR)
        return
    for label in np.unique(labels[probability > 0]).tolist():
        blend(canvas, probability.clip(0, 1) * (labels == label), class_colour(label))


def _borders(semantic: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The pixels that have one of another class above, below, left or right."""
    borders = np.zeros(semantic.shape, dtype=np.bool_)
    down, across = semantic[1:] != semantic[:-1], semantic[:, 1:] != semantic[:, :-1]
    borders[1:] |= down
    borders[:-1] |= down
    borders[:, 1:] |= across
    borders[:, :-1] |= across
    return borders


def _eroded(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """The pixels of a mask farther than `width` steps from its outside; the picture's edge is no outside."""
    for _ in range(width):
        inner = mask.copy()
        inner[1:] &= mask[:-1]
        inner[:-1] &= mask[1:]
        inner[:, 1:] &= mask[:, :-1]
        inner[:, :-1] &= mask[:, 1:]
        mask = inner
    return mask
