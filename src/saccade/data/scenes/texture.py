"""The stuff that backgrounds and objects are made of: two colours, mixed by a pattern and by noise.

Everything is a function of places in units of the picture's side, so that a scene looks alike at every size.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from saccade.data.scenes.shapes import Array

_COARSE, _FINE = 5, 21  # cells of noise along the picture's side


@dataclass(frozen=True)
class Texture:
    """One random material.

    Attributes:
        pattern: Position of the pattern in `PATTERNS`.
        colours: (2, 3) float32 linear mix between two sRGB colours, 0..1.
        wave: (2,) float32 direction times the number of waves along the picture's side.
        phase: Where the waves begin, in radians.
        contrast: How much of the way from the first colour to the second the pattern goes, 0..1.
        coarse: (n, n) float32 noise of slow changes, about -1..1 once it is spread out.
        fine: (m, m) float32 noise of quick changes.
    """

    pattern: int
    colours: Array
    wave: Array
    phase: float
    contrast: float
    coarse: Array
    fine: Array


def draw_texture(rng: np.random.Generator, away_from: Array | None = None) -> Texture:
    """A random material, its colours clearly different from the (3,) OKLab colour `away_from`, where it is given."""
    main, second = _draw_colours(rng, away_from)
    angle, waves = rng.uniform(0, 2 * math.pi), math.exp(rng.uniform(math.log(5), math.log(18)))
    return Texture(
        pattern=int(rng.integers(len(PATTERNS))),
        colours=srgb(np.stack([main, second])),
        wave=np.array([math.cos(angle) * waves, math.sin(angle) * waves], dtype=np.float32),
        phase=float(rng.uniform(0, 2 * math.pi)),
        contrast=float(rng.uniform(0.2, 0.8)),
        coarse=_draw_noise(rng, _COARSE),
        fine=_draw_noise(rng, _FINE),
    )


def oklab(colour: Array) -> Array:
    """(…, 3) sRGB 0..1 as OKLab (Ottosson 2020), where equal distances look equally far."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return (np.cbrt(linear @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T).astype(np.float32)


def srgb(lab: Array) -> Array:
    """(…, 3) OKLab as sRGB, clipped to 0..1; the inverse of `oklab`."""
    linear = ((lab @ _LAB_TO_LMS.T) ** 3 @ _LMS_TO_RGB.T).clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


# OKLab's published matrices: linear sRGB to cone responses, and their cube roots to lightness and two colour axes.
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LMS_TO_RGB, _LAB_TO_LMS = np.linalg.inv(_RGB_TO_LMS), np.linalg.inv(_LMS_TO_LAB)

_TRIES, _APART = 5, 0.25  # colours to choose from, and the distance in OKLab that suffices


def _draw_colours(rng: np.random.Generator, away_from: Array | None) -> tuple[Array, Array]:
    """Two OKLab colours of one material: the second is a lighter or darker neighbour of the first."""
    # Always the same number of draws, so that one object's choice never shifts the next one's.
    lightness, chroma, hue = rng.uniform(((0.42,), (0.02,), (0.0,)), ((0.9,), (0.15,), (2 * math.pi,)), (3, _TRIES))
    colours = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], 1).astype(np.float32)
    chosen = 0
    if away_from is not None:
        distance = np.linalg.norm(colours - away_from, axis=1)
        chosen = int(np.argmax(distance > _APART)) if (distance > _APART).any() else int(distance.argmax())
    main = colours[chosen]
    step = rng.uniform((0.07, -0.06, -0.06), (0.2, 0.06, 0.06)).astype(np.float32)
    step[0] *= -1 if main[0] > 0.66 else 1
    return main, main + step


def paint_texture(texture: Texture, x: Array, y: Array, cells: float) -> Array:
    """(h, w, 3) float32 sRGB of a texture, 0..1.

    Args:
        texture: The material.
        x: (w,) places of the columns, in units of the picture's side.
        y: (h,) places of the rows.
        cells: The greatest number of waves along the side that the picture's pixels can show.
    """
    coarse = _noise(texture.coarse, x, y)
    fine = _noise(texture.fine, x, y)
    waves = float(np.hypot(*texture.wave))
    along, across = texture.wave * np.float32(2 * math.pi * min(1.0, cells / waves))
    u = x[None] * along + y[:, None] * across
    v = y[:, None] * along - x[None] * across
    mix = PATTERNS[texture.pattern](u + np.float32(texture.phase), v, coarse, fine)
    mix = 0.5 + (mix - 0.5) * np.float32(texture.contrast) + 0.12 * fine
    light = 1 + 0.05 * coarse + 0.035 * fine
    first, second = texture.colours
    return (first + mix[..., None] * (second - first)) * light[..., None]


def _draw_noise(rng: np.random.Generator, cells: int) -> Array:
    # The spline averages neighbours; the factor gives back the range that this takes away.
    return (rng.random((cells + 3, cells + 3), dtype=np.float32) * 2 - 1) * 2


def _noise(grid: Array, x: Array, y: Array) -> Array:
    """(h, w) smooth noise: `grid` spread over the picture's side by cubic B-splines."""
    return _weights(y, len(grid)) @ grid @ _weights(x, len(grid)).T


def _weights(places: Array, knots: int) -> Array:
    """(len(places), knots) weights of a uniform cubic B-spline, one knot beyond the picture on either side."""
    away = np.abs(places[:, None] * (knots - 3) + 1 - np.arange(knots, dtype=np.float32))
    wide, narrow = np.maximum(2 - away, 0), np.maximum(1 - away, 0)
    # Products, because NumPy's general power is many times slower.
    return (wide * wide * wide - 4 * narrow * narrow * narrow) * (1 / 6)


def _plain(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return 0.5 + 0.3 * coarse


def _clouds(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return np.clip(0.5 + 1.2 * coarse + 0.5 * fine, 0, 1)


def _stripes(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return _sharp(np.sin(u))


def _checks(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return _sharp(1.5 * np.sin(0.7 * u) * np.sin(0.7 * v))


def _tartan(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return 0.5 * (_sharp(np.sin(0.6 * u)) + _sharp(np.sin(0.6 * v)))


def _grain(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return 0.5 + 0.5 * np.sin(u + 5 * coarse + 0.6 * fine)


def _ripples(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return 0.5 + 0.5 * np.sin(0.8 * u + 1.5 * np.sin(0.4 * v))


def _specks(u: Array, v: Array, coarse: Array, fine: Array) -> Array:
    return _sharp(1.2 * (np.sin(u) + np.sin(v)) - 1.2)


def _sharp(wave: Array) -> Array:
    return np.clip(0.5 + 2 * wave, 0, 1)


PATTERNS: tuple[Callable[[Array, Array, Array, Array], Array], ...] = (
    *(_plain, _clouds, _stripes, _checks, _tartan, _grain, _ripples, _specks),
)
