"""Random changes of colour: torchvision's kernels with numbers of our own generator, and AlexNet's lighting."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as vision

from saccade.core.augmentation import Augmentation
from saccade.data.augment.rng import RandomDraws

# Principal components of ImageNet's RGB values on the scale 0..1: rows are R, G, B, columns components.
COMPONENTS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
EIGENVALUES = (0.2175, 0.0188, 0.0045)

ERASED_SHARE, ERASED_ASPECT = (0.02, 0.33), (0.3, 3.3)


def change_colour(image: Tensor, augmentation: Augmentation, rng: RandomDraws, mean: tuple[float, ...]) -> Tensor:
    """A picture in other light; saturation, hue and lighting need three channels and are skipped for any other number.

    Args:
        image: (C, h, w) uint8 or float 0..1; it is not written to.
        augmentation: Ranges of the changes.
        rng: Where the numbers come from.
        mean: Colour of erased rectangles, C values 0..1.
    """
    if augmentation.brightness and _happens(augmentation, rng):
        image = _each(vision.adjust_brightness, image, 1 + rng.spread(augmentation.brightness))
    if augmentation.brightness_shift and _happens(augmentation, rng):
        image = _shifted(image, torch.tensor(rng.spread(augmentation.brightness_shift)))
    if augmentation.channels:
        factors = torch.tensor([1 + rng.spread(augmentation.channels) for _ in range(len(image))])
        image = _multiplied(image, factors.clamp(min=0).view(-1, 1, 1))
    if augmentation.contrast and _happens(augmentation, rng):
        image = _each(vision.adjust_contrast, image, 1 + rng.spread(augmentation.contrast))
    if len(image) == 3:
        image = _rgb(image, augmentation, rng)
    if augmentation.blur:
        image = blur(image, rng.uniform(0, augmentation.blur))
    if rng.happens(augmentation.erase):
        image = _erase(image, rng, mean)
    return image


def _happens(augmentation: Augmentation, rng: RandomDraws) -> bool:
    """Whether one of the four changes of colour is made."""
    return augmentation.colour == 1 or rng.happens(augmentation.colour)


def _each(change: Callable[[Tensor, float], Tensor], image: Tensor, factor: float) -> Tensor:
    """A change that torchvision allows for one channel or three; any other number goes channel by channel."""
    factor = max(factor, 0.0)
    return change(image, factor) if len(image) in (1, 3) else change(image[:, None], factor)[:, 0]


def _rgb(image: Tensor, augmentation: Augmentation, rng: RandomDraws) -> Tensor:
    if augmentation.saturation and _happens(augmentation, rng):
        image = vision.adjust_saturation(image, max(1 + rng.spread(augmentation.saturation), 0.0))
    if augmentation.hue and _happens(augmentation, rng):
        image = vision.adjust_hue(image, rng.spread(min(augmentation.hue, 0.5)))
    factors = [_either_way(augmentation.hsv_saturation, rng), _either_way(augmentation.hsv_exposure, rng)]
    if factors != [1.0, 1.0]:
        image = saturate_and_expose(image, *factors)
    if augmentation.lighting:
        image = lighting(image, rng.normal(3) * augmentation.lighting)
    return image


def lighting(image: Tensor, strengths: Tensor) -> Tensor:
    """A picture shifted along the principal colours of natural pictures (AlexNet, section 4.1).

    Args:
        image: (3, h, w) uint8 or float 0..1.
        strengths: (3,) shift along each component, in its eigenvalue.
    """
    shift = (torch.tensor(COMPONENTS) @ (strengths * torch.tensor(EIGENVALUES))).view(3, 1, 1)
    return _shifted(image, shift)


def _shifted(image: Tensor, shift: Tensor) -> Tensor:
    """A picture, uint8 or float 0..1, with a shift on the scale 0..1 added to its values."""
    if image.is_floating_point():
        return (image + shift).clamp(0, 1)
    return (image + 255 * shift).round_().clamp_(0, 255).to(image.dtype)


def _multiplied(image: Tensor, factors: Tensor) -> Tensor:
    """A picture, uint8 or float 0..1, each channel times its factor."""
    if image.is_floating_point():
        return (image * factors).clamp(0, 1)
    return (image * factors).round_().clamp_(0, 255).to(image.dtype)


def _either_way(greatest: float, rng: RandomDraws) -> float:
    """A factor from 1 to `greatest`, or its inverse, as Darknet draws it."""
    if greatest == 1:
        return 1.0
    factor = rng.uniform(1, greatest)
    return factor if rng.happens(0.5) else 1 / factor


def saturate_and_expose(image: Tensor, saturation: float, exposure: float) -> Tensor:
    """A picture whose saturation and value in HSV are multiplied, each up to its greatest (Darknet's distortion).

    Scaling a colour's distances to its greatest value scales its saturation and keeps hue and value.

    Args:
        image: (3, h, w) uint8 or float 0..1.
        saturation: Factor of the saturation.
        exposure: Factor of the value.
    """
    scale = 1.0 if image.is_floating_point() else 255.0
    colours = image / scale
    value, least = colours.amax(0, keepdim=True), colours.amin(0, keepdim=True)
    purest = value / (value - least).clamp(min=torch.finfo(colours.dtype).tiny)  # where saturation is 1
    colours = value - (value - colours) * purest.clamp(max=saturation)
    colours = colours * (1 / value.clamp(min=torch.finfo(colours.dtype).tiny)).clamp(max=exposure) * scale
    return colours if image.is_floating_point() else colours.round_().clamp_(0, 255).to(image.dtype)


def blur(image: Tensor, deviation: float) -> Tensor:
    """A picture (C, h, w) under a Gaussian of `deviation` pixels; below a tenth of a pixel nothing happens."""
    reach = min(math.ceil(3 * deviation), min(image.shape[-2:]) - 1)
    if deviation < 0.1 or reach < 1:
        return image
    return vision.gaussian_blur(image, [2 * reach + 1] * 2, [deviation] * 2)


def _erase(image: Tensor, rng: RandomDraws, mean: tuple[float, ...]) -> Tensor:
    """A rectangle painted over with the mean colour (arXiv 1708.04896)."""
    height, width = image.shape[-2:]
    area, aspect = height * width * rng.uniform(*ERASED_SHARE), rng.log_uniform(*ERASED_ASPECT)
    high, wide = min(round(math.sqrt(area / aspect)), height), min(round(math.sqrt(area * aspect)), width)
    top, left = rng.whole(0, height - high), rng.whole(0, width - wide)
    scale = 1.0 if image.is_floating_point() else 255.0
    image = image.clone()
    image[:, top : top + high, left : left + wide] = (torch.tensor(mean) * scale).view(-1, 1, 1).to(image.dtype)
    return image
