"""Pictures that are saved as arrays of NumPy (``.npy``): their header is judged before their values are read.

Axes: (H, W), (H, W, C) or (C, H, W). The channels of three axes are the first or the last, whichever has the wanted
length, or else whichever is shorter than both others; where that settles nothing, the array is refused.
"""

import io
import warnings
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.safe_io.images.brightness import by_depth, by_range
from saccade.safe_io.images.pixels import Pixels
from saccade.safe_io.limits import MAX_PIXELS, MAX_SIDE, MAX_VALUES

MAGIC = npy.MAGIC_PREFIX
_LONGEST_HEADER = 10_000


class Layout(NamedTuple):
    """What an array is as a picture.

    Attributes:
        channels: C.
        size: (H, W).
        last: Whether the channels are the last axis.
    """

    channels: int
    size: tuple[int, int]
    last: bool = False


def array_size(file: BinaryIO, length: int, channels: int | None, name: str) -> tuple[int, int]:
    """(H, W) of an array's picture, from its header and the file's length in bytes.

    Raises:
        DataError: As for `decode_array`, as far as a header tells.
    """
    shape, _ = _header(file, length, name)
    return layout(shape, channels, name).size


def decode_array(data: bytes, channels: int | None, name: str) -> Pixels:
    """The picture of a ``.npy`` file: bytes as they are, 16 bits and floats 0..1 as float32 0..1, bits as bytes.

    Args:
        data: The file.
        channels: Channels that are wanted, which help to tell the axes apart.
        name: What errors call the picture.

    Raises:
        DataError: It is no whole array, too large, of another type or shape, or has values that are no brightness.
    """
    shape, _ = _header(io.BytesIO(data), len(data), name)
    found = layout(shape, channels, name)
    try:
        values = npy.read_array(io.BytesIO(data), allow_pickle=False, max_header_size=_LONGEST_HEADER)
    except MemoryError:
        raise  # no fault of the file
    except Exception as error:  # NumPy's reader raises what its parts like.
        raise DataError("a whole array", error, path=name) from error
    values = values.transpose(2, 0, 1) if found.last else values.reshape(found.channels, *found.size)
    return Pixels(_brightness(np.ascontiguousarray(values), name))


def layout(shape: tuple[int, ...], channels: int | None, name: str) -> Layout:
    """Which axes of an array are what.

    Raises:
        DataError: It cannot be told, or the picture is empty or too large.
    """
    found = _axes(shape, channels)
    if found is None:
        raise DataError(
            "an array (H, W), (H, W, C) or (C, H, W) with fewer channels than pixels a side",
            "x".join(map(str, shape)) or "a single number",
            path=name,
            cure="save (C, H, W), and build the system with channels=C",
        )
    height, width = found.size
    if not 0 < height * width <= MAX_PIXELS or max(found.size) > MAX_SIDE or found.channels < 1:
        raise DataError(f"1 to {MAX_PIXELS} pixels", f"{height}x{width}", path=name)
    if found.channels * height * width > MAX_VALUES:
        raise DataError(f"at most {MAX_VALUES} values", shape, path=name, cure="cut it into tiles")
    return found


def _axes(shape: tuple[int, ...], channels: int | None) -> Layout | None:
    if len(shape) == 2:
        return Layout(1, (shape[0], shape[1]))
    if len(shape) != 3:
        return None
    first, last = Layout(shape[0], (shape[1], shape[2])), Layout(shape[2], (shape[0], shape[1]), last=True)
    wanted = [one for one in (first, last) if one.channels == channels]
    if len(wanted) == 1:
        return wanted[0]
    return next((one for one in (first, last) if one.channels < min(one.size)), None)


def _header(file: BinaryIO, length: int, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that a header declares, once the file is known to hold as much."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python 2's long integers: a header that NumPy would have to evaluate twice
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, kind = read(file, max_header_size=_LONGEST_HEADER)
    except Exception as error:  # As above.
        raise DataError("the header of an array", error, path=name, cure="save it with numpy.save") from error
    if kind.kind not in "buif":
        raise DataError(
            "an array of uint8, uint16 or floats 0..1",
            kind,
            path=name,
            cure="objects are never read: they may run code. Save plain numbers",
        )
    count = 1
    for side in shape:
        count *= side
    if min(shape, default=1) < 0 or count * kind.itemsize != length - file.tell():
        raise DataError(
            f"{count * kind.itemsize} bytes of values for {'x'.join(map(str, shape))} of {kind}",
            length - file.tell(),
            path=name,
            cure="replace the file: it is cut short or damaged",
        )
    return shape, kind


def _brightness(values: NDArray[Any], name: str) -> torch.Tensor:
    if values.dtype.kind == "b":
        return torch.from_numpy(values.astype(np.uint8) * 255)
    if values.dtype == np.uint8:
        return torch.from_numpy(values)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return by_depth(values, 65535, name)
    return by_range(values, None, name)
