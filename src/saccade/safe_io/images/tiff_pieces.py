"""One tile or strip of a TIFF as a small TIFF of its own, which Pillow decodes as it would decode the whole."""

import io
from typing import Any

import numpy as np
from PIL import TiffImagePlugin

from saccade.safe_io.images.deep_pictures import decode_deep, is_deep
from saccade.safe_io.images.pillow import bytes_of, open_picture
from saccade.safe_io.images.pixels import Pixels

DEFLATE = (8, 32946)
# What the values of a pixel mean where they are brightness.
PLAIN = ("MINISWHITE", "MINISBLACK", "RGB")
# What Pillow decodes besides: unpacked, by bits, LZW, JPEG and PackBits.
_BY_PILLOW = (1, 2, 3, 4, 5, 7, *DEFLATE, 32773)
_COLOURS = (*PLAIN, "PALETTE", "SEPARATED", "YCBCR")

# How a TIFF begins, by the order of its bytes.
_LITTLE, _BIG = b"II\x2a\x00\x08\x00\x00\x00", b"MM\x00\x2a\x00\x00\x00\x08"
_WIDTH, _HEIGHT, _OFFSETS, _ROWS, _COUNTS = 256, 257, 273, 278, 279
# Types of tags that are fractions.
_FRACTIONS = (5, 10)
# Bits, compression, photometric, fill order, samples, planar, sample format, predictor, colour map, ink, further
# samples, JPEG's tables, YCbCr's subsampling, positioning and references.
COPIED = (258, 259, 262, 266, 277, 284, 339, 317, 320, 332, 338, 347, 529, 530, 531, 532)


def pillow_can(page: Any) -> bool:
    """Whether Pillow decodes a page of 8 bits or fewer a sample, or grey of 16, without loss."""
    bits, samples = int(page.bitspersample), int(page.samplesperpixel)
    known = int(page.compression) in _BY_PILLOW and getattr(page.photometric, "name", None) in _COLOURS
    chunky = not page.axes.startswith("S") and page.imagedepth == 1
    kind = None if page.dtype is None else page.dtype.kind
    return (
        kind is not None
        and known
        and chunky
        and samples <= 4
        and (bits <= 8 or (bits == 16 and samples == 1 and kind == "u"))
    )


def wrapped(page: Any, data: bytes, size: tuple[int, int], name: str) -> Pixels:
    """The pixels of a piece.

    Args:
        page: tifffile's page.
        data: The piece as it lies in the file.
        size: Its (H, W).
        name: What errors call the picture.

    Raises:
        DataError: It cannot be decoded.
    """
    directory = TiffImagePlugin.ImageFileDirectory_v2(_LITTLE if page.parent.byteorder == "<" else _BIG)
    for code in COPIED:
        tag = page.tags.get(code)
        if tag is not None:
            directory.tagtype[code] = int(tag.dtype)
            directory[code] = _values(tag)
    directory[_WIDTH], directory[_HEIGHT], directory[_ROWS] = size[1], size[0], size[0]
    directory.tagtype[_OFFSETS] = directory.tagtype[_COUNTS] = 4
    directory[_OFFSETS], directory[_COUNTS] = 0, len(data)  # an offset counts from the directory's end
    file = io.BytesIO()
    directory.save(file)
    whole = file.getvalue() + data
    image = open_picture(io.BytesIO(whole), name)
    if is_deep(image, whole):
        return decode_deep(image, whole, name)
    image.load()
    return bytes_of(image)


def _values(tag: Any) -> Any:
    """A tag's values as Pillow takes them."""
    value = tag.value.ravel().tolist() if isinstance(tag.value, np.ndarray) else tag.value
    if int(tag.dtype) in _FRACTIONS:
        return tuple(TiffImagePlugin.IFDRational(*pair) for pair in zip(value[::2], value[1::2], strict=True))
    return tuple(value) if isinstance(value, list) else value


def in_words(page: Any) -> str:
    """What a page holds, for messages."""
    colours, packed = (getattr(value, "name", value) for value in (page.photometric, page.compression))
    return f"{colours} of {page.bitspersample} bits, {page.samplesperpixel} channels, axes {page.axes}, {packed}"
