"""Numbers by which a picture is known again: also after it was compressed anew, made smaller, turned or mirrored.

A difference hash has a bit for each pair of neighbours among 8 rows of 9 mean values: whether the right one is darker.
Compared are the hashes of a picture as it is turned and mirrored in all eight ways.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

_GRID = 72  # A whole number of cells for 8 rows and for 9 columns.
THUMB = 24
WAYS = 8


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of a picture.

    Attributes:
        hashes: (8,) uint64, the difference hash after each turn and mirror.
        thumb: (24, 24) uint8, the picture made small.
    """

    hashes: NDArray[np.uint64]
    thumb: NDArray[np.uint8]


def fingerprint(image: Tensor) -> Fingerprint:
    """The fingerprint of a (C, H, W) picture; of colours, the green speaks for all."""
    band = image[1:2] if image.shape[0] == 3 else image[:1]
    step = max(min(band.shape[1:]) // (4 * _GRID), 1)  # Of large pictures some pixels are enough.
    grid: Any = F.interpolate(band[None, :, ::step, ::step].float(), (_GRID, _GRID), mode="area")[0, 0].numpy()
    if image.dtype.is_floating_point:
        grid = grid * 255
    cells = grid.reshape(THUMB, _GRID // THUMB, THUMB, _GRID // THUMB).mean((1, 3))
    hashes = np.array([_hash(turned(grid, way)) for way in range(WAYS)], np.uint64)
    return Fingerprint(hashes, np.nan_to_num(cells).clip(0, 255).round().astype(np.uint8))


def turned(grid: NDArray[Any], way: int) -> NDArray[Any]:
    """A square turned by `way` % 4 quarters, and then mirrored if `way` is 4 or more."""
    quarter = np.rot90(grid, way % 4)
    return quarter[:, ::-1] if way >= 4 else quarter


def _hash(grid: NDArray[Any]) -> int:
    means = grid.reshape(8, 9, 9, 8).mean((1, 3))
    bits = means[:, 1:] < means[:, :-1]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
