"""Pictures of more than 8 bits a channel that Pillow opens: none of their levels is lost.

Pillow has no colours of 16 bits. Those of a PNG are decoded by it twice, once for their upper bytes and once for the
lower: torchvision's own decoder gives them at once, but a damaged file ends its process. Those of a PPM are taken as
they lie in the file.
"""

import io
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from saccade.safe_io.images.brightness import Range, by_depth, by_range
from saccade.safe_io.images.pixels import Pixels

_BITS, _PHOTOMETRIC, _LEAST, _MOST = 258, 262, 340, 341
_WHITE_IS_ZERO = 0
_PNG_DEPTH = 24  # place of the bits a channel in a PNG's header


def is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a picture has more than the 8 bits a channel that Pillow would leave it."""
    return image.mode[0] == "I" or image.mode == "F" or _is_deep_png(image, data) or _is_deep_ppm(image)


def decode_deep(image: Image.Image, data: bytes, name: str) -> Pixels:
    """The frame at hand as float32 0..1.

    Raises:
        DataError: Its range is not known, or a value is NaN, infinite or out of range.
    """
    if _is_deep_png(image, data) and image.mode in ("RGB", "RGBA"):
        values = _png(image, data)
        return Pixels(by_depth(values, 65535, name), alpha=len(values) in (2, 4))
    if _is_deep_ppm(image):
        return Pixels(_ppm(image, data, name))
    values = np.asarray(image)[None]
    tags: Any = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        planes = by_depth(values, 2 ** int(tags.get(_BITS, (16,))[0]) - 1, name)
    elif image.mode == "I" and image.format == "PPM":
        planes = by_depth(values, 65535, name)  # Pillow scales every PGM's own white to this
    else:
        planes = by_range(values, declared_range(tags.get(_LEAST), tags.get(_MOST)), name)
    return Pixels(1 - planes if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else planes)


def declared_range(least: Any, most: Any) -> Range | None:
    """Black and white by a TIFF's SMinSampleValue and SMaxSampleValue, one number or one a channel."""
    if least is None or most is None:
        return None
    return float(np.min(least)), float(np.max(most))


def _is_deep_png(image: Image.Image, data: bytes) -> bool:
    return image.format == "PNG" and data[_PNG_DEPTH : _PNG_DEPTH + 1] == b"\x10"


def _png(image: Image.Image, data: bytes) -> NDArray[Any]:
    """(C, H, W) uint16 of a PNG with opacity or colours."""
    if _tile(image)[3] == "LA;16B":  # two numbers of two bytes, which are decoded as four of one
        found = _decoded(data, "RGBA").astype(np.uint16)
        high, low = found[..., ::2], found[..., 1::2]
    else:
        high, low = (_decoded(data, f"{image.mode};16{end}").astype(np.uint16) for end in "BL")
    return (high * 256 + low).transpose(2, 0, 1)


def _decoded(data: bytes, layout: str) -> NDArray[Any]:
    """(H, W, C) bytes that Pillow makes of a PNG whose pixels it takes to lie in a layout."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        tile = _tile(image)
        image.tile = [(*tile[:3], layout)]  # pyright: ignore[reportAttributeAccessIssue]
        image.load()
        return np.array(image)


def _is_deep_ppm(image: Image.Image) -> bool:
    """Whether it is a PPM in bytes, of colours whose white is above 255."""
    tile = _tile(image) if image.format == "PPM" else None
    return tile is not None and tile[0] == "ppm" and tile[3][0] == "RGB" and tile[3][1] > 255


def _ppm(image: Image.Image, data: bytes, name: str) -> torch.Tensor:
    tile = _tile(image)
    count = 3 * image.width * image.height
    values = np.frombuffer(data, ">u2", count, offset=tile[2])
    return by_depth(values.reshape(image.height, image.width, 3).transpose(2, 0, 1), tile[3][1], name)


def _tile(image: Image.Image) -> Any:
    """How Pillow means to decode a picture that is not loaded yet: decoder, place, offset and arguments; or None."""
    return next(iter(getattr(image, "tile", ())), None)
