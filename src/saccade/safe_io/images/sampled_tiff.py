"""TIFF files of which Pillow would lose something: several channels of more than 8 bits, or more than four channels.

They are read by tifffile, if they are uncompressed, or by Deflate or LZW. A piece of a Deflate file is measured before
it is unpacked, so that a small file cannot claim much memory.
"""

import io
import logging
import zlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.safe_io.images.brightness import by_depth, by_range
from saccade.safe_io.images.deep_pictures import declared_range
from saccade.safe_io.images.pillow import ORIENTATION, check_size
from saccade.safe_io.images.pixels import Pixels
from saccade.safe_io.limits import MAX_VALUES

_DEFLATE = (8, 32946)
_UNPACKED = (1, 5, *_DEFLATE)
_ALPHA = (1, 2)
_READ = ("MINISWHITE", "MINISBLACK", "RGB")

# What it says of damaged files is said by our errors.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def decode_tiff(data: bytes, name: str) -> tuple[Pixels, int]:
    """The channels of a TIFF's first page, and its orientation 1..8.

    Raises:
        DataError: It is no TIFF that can be read without loss, is damaged or too large, or its range is not known.
    """
    with _opened(data, name) as file:
        page = _page(file, name)
        try:
            _measure(page, data)
            values = np.asarray(page.asarray())
        except MemoryError:
            raise  # no fault of the file
        except Exception as error:  # A decoder raises what it likes.
            raise DataError(
                "a whole TIFF",
                error or type(error).__name__,
                path=name,
                cure="replace the file if it is damaged; else save it without compression, or with Deflate",
            ) from error
        planes = values.transpose(2, 0, 1) if page.axes.endswith("S") else values.reshape(-1, *values.shape[-2:])
        return Pixels(brightness(planes, page, name), has_alpha(page, len(planes))), orientation(page)


def tiff_size(data: bytes, name: str) -> tuple[int, int]:
    """(H, W) of the first page after its orientation.

    Raises:
        DataError: As for `decode_tiff`, as far as a header tells.
    """
    with _opened(data, name) as file:
        page = _page(file, name)
        size = (page.imagelength, page.imagewidth)
        return size[::-1] if orientation(page) >= 5 else size


def orientation(page: Any) -> int:
    """The page's orientation, 1..8; 1 where none is declared."""
    tag = page.tags.get(ORIENTATION)
    return int(tag.value) if tag is not None and tag.value in range(1, 9) else 1


def has_alpha(page: Any, planes: int) -> bool:
    """Whether the last of a page's planes is opacity."""
    return planes in (2, 4) and page.extrasamples[-1:] != () and int(page.extrasamples[-1]) in _ALPHA


def brightness(planes: NDArray[Any], page: Any, name: str) -> torch.Tensor:
    """(S, h, w) values of a page, or of a part of it, as uint8, or float32 0..1.

    Raises:
        DataError: A value is no number, or the range of the values is not known.
    """
    if planes.dtype == np.uint8:
        values = torch.from_numpy(np.ascontiguousarray(planes))
        return 255 - values if page.photometric.name == "MINISWHITE" else values
    if planes.dtype == np.uint16:
        values = by_depth(planes, 2 ** int(np.max(page.bitspersample)) - 1, name)
    else:
        tags = [page.tags.get(code) for code in (340, 341)]
        values = by_range(planes, declared_range(*(None if tag is None else tag.value for tag in tags)), name)
    return 1 - values if page.photometric.name == "MINISWHITE" else values


def _opened(data: bytes, name: str) -> Any:
    import tifffile  # it takes a fifth of a second, which nobody pays who has no such file

    try:
        return tifffile.TiffFile(io.BytesIO(data))
    except Exception as error:  # As above.
        raise DataError("a whole TIFF", error, path=name, cure="replace the file") from error


def _page(file: Any, name: str) -> Any:
    """The first page, once it is known to be one that is read."""
    try:
        page: Any = file.pages[0]
        kind, dtype = page.photometric.name, page.dtype
        known = kind in _READ and int(page.compression) in _UNPACKED and dtype is not None and dtype.kind in "buif"
        known = known and set(page.axes) <= set("YXS") and page.imagedepth == 1
        found = f"{kind} of {dtype}, {page.samplesperpixel} channels, axes {page.axes}, {page.compression.name}"
        size = (int(page.imagelength), int(page.imagewidth))
        values = size[0] * size[1] * int(page.samplesperpixel)
    except Exception as error:  # As above.
        raise DataError("a whole TIFF", error, path=name, cure="replace the file") from error
    check_size(size, name)
    if not known or not 0 < values <= MAX_VALUES:
        raise DataError(
            "a TIFF of grey, RGB or further channels",
            found,
            path=name,
            cure="save it with 8 or 16 bits a channel, without compression or with Deflate, or as .npy",
        )
    return page


def _measure(page: Any, data: bytes) -> None:
    """Refuse pieces that unpack to more than their share of the picture."""
    if int(page.compression) not in _DEFLATE:
        return
    tile = (page.tilelength * page.tilewidth) if page.is_tiled else (page.rowsperstrip * page.imagewidth)
    planar = 1 if page.axes.startswith("S") else page.samplesperpixel
    most = max(tile, 1) * planar * page.dtype.itemsize
    for start, length in zip(page.dataoffsets, page.databytecounts, strict=True):
        piece = zlib.decompressobj().decompress(data[start : start + length], most + 1)
        if len(piece) > most:
            raise ValueError(f"a piece of more than its {most} bytes")
