"""Shapes of LabelMe that are drawn pixel by pixel, as its tools that find an outline by themselves write them.

``points`` are the upper left and the lower right pixel, both inside, and ``mask`` is a PNG of that part, in base64.
"""

import base64
import binascii
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.json_node import JsonNode
from saccade.ops import rle
from saccade.safe_io.images.maps import decode_map_bytes
from saccade.safe_io.limits import MAX_PIXELS

KIND = "mask"
Size = tuple[int, int]


def read_drawn(node: JsonNode, points: NDArray[np.float64], size: Size) -> Masks:
    """The one mask of a shape in a picture of `size` (H, W); its place is told by the first of its `points` (2, 2)."""
    field = node.get("mask")
    if size[0] * size[1] > MAX_PIXELS:  # before run lengths of so many pixels are made
        raise node.wrong(f"a mask in a picture of at most {MAX_PIXELS} pixels", f"one of {size[1]}x{size[0]}")
    if len(points) != 2:
        raise node.get("points").wrong("the upper left and the lower right pixel of a mask", f"{len(points)} points")
    try:
        data = base64.b64decode(field.text(), validate=True)
        values = decode_map_bytes(data, str(node.path))
    except (binascii.Error, ValueError) as error:
        raise field.wrong("a PNG in base64", str(error)) from error
    except DataError as error:
        raise field.wrong(error.expected, error.found, "draw the mask again") from error
    inside: NDArray[np.bool_] = (values if values.ndim == 2 else values.max(2)) != 0
    height, width = inside.shape
    left, top = np.floor(points[0]).clip(-1, max(size)).astype(np.int64).tolist()
    bottom, right = top + height, left + width
    if left < 0 or top < 0 or bottom > size[0] or right > size[1]:
        found = f"one from ({left}, {top}) to ({right}, {bottom})"
        raise field.wrong(f"a mask inside the picture of {size[1]}x{size[0]}", found, "draw the mask again")
    if not inside.any():
        raise field.wrong("a mask that sets some pixel", "none", "draw the mask again, or delete it")
    return Masks.from_crops([torch.from_numpy(inside)], [(left, top)], size)


def united(drawn: Sequence[Masks], polygons: Sequence[NDArray[np.float64]], size: Size) -> Masks:
    """All parts of one object as one mask: those that are drawn, and polygons x1, y1, x2, y2 …."""
    outlined = [rle.decode([rle.rasterise([one], size)], size) for one in polygons]
    parts = Masks.cat([*drawn, *outlined])
    return parts.joined([range(len(parts))])
