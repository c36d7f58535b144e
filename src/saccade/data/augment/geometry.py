"""Draws the one map that takes a picture from its own pixels to the network's: window, tilt, flip, fit, bend."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import about, mirror, rotation, scaling, shear, translation, upside_down
from saccade.core.input.input_spec import InputSpec
from saccade.data.augment.crop import draw_window
from saccade.data.augment.elastic import draw_displacement
from saccade.data.augment.rng import RandomDraws

Size = tuple[int, int]

# Rules of the input under which pictures come in sizes of their own, so that they may be trained on at several.
ANY_SIZE = ("shorter", "native")


def sample_frame(
    augmentation: Augmentation, spec: InputSpec, source: Size, truth: Annotation, rng: RandomDraws
) -> Frame:
    """A random map of a picture of size `source` (H, W) into what `spec` asks for.

    A person's square is tilted and mirrored about its middle, inside the input.
    """
    if spec.person is not None:
        own = spec.frame(source, truth)
        matrix = _flips(augmentation, own.target, rng) @ _tilt(augmentation, own.target, rng) @ own.matrix
        return _bent(augmentation, Frame(matrix, source, own.target), rng)
    x1, y1, x2, y2 = draw_window(augmentation, source, truth, rng)
    size = (y2 - y1, x2 - x1)
    fit = _fit(augmentation, spec, size, rng)
    matrix = fit.matrix @ _flips(augmentation, size, rng) @ _tilt(augmentation, size, rng) @ translation(-x1, -y1)
    return _bent(augmentation, Frame(matrix, source, fit.target), rng)


def _bent(augmentation: Augmentation, frame: Frame, rng: RandomDraws) -> Frame:
    if augmentation.elastic is None:
        return frame
    return replace(frame, displacement=draw_displacement(augmentation.elastic, frame.target, rng))


def refit(frame: Frame, target: Size) -> Frame:
    """The frame with its middle stretched evenly until it covers a picture of size `target`."""
    if frame.target == target:
        return frame
    height, width = frame.target
    scale = max(target[0] / height, target[1] / width)
    left, top = (target[1] - scale * width) / 2, (target[0] - scale * height) / 2
    return frame.then(translation(left, top) @ scaling(scale, scale), target)


def _fit(augmentation: Augmentation, spec: InputSpec, size: Size, rng: RandomDraws) -> Frame:
    """The picture, or the window cut out of it, in the size that the network takes."""
    if augmentation.crop_area is not None and spec.size is not None and spec.rule in ("crop", "stretch"):
        return replace(spec, rule="stretch").frame(size)  # a random crop stands in for the central one
    frame = spec.frame(size)
    if augmentation.zoom == (1.0, 1.0) or spec.rule not in ANY_SIZE:
        return frame
    factor = rng.log_uniform(*augmentation.zoom)
    height, width = (max(round(side * factor), 1) for side in frame.target)
    return Frame(scaling(width / size[1], height / size[0]), size, (height, width))


def _tilt(augmentation: Augmentation, size: Size, rng: RandomDraws) -> Tensor:
    """Scale, shear and turn about the middle, then shift."""
    height, width = size
    matrix = torch.eye(3, dtype=torch.float64)
    if augmentation.scale != (1.0, 1.0):
        factor = _factor(augmentation, rng)
        matrix = scaling(factor, factor)
    if augmentation.shear:
        matrix = shear(rng.spread(augmentation.shear)) @ matrix
    # What is certain is not drawn, so that recipes without this chance see the same pictures as ever.
    if augmentation.rotate and (augmentation.rotate_chance == 1 or rng.happens(augmentation.rotate_chance)):
        normal = augmentation.jitter == "normal"
        degrees = augmentation.rotate * rng.clipped_normal() if normal else rng.spread(augmentation.rotate)
        matrix = rotation(degrees) @ matrix
    matrix = about(matrix, width / 2, height / 2)
    if augmentation.translate:
        share = augmentation.translate
        matrix = translation(rng.spread(share) * width, rng.spread(share) * height) @ matrix
    if augmentation.pad_crop:
        most = augmentation.pad_crop
        matrix = translation(rng.whole(-most, most), rng.whole(-most, most)) @ matrix
    return matrix


def _factor(augmentation: Augmentation, rng: RandomDraws) -> float:
    """A factor of size."""
    if augmentation.jitter == "uniform":
        return rng.log_uniform(*augmentation.scale)
    low, high = map(math.log, augmentation.scale)
    return math.exp((low + high) / 2 + (high - low) / 2 * rng.clipped_normal())


def _flips(augmentation: Augmentation, size: Size, rng: RandomDraws) -> Tensor:
    matrix = torch.eye(3, dtype=torch.float64)
    if rng.happens(augmentation.flip):
        matrix = mirror(size[1])
    if rng.happens(augmentation.flip_vertical):
        matrix = upside_down(size[0]) @ matrix
    return matrix
