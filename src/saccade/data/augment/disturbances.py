"""The ways to disturb a picture by a known amount.

Each takes its direction (which way it shifts, whether it grows or shrinks) from dice, and its amount from the caller.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from saccade.core.geometry.affine import about, rotation, scaling, translation
from saccade.data.augment.colour import blur
from saccade.data.augment.rng import RandomDraws

Size = tuple[int, int]


@dataclass(frozen=True)
class Disturbance:
    """One way to disturb a picture; it moves pixels or changes them.

    Attributes:
        full: The amount at strength 1.
        unit: What the amount is.
        move: The map (3, 3) of a picture of size (H, W) by an amount, or None where pixels stay.
        change: The picture in other light or focus, by an amount, or None where values stay.
    """

    full: float
    unit: str
    move: Callable[[float, Size, RandomDraws], Tensor] | None = None
    change: Callable[[Tensor, float, RandomDraws], Tensor] | None = None


def _shift(amount: float, size: Size, rng: RandomDraws) -> Tensor:
    angle = rng.uniform(0, 2 * math.pi)
    return translation(amount * size[1] * math.cos(angle), amount * size[0] * math.sin(angle))


def _rotate(amount: float, size: Size, rng: RandomDraws) -> Tensor:
    return about(rotation(amount * _sign(rng)), size[1] / 2, size[0] / 2)


def _scale(amount: float, size: Size, rng: RandomDraws) -> Tensor:
    factor = 2 ** (amount * _sign(rng))
    return about(scaling(factor, factor), size[1] / 2, size[0] / 2)


def _brightness(image: Tensor, amount: float, rng: RandomDraws) -> Tensor:
    return _like(image, image.float() * max(1 + amount * _sign(rng), 0.0))


def _blur(image: Tensor, amount: float, rng: RandomDraws) -> Tensor:
    return blur(image, amount * min(image.shape[-2:]))


def _noise(image: Tensor, amount: float, rng: RandomDraws) -> Tensor:
    white = 1.0 if image.is_floating_point() else 255.0
    return _like(image, image.float() + amount * white * rng.normal(*image.shape))


def _sign(rng: RandomDraws) -> float:
    return 1.0 if rng.happens(0.5) else -1.0


def _like(image: Tensor, values: Tensor) -> Tensor:
    """Values on the scale of a picture, as its type holds them."""
    if image.is_floating_point():
        return values.clamp(0, 1).to(image.dtype)
    return values.round().clamp(0, 255).to(image.dtype)


DISTURBANCES: dict[str, Disturbance] = {
    "shift": Disturbance(0.25, "of the side", move=_shift),
    "rotate": Disturbance(45.0, "degrees", move=_rotate),
    "scale": Disturbance(1.0, "doublings", move=_scale),
    "brightness": Disturbance(0.8, "of the light", change=_brightness),
    "blur": Disturbance(0.03, "of the shorter side", change=_blur),
    "noise": Disturbance(0.4, "of white", change=_noise),
}
