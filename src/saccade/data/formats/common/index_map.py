"""Maps of classes from pictures that hold a number or a colour for each class.

Legend: (H, W) picture.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.errors import DataError
from saccade.safe_io.images.maps import decode_map

IGNORE = 255
Colour = tuple[int, int, int]


def read_values(path: Path, size: tuple[int, int], palette: bool = False) -> NDArray[Any]:
    """The values of a map beside a picture of `size` (H, W): (H, W) numbers or (H, W, 3) colours.

    Of a file with a palette, they are the indices, or the colours where `palette` asks for them.

    Raises:
        DataError: The file cannot be read exactly, or has another size.
    """
    values = decode_map(path, palette)
    if values.shape[:2] != size:
        found = f"{values.shape[1]}x{values.shape[0]}"
        raise DataError(
            f"a mask of {size[1]}x{size[0]}, the size of its picture",
            found,
            path=path,
            cure="export the mask again at the picture's size, by nearest neighbours",
        )
    return values


def to_classes(path: Path, values: NDArray[Any], numbers: Mapping[int, int], colours: Mapping[Colour, int]) -> Tensor:
    """(H, W) int64 classes of a map's values.

    Args:
        path: The map's file, for errors.
        values: As `read_values` gives them.
        numbers: Class, or 255, of each number that a map of numbers may hold.
        colours: Class, or 255, of each colour that a map of colours may hold.

    Raises:
        DataError: A value is unknown; all are told, with how many pixels have them.
    """
    flat = values if values.ndim == 2 else packed_colours(values)
    known = dict(numbers) if values.ndim == 2 else {(r * 256 + g) * 256 + b: c for (r, g, b), c in colours.items()}
    if flat.dtype == np.uint8:
        return _by_table(path, flat, known)
    found, places, counts = np.unique(flat, return_inverse=True, return_counts=True)
    unknown = {int(value): int(n) for value, n in zip(found, counts, strict=True) if int(value) not in known}
    if unknown:
        raise _unknown(path, unknown, known, values.ndim == 3)
    table = np.array([known[int(value)] for value in found], np.int64)
    return torch.from_numpy(table[places.reshape(flat.shape)])


def _by_table(path: Path, values: NDArray[Any], known: Mapping[int, int]) -> Tensor:
    """As above for numbers up to 255, twenty times as fast."""
    counts = np.bincount(values.ravel(), minlength=256)
    unknown = {int(value): int(counts[value]) for value in np.flatnonzero(counts) if int(value) not in known}
    if unknown:
        raise _unknown(path, unknown, known, False)
    table = np.array([known.get(value, IGNORE) for value in range(256)], np.int64)
    return torch.from_numpy(table[values])


def packed_colours(colours: NDArray[Any]) -> NDArray[np.int64]:
    """(H, W), a number for each colour of (H, W, 3); 0 is black."""
    wide = colours.astype(np.int64)
    return (wide[..., 0] * 256 + wide[..., 1]) * 256 + wide[..., 2]


def _unknown(path: Path, unknown: dict[int, int], known: Mapping[int, int], coloured: bool) -> DataError:
    most = sorted(unknown.items(), key=lambda item: -item[1])
    told = ", ".join(f"{_value(value, coloured)} ({count} pixels)" for value, count in most[:8])
    more = f" and {len(most) - 8} values more" if len(most) > 8 else ""
    wanted = _known_colours(known) if coloured else f"values among {_ranges(sorted(known))}"
    return DataError(
        wanted,
        f"{told}{more}",
        path=path,
        cure="add the classes to classes.txt (name, or name r g b for colours), or mend the mask; 255 is ignored",
    )


def _known_colours(known: Mapping[int, int]) -> str:
    if not known:
        return "numbers of classes (no colours are listed)"
    return f"colours among {', '.join(_value(value, True) for value in list(known)[:12])}"


def _value(value: int, coloured: bool) -> str:
    return f"({value >> 16}, {value >> 8 & 255}, {value & 255})" if coloured else str(value)


def _ranges(values: list[int]) -> str:
    """Numbers in rising order, runs of neighbours as first..last."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ", ".join(str(a) if a == b else f"{a}..{b}" for a, b in runs)
