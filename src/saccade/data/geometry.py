"""Draws the one map that takes a picture from its own pixels to the network's: crop, tilt, flip, fit, bend."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.affine import about, mirror, rotation, scaling, shear, translation, upside_down
from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.frame import Frame
from saccade.core.input_spec import InputSpec
from saccade.data.dice import Dice
from saccade.data.elastic import draw_displacement

Size = tuple[int, int]
Window = tuple[int, int, int, int]

TRIES = 10


def draw_frame(augmentation: Augmentation, spec: InputSpec, source: Size, truth: Annotation, dice: Dice) -> Frame:
    """A random map of a picture of size `source` (H, W) into what `spec` asks for."""
    x1, y1, x2, y2 = _crop(augmentation, source, truth, dice)
    size = (y2 - y1, x2 - x1)
    fit = _fit(augmentation, spec, size)
    matrix = fit.matrix @ _flips(augmentation, size, dice) @ _tilt(augmentation, size, dice) @ translation(-x1, -y1)
    bend = None if augmentation.elastic is None else draw_displacement(augmentation.elastic, fit.target, dice)
    return Frame(matrix, source, fit.target, displacement=bend)


def refit(frame: Frame, target: Size) -> Frame:
    """The frame with its middle stretched evenly until it covers a picture of size `target`."""
    if frame.target == target:
        return frame
    height, width = frame.target
    scale = max(target[0] / height, target[1] / width)
    left, top = (target[1] - scale * width) / 2, (target[0] - scale * height) / 2
    return frame.then(translation(left, top) @ scaling(scale, scale), target)


def _fit(augmentation: Augmentation, spec: InputSpec, size: Size) -> Frame:
    if augmentation.crop_area is not None and spec.size is not None and spec.rule in ("crop", "stretch"):
        return replace(spec, rule="stretch").frame(size)  # a random crop stands in for the central one
    return spec.frame(size)


def _crop(augmentation: Augmentation, source: Size, truth: Annotation, dice: Dice) -> Window:
    """A random part of the picture, x1, y1, x2, y2 in whole pixels; all of it where none is asked for.

    Inception's crop: share of the area uniform, shape log-uniform. After ten misses the widest central part of a
    fitting shape is taken, or the whole picture where an object must be kept.
    """
    whole = (0, 0, source[1], source[0])
    if augmentation.crop_area is None:
        return whole
    centres = _centres(truth) if augmentation.crop_keeps == "object" else None
    for _ in range(TRIES):
        area = source[0] * source[1] * dice.uniform(*augmentation.crop_area)
        aspect = dice.log_uniform(*augmentation.crop_aspect)
        width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < width <= source[1] and 0 < height <= source[0]:
            x, y = dice.whole(0, source[1] - width), dice.whole(0, source[0] - height)
            window = (x, y, x + width, y + height)
            if centres is None or _holds(window, centres):
                return window
    return whole if centres is not None else _central(augmentation.crop_aspect, source)


def _centres(truth: Annotation) -> Tensor | None:
    """(n, 2) centres of the objects; None where there is none to keep."""
    rows = truth.instances
    if rows is None or not len(rows):
        return None
    boxes = rows.masks.boxes() if rows.boxes is None and rows.masks is not None else rows.boxes
    return None if boxes is None else (boxes[:, :2] + boxes[:, 2:]) / 2


def _holds(window: Window, points: Tensor) -> bool:
    low, high = points.new_tensor(window[:2]), points.new_tensor(window[2:])
    return bool(((points >= low) & (points < high)).all(1).any())


def _central(aspect: tuple[float, float], source: Size) -> Window:
    height, width = source
    shape = min(max(width / height, aspect[0]), aspect[1])
    wide, high = min(width, round(height * shape)), min(height, round(width / shape))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def _tilt(augmentation: Augmentation, size: Size, dice: Dice) -> Tensor:
    """Scale, shear and turn about the middle, then shift."""
    height, width = size
    matrix = torch.eye(3, dtype=torch.float64)
    if augmentation.scale != (1.0, 1.0):
        factor = dice.log_uniform(*augmentation.scale)
        matrix = scaling(factor, factor)
    if augmentation.shear:
        matrix = shear(dice.spread(augmentation.shear)) @ matrix
    if augmentation.rotate:
        matrix = rotation(dice.spread(augmentation.rotate)) @ matrix
    matrix = about(matrix, width / 2, height / 2)
    if augmentation.translate:
        share = augmentation.translate
        matrix = translation(dice.spread(share) * width, dice.spread(share) * height) @ matrix
    if augmentation.pad_crop:
        most = augmentation.pad_crop
        matrix = translation(dice.whole(-most, most), dice.whole(-most, most)) @ matrix
    return matrix


def _flips(augmentation: Augmentation, size: Size, dice: Dice) -> Tensor:
    matrix = torch.eye(3, dtype=torch.float64)
    if dice.happens(augmentation.flip):
        matrix = mirror(size[1])
    if dice.happens(augmentation.flip_vertical):
        matrix = upside_down(size[0]) @ matrix
    return matrix
