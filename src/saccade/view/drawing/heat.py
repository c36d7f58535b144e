"""Maps of numbers as colours: heat laid over a picture, grey tiles for values of both signs.

Legend: (H, W) picture, (C, h, w) values.
"""

from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from saccade.view.drawing.draw import to_picture
from saccade.view.drawing.lettering import draw_tag
from saccade.view.drawing.palette import Colour

_OPACITY = 0.85  # of the greatest heat; where there is none the picture shows
_BASE, _BLIND = 0.8, 0.35  # brightness of the picture, and of what the network does not see
_BANNER: Colour = (24, 28, 34)


def heat_over(picture: Image.Image, heat: Tensor, seen: Tensor | None = None) -> Image.Image:
    """A picture in grey with heat in colours over it, the hotter the less transparent.

    Args:
        picture: RGB, W × H.
        heat: (H, W); all up to 0 is cold, the greatest value is hottest.
        seen: (H, W) bool where the network looked; the rest is darkened. Everywhere by default.
    """
    share = share_of_greatest(heat).numpy()
    grey = np.asarray(picture.convert("L"), dtype=np.float32)[..., None] / 255
    alpha = _OPACITY * share[..., None]
    mixed = (1 - alpha) * _BASE * grey + alpha * colours(share)
    if seen is not None:
        mixed = np.where(seen.numpy()[..., None], mixed, _BLIND * grey)
    return Image.fromarray((mixed * 255).round().astype(np.uint8))


def heat_tile(heat: Tensor, side: int) -> Image.Image:
    """Values (h, w) in colours, enlarged to a longer side of `side` pixels, every value a rectangle."""
    tile = Image.fromarray((colours(share_of_greatest(heat).numpy()) * 255).round().astype(np.uint8))
    return fitted_tile(tile, side)


def share_of_greatest(heat: Tensor) -> Tensor:
    """(…) float32 in 0..1: values below 0 are 0, and the greatest is 1; all 0 where none is above 0."""
    heat = heat.detach().float().cpu().clamp(min=0)
    greatest = float(heat.max()) if heat.numel() else 0.0
    return heat / greatest if greatest > 0 else heat


def signed_tile(values: Tensor, greatest: float, factor: int = 1) -> Image.Image:
    """Values (C, h, w) of both signs: 0 is middle grey, `greatest` white, its negative black; `factor` times as large.

    Three channels are red, green and blue; of any other number the first is shown.
    """
    shown = 0.5 + 0.5 * values.detach().float().cpu() / greatest if greatest > 0 else torch.full_like(values, 0.5)
    tile = to_picture(shown if len(shown) == 3 else shown[:1])
    return tile.resize((tile.width * factor, tile.height * factor), Image.Resampling.NEAREST)


def fitted_tile(tile: Image.Image, side: int) -> Image.Image:
    """A picture at a longer side of `side` pixels: small ones keep their pixels as squares, large ones are averaged."""
    scale = side / max(tile.size)
    size = (max(round(tile.width * scale), 1), max(round(tile.height * scale), 1))
    return tile.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)


def captioned(picture: Image.Image, text: str) -> Image.Image:
    """The picture with a text in its upper left corner."""
    tagged = picture.copy()
    if text:
        draw_tag(ImageDraw.Draw(tagged), (0, 0), text, _BANNER, max(max(picture.size) // 26, 14))
    return tagged


def colours(share: NDArray[Any]) -> NDArray[np.float32]:
    """(…, 3) float32 RGB of values 0..1, from dark over red to light yellow, so that print in grey keeps the order."""
    return mpl.colormaps["inferno"](share)[..., :3].astype(np.float32)
