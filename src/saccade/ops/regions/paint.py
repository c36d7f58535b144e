"""A map of classes painted of objects: what boxes and masks say of the pixels.

Legend: n objects, (h, w) pixels of a picture.
"""

import math

import torch
from torch import Tensor

from saccade.core.annotation import Instances


def painted(objects: Instances, size: tuple[int, int], background: int, ignore: int = 255) -> Tensor:
    """(h, w) int64 class of each pixel: of a mask where an object has one, else of its whole box.

    Smaller objects lie above larger ones, as they mostly do in pictures, too. Crowds are ignored where no object lies
    above them. A pixel belongs to a box that holds its centre.

    Args:
        objects: Boxes in the picture's pixels, which may leave it, and labels; masks of the picture's size where known.
        size: (h, w).
        background: The class of pixels of no object.
        ignore: The class of pixels of which nothing is known.
    """
    boxes, labels = objects.boxes, objects.labels
    canvas = torch.full(size, background, dtype=torch.int64, device=None if boxes is None else boxes.device)
    if boxes is None or labels is None or not len(objects):
        return canvas
    unknown = labels < 0 if objects.crowd is None else (labels < 0) | objects.crowd
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)
    # Sorted twice, since a sort that is stable keeps the order of the first: the unknown ones first, each by its area.
    order = sides.prod(1).argsort(descending=True, stable=True)
    order = order[(~unknown[order]).long().argsort(stable=True)]
    crops = None if objects.masks is None else objects.masks.crops()
    windows = None if objects.masks is None else objects.masks.windows.tolist()
    has_mask, corners = objects.has_mask.tolist(), boxes.tolist()
    for row in order.tolist():
        value = torch.where(unknown[row], ignore, labels[row])
        if crops is not None and windows is not None and has_mask[row]:
            x, y = windows[row][:2]
            window = canvas[y : y + crops[row].shape[0], x : x + crops[row].shape[1]]
            inside = crops[row][: window.shape[0], : window.shape[1]].to(canvas.device)
            window.copy_(torch.where(inside, value, window))
        else:
            x1, y1, x2, y2 = (max(math.ceil(edge - 0.5), 0) for edge in corners[row])
            canvas[y1:y2, x1:x2] = value
    return canvas
