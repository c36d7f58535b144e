"""Which part of a picture is shown: a canvas around it (SSD's expansion), and a random crop of that."""

import math

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.data.augment.rng import RandomDraws
from saccade.ops.boxes.geometry import area, iou_matrix

Size = tuple[int, int]
Window = tuple[int, int, int, int]

# How often a crop is drawn anew: Inception's, and SSD's, which must overlap an object.
TRIES, OVERLAP_TRIES = 10, 50
# Crops whose overlaps are counted in one go.
AT_ONCE = 10
# How often a picture is laid on a larger canvas, where that is asked for (Liu et al. 2016, SSD, section 3.6).
EXPANDED = 0.5
# Truth where the class of a pixel is unknown.
UNKNOWN = 255


def draw_window(augmentation: Augmentation, source: Size, truth: Annotation, rng: RandomDraws) -> Window:
    """A random part of a picture of size `source` (H, W), x1, y1, x2, y2 in whole pixels.

    It may reach beyond the picture, and is all of it where nothing is asked for.
    """
    canvas = _canvas(augmentation.expand, source, rng)
    if augmentation.crop_area is None:
        return canvas
    if augmentation.crop_overlap is not None:
        return _overlapping(augmentation, canvas, truth, rng)
    centres = _centres(_boxes(truth)) if augmentation.crop_keeps == "object" else None
    for _ in range(TRIES):
        window = _crop(augmentation, canvas, rng)
        if window is not None and rng.happens(augmentation.crop_class):
            window = _around_class(window, canvas, truth, rng)
        if window is not None and (centres is None or _holds(window, centres)):
            return window
    return canvas if centres is not None else _central(augmentation.crop_aspect, canvas)


def _canvas(greatest: float, source: Size, rng: RandomDraws) -> Window:
    """The picture, or every other time a canvas of up to `greatest` times its sides around it."""
    height, width = source
    if greatest == 1 or not rng.happens(EXPANDED):
        return 0, 0, width, height
    ratio = rng.uniform(1, greatest)
    wide, high = round(width * ratio), round(height * ratio)
    left, top = -rng.whole(0, wide - width), -rng.whole(0, high - height)
    return left, top, left + wide, top + high


def _crop(augmentation: Augmentation, canvas: Window, rng: RandomDraws) -> Window | None:
    """Inception's crop: share of the area uniform, shape log-uniform; None where it does not fit into the canvas."""
    left, top, right, low = canvas
    if augmentation.crop_draw == "side":
        return _crop_by_side(augmentation, canvas, rng)
    covered = _area(canvas) * rng.uniform(*augmentation.crop_area or (1.0, 1.0))
    aspect = rng.log_uniform(*augmentation.crop_aspect)
    width, height = round(math.sqrt(covered * aspect)), round(math.sqrt(covered / aspect))
    if not (0 < width <= right - left and 0 < height <= low - top):
        return None
    x, y = rng.whole(left, right - width), rng.whole(top, low - height)
    return x, y, x + width, y + height


def _around_class(window: Window, canvas: Window, truth: Annotation, rng: RandomDraws) -> Window:
    """The window moved so that it shows a pixel of a class, both drawn (Isensee et al. 2021, nnU-Net, methods)."""
    point = _shown_pixel(truth, rng)
    if point is None:
        return window
    x, y = point
    left, top, right, low = canvas
    width, height = window[2] - window[0], window[3] - window[1]
    x1 = rng.whole(max(x - width + 1, left), min(x, right - width))
    y1 = rng.whole(max(y - height + 1, top), min(y, low - height))
    return x1, y1, x1 + width, y1 + height


def _shown_pixel(truth: Annotation, rng: RandomDraws) -> tuple[int, int] | None:
    """x, y of a pixel of a class, both drawn, whether pixels have one class or several; None where none is shown."""
    if truth.semantic is not None:
        shown = [label for label in truth.semantic.unique().tolist() if label != UNKNOWN]
    else:
        shown = [] if truth.semantic_masks is None else truth.semantic_masks.areas().nonzero()[:, 0].tolist()
    if not shown:
        return None
    label = shown[rng.whole(0, len(shown) - 1)]
    if truth.semantic is not None:
        places, left, top = (truth.semantic == label).nonzero(), 0, 0
    else:
        masks = truth.get("semantic_masks")
        places, (left, top, *_) = masks.crop(label).nonzero(), masks.windows[label].tolist()
    y, x = places[rng.whole(0, len(places) - 1)].tolist()
    return left + x, top + y


def _crop_by_side(augmentation: Augmentation, canvas: Window, rng: RandomDraws) -> Window:
    """SSD's sampler: a factor of both sides uniform, then the shape uniform among those that fit into the canvas."""
    left, top, right, low = canvas
    side = rng.uniform(*(math.sqrt(share) for share in augmentation.crop_area or (1.0, 1.0)))
    flattest, widest = augmentation.crop_aspect
    shape = math.sqrt(rng.uniform(max(flattest, side**2), min(widest, side**-2)))
    width, height = round((right - left) * side * shape), round((low - top) * side / shape)
    width, height = min(max(width, 1), right - left), min(max(height, 1), low - top)
    x, y = rng.whole(left, right - width), rng.whole(top, low - height)
    return x, y, x + width, y + height


def _overlapping(augmentation: Augmentation, canvas: Window, truth: Annotation, rng: RandomDraws) -> Window:
    """SSD's crop: it overlaps some object by a least share drawn before, and holds some object's centre.

    Where fifty draws find none, another share is drawn, so that each share that can be had is as likely as the others;
    1 stands for the whole canvas, and so does a picture on which no share can be had.
    """
    choices, boxes = list(augmentation.crop_overlap or (1.0,)), _boxes(truth)
    while choices:
        least = choices.pop(rng.whole(0, len(choices) - 1))
        found = canvas if least >= 1 else _overlapping_by(least, augmentation, canvas, boxes, rng)
        if found is not None:
            return found
    return canvas


def _overlapping_by(
    least: float, augmentation: Augmentation, canvas: Window, boxes: Tensor | None, rng: RandomDraws
) -> Window | None:
    """A crop that overlaps some object by `least` or more and holds some object's centre; None where none is found."""
    centres, smallest = _centres(boxes), (augmentation.crop_area or (1.0, 1.0))[0] * _area(canvas)
    if boxes is not None and float(area(boxes).max()) < least * smallest:
        return None  # even the smallest crop is too large for all objects
    for _ in range(OVERLAP_TRIES // AT_ONCE):
        crops = (_crop(augmentation, canvas, rng) for _ in range(AT_ONCE))
        windows = [window for window in crops if window is not None]
        if boxes is None or centres is None or not windows:
            fits = [True] * len(windows)
        else:
            fits = (iou_matrix(boxes.new_tensor(windows), boxes).amax(1) >= least).tolist()
        for window, fit in zip(windows, fits, strict=True):
            if fit and (centres is None or _holds(window, centres)):
                return window
    return None


def _area(window: Window) -> int:
    return (window[2] - window[0]) * (window[3] - window[1])


def _boxes(truth: Annotation) -> Tensor | None:
    """(n, 4) boxes of the objects; None where there is none."""
    rows = truth.instances
    rows = None if rows is None else rows[~rows.is_ignored]
    if rows is None or not len(rows):
        return None
    return rows.masks.boxes() if rows.boxes is None and rows.masks is not None else rows.boxes


def _centres(boxes: Tensor | None) -> Tensor | None:
    return None if boxes is None else (boxes[:, :2] + boxes[:, 2:]) / 2


def _holds(window: Window, points: Tensor) -> bool:
    low, high = points.new_tensor(window[:2]), points.new_tensor(window[2:])
    return bool(torch.all((points >= low) & (points < high), 1).any())


def _central(aspect: tuple[float, float], canvas: Window) -> Window:
    """The widest central part of a fitting shape."""
    left, top, right, low = canvas
    height, width = low - top, right - left
    shape = min(max(width / height, aspect[0]), aspect[1])
    wide, high = min(width, round(height * shape)), min(height, round(width / shape))
    x, y = left + (width - wide) // 2, top + (height - high) // 2
    return x, y, x + wide, y + high
