"""COCO's run lengths and polygons, to masks and back; lengths are checked before anything is decoded.

A run length code walks a mask column by column and counts zeros, ones, zeros … in turn; `counts` are those numbers, and
the compressed form is their string, as COCO's own API writes it. Rasterising is COCO's too, through faster-coco-eval.

Legend: n masks, (H, W) picture.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from faster_coco_eval.core import mask as coco
from numpy.typing import NDArray

from saccade.core.masks import Masks

Size = tuple[int, int]
Counts = NDArray[np.int64]


class Rle(TypedDict):
    """One mask as COCO writes it: `size` is [H, W], `counts` the compressed string."""

    size: list[int]
    counts: str


def expand(text: bytes) -> Counts:
    """The counts that a compressed string stands for.

    Five bits a character, from ``0`` on; the sixth says that the number goes on; from the fourth number on, each is
    the difference from the number two before.

    Raises:
        ValueError: It is no such string.
    """
    codes = np.frombuffer(text, np.uint8).astype(np.int64) - 48
    if len(codes) == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError("a compressed run length code is expected, found other characters, or it is cut short")
    starts = np.concatenate([[0], np.flatnonzero((codes & 32) == 0)[:-1] + 1])
    lengths = np.diff(np.append(starts, len(codes)))
    if lengths.max() > 10:
        raise ValueError(f"numbers of at most 10 characters are expected, found one of {lengths.max()}")
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((codes & 31) << (5 * places), starts)
    negative = (codes[starts + lengths - 1] & 16) != 0
    numbers = np.where(negative, numbers - (np.int64(1) << (5 * lengths)), numbers)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def check(counts: Counts, size: Size) -> None:
    """Whether counts fill a picture of `size` (H, W) exactly.

    Raises:
        ValueError: A count is negative, or their sum is not H·W.
    """
    if len(counts) and counts.min() < 0:
        raise ValueError(f"counts of at least 0 are expected, found {counts.min()}")
    # In float, so that numbers near 2^63 cannot wrap round to the right sum.
    total = int(counts.sum()) if counts.sum(dtype=np.float64) < 2**62 else -1
    if total != size[0] * size[1]:
        raise ValueError(f"counts of {size[0]} x {size[1]} = {size[0] * size[1]} pixels are expected, found {total}")


def compress(counts: Sequence[int] | Counts, size: Size) -> bytes:
    """The compressed string of counts.

    Raises:
        ValueError: They do not fill a picture of `size` (H, W).
    """
    array = np.asarray(counts, dtype=np.int64)
    check(array, size)
    return _bytes(coco.frPyObjects({"counts": array.tolist(), "size": list(size)}, *size))


def decode(texts: Sequence[bytes], size: Size) -> Masks:
    """Masks of a picture of `size` (H, W) from compressed strings.

    Raises:
        ValueError: A string is broken, or does not fill the picture; nothing is decoded before that is known.
    """
    for text in texts:
        check(expand(text), size)
    codes: list[dict[str, Any]] = [{"size": list(size), "counts": text} for text in texts]
    boxes = coco.toBbox(codes).astype(np.int64).tolist() if codes else []
    crops: list[torch.Tensor] = []
    for code, (x, y, width, height) in zip(codes, boxes, strict=True):
        # One at a time, and cut at once: a picture's masks together may be large.
        crops.append(torch.from_numpy(coco.decode(code)[y : y + height, x : x + width].copy()))
    return Masks.from_crops(crops, [(x, y) for x, y, _, _ in boxes], size)


def rasterise(polygons: Sequence[NDArray[np.float64]], size: Size) -> bytes:
    """The compressed string of the union of one object's polygons.

    Args:
        polygons: x1, y1, x2, y2 … each, in continuous pixel coordinates.
        size: (H, W) of the picture; parts outside it are cut off.

    Raises:
        ValueError: As for `check_polygon`.
    """
    for polygon in polygons:
        check_polygon(polygon, size)
    if not polygons:
        return compress([size[0] * size[1]], size)
    codes: Any = coco.frPyObjects([polygon.tolist() for polygon in polygons], *size)
    return _bytes(coco.merge(codes))


def check_polygon(polygon: NDArray[np.float64], size: Size) -> None:
    """Whether x1, y1, x2, y2 … are a polygon that can be drawn into a picture of `size` (H, W).

    Raises:
        ValueError: There are fewer than three points, a coordinate has no partner or is no number, or lies further
            from the picture than the picture is wide or high (drawing it would take memory without bound).
    """
    if len(polygon) < 6 or len(polygon) % 2:
        raise ValueError(f"three points or more, two numbers each, are expected, found {len(polygon)} numbers")
    limit = np.tile(np.array(size[::-1], float), len(polygon) // 2)
    good = (polygon >= -limit) & (polygon <= 2 * limit)
    if not good.all():
        raise ValueError(f"points of a picture of {size[1]}x{size[0]} are expected, found {polygon[~good][0]}")


def encode(masks: Masks) -> list[Rle]:
    """Masks as COCO writes them into JSON."""
    found: list[Rle] = []
    height, width = masks.size
    for row in range(len(masks)):
        x1, y1, x2, y2 = masks.windows[row].tolist()
        dense = np.zeros((height, width), np.uint8, order="F")
        dense[y1:y2, x1:x2] = masks.crop(row).cpu().numpy()
        found.append(Rle(size=[height, width], counts=_bytes(coco.encode(dense)).decode("ascii")))
    return found


def _bytes(code: Any) -> bytes:
    counts = code["counts"]
    return counts if isinstance(counts, bytes) else counts.encode("ascii")
