"""Paints a stage: textures, light from one side, and a soft shadow under every thing."""

import math

import numpy as np
from numpy.typing import NDArray

from saccade.data.scenes.figure import Layer
from saccade.data.scenes.shapes import Array
from saccade.data.scenes.stage import Placed, Stage
from saccade.data.scenes.texture import Texture, draw_texture, oklab, paint_texture

_RIM = 0.035  # of the side: how far the bevel reaches into a thing
_SHADOW_SHIFT, _SHADOW_BLUR, _SHADOW = 0.014, 0.022, 0.45
_GRAIN = 0.012  # standard deviation of the pixels' noise


def paint(stage: Stage, seed: int, index: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 picture of a stage."""
    rng = np.random.default_rng([seed, index, 2])
    size = len(stage.owner)
    toward_light = rng.uniform(-math.pi, 0)
    light = np.array([math.cos(toward_light), math.sin(toward_light)], dtype=np.float32)
    ground = draw_texture(rng)
    canvas = _tile(ground, (0, 0, size, size), size) * _falloff(light, size)[..., None]
    ground_colour = oklab(ground.colours.mean(0))
    textures = [draw_texture(rng, ground_colour) for _ in stage.placed]
    for position in np.argsort([placed.thing.depth for placed in stage.placed]):
        _cast_shadow(canvas, stage.placed[position], light)
        _paint_thing(canvas, stage.placed[position], textures[position], light)
    canvas += np.float32(_GRAIN) * rng.standard_normal((size, size, 1), dtype=np.float32)
    return (canvas.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _tile(texture: Texture, window: tuple[int, int, int, int], size: int) -> Array:
    x1, y1, x2, y2 = window
    x, y = ((np.arange(*span, dtype=np.float32) + 0.5) / size for span in ((x1, x2), (y1, y2)))
    return paint_texture(texture, x, y, cells=size / 6)


def _falloff(light: Array, size: int) -> Array:
    """(H, W) brightness of the ground, which fades away from the light."""
    places = np.linspace(-1, 1, size, dtype=np.float32)
    return 0.98 + np.float32(0.1) * (places[None] * light[0] + places[:, None] * light[1])


def _cast_shadow(canvas: Array, placed: Placed, light: Array) -> None:
    """Darkens what lies under a thing, on the side away from the light."""
    size = len(canvas)
    distance = np.minimum.reduce([layer.distance for layer in placed.layers])
    shade = np.clip(0.5 - distance / (_SHADOW_BLUR * size), 0, 1)
    shade *= shade * _SHADOW
    dx, dy = (round(float(-part) * _SHADOW_SHIFT * size) for part in light)
    x1, y1, x2, y2 = placed.window
    left, top, right, bottom = max(x1 + dx, 0), max(y1 + dy, 0), min(x2 + dx, size), min(y2 + dy, size)
    seen = shade[top - y1 - dy : bottom - y1 - dy, left - x1 - dx : right - x1 - dx]
    canvas[top:bottom, left:right] *= 1 - seen[..., None]


def _paint_thing(canvas: Array, placed: Placed, texture: Texture, light: Array) -> None:
    size = len(canvas)
    tone, cover = np.ones((), dtype=np.float32), np.zeros((), dtype=np.float32)
    for layer in placed.layers:
        alpha = np.clip(0.5 - layer.distance, 0, 1)
        tone = tone + alpha * (layer.tone * _bevel(layer, light, size) - tone)
        cover = np.maximum(cover, alpha)
    colour = _tile(texture, placed.window, size) * tone[..., None]
    under = canvas[placed.slices]
    under += cover[..., None] * (colour - under)


def _bevel(layer: Layer, light: Array, size: int) -> Array:
    """(h, w) brightness: bright where the rim faces the light, dark where it turns away, a thin dark outline."""
    down, right = np.gradient(layer.distance)
    facing = right * light[0] + down * light[1]
    rim = np.exp(np.minimum(layer.distance, 0) * (1 / (_RIM * size)))
    outline = np.clip(1 + layer.distance * (160 / size), 0, 1)
    return 1 + rim * (0.38 * facing - 0.08) - 0.25 * outline
