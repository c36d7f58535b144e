"""Numbers of any type become brightness on the scale 0..1: never clipped, and never by a range that is inferred."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.errors import DataError

Range = tuple[float, float]


def by_depth(values: NDArray[Any], most: int, name: str) -> Tensor:
    """Whole numbers 0..`most` as float32 0..1; all the levels of 16 bits stay apart.

    Raises:
        DataError: A value is above `most`.
    """
    if values.size and int(values.max()) > most:
        raise DataError(f"values up to {most}", int(values.max()), path=name)
    return torch.from_numpy(values.astype(np.float32)) / most


def by_range(values: NDArray[Any], declared: Range | None, name: str) -> Tensor:
    """Numbers of a type that has no natural white, as float32 0..1.

    Args:
        values: (C, H, W), signed or wide whole numbers, or floats.
        declared: What the file says black and white are. Without it floats within 0..1 are taken as they are.
        name: What errors call the picture.

    Raises:
        DataError: A value is NaN or infinite, lies outside the range, or no range is known.
    """
    check_finite(values, name)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    found = f"{low:g}..{high:g}"
    if declared is None and values.dtype.kind != "f":
        raise DataError(
            "8 or 16 bits a channel, or a declared range",
            f"{values.dtype} of {found}",
            path=name,
            cure="save 8 or 16 bits, or floats 0..1, or a TIFF with SMinSampleValue and SMaxSampleValue",
        )
    black, white = declared or (0.0, 1.0)
    if not (np.isfinite([black, white]).all() and black < white and black <= low and high <= white):
        what = "floats 0..1" if declared is None else f"values {black:g}..{white:g}, as the file declares,"
        raise DataError(
            what,
            found,
            path=name,
            cure="scale the values to 0..1, or declare SMinSampleValue and SMaxSampleValue in a TIFF",
        )
    # In double: whole numbers of 32 bits do not fit into single precision.
    return torch.from_numpy(((values.astype(np.float64) - black) / (white - black)).astype(np.float32))


def check_finite(values: NDArray[Any], name: str) -> None:
    """Refuse a picture (C, H, W) of which some value is no number.

    Raises:
        DataError: With how many are NaN or infinite, and where the first is.
    """
    if values.dtype.kind != "f" or bool(np.isfinite(values).all()):
        return
    bad = ~np.isfinite(values)
    channel, row, column = (int(place) for place in np.unravel_index(int(bad.argmax()), bad.shape))
    raise DataError(
        "finite values",
        f"{int(bad.sum())} that are NaN or infinite, the first at channel {channel}, row {row}, column {column}",
        path=name,
        cure="replace them, for instance by the mean of their neighbours, or leave the picture out",
    )
