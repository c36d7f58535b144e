"""How a TIFF's page lies in its file: which pieces there are, and whether a window can be read of them alone."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saccade.safe_io.images.sampled_tiff import orientation
from saccade.safe_io.images.tiff_pieces import DEFLATE, PLAIN, in_words, pillow_can

# Bytes of one unpacked piece at most.
MOST_PIECE = 2**27
# Bytes of rows that lie unpacked in one long strip which are read at once.
AT_ONCE = 2**20


class Pieces(NamedTuple):
    """Where the pieces of a picture lie.

    Attributes:
        offsets: Of each piece, row by row, in bytes; of separate planes one plane after the other.
        counts: Bytes of each.
        rows: Height of a piece.
        columns: Its width.
        across: Pieces beside each other.
        planes: Planes that are kept apart.
    """

    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    rows: int
    columns: int
    across: int
    planes: int


def why_not(page: Any) -> str | None:
    """What stands against reading a page window by window, or None."""
    if orientation(page) != 1:
        return f"orientation {orientation(page)}"
    if not is_plain(page) and not pillow_can(page):
        return in_words(page)
    pieces = pieces_of(page)
    samples = 1 if pieces.planes > 1 else int(page.samplesperpixel)
    if pieces.rows * pieces.columns * samples * page.dtype.itemsize > MOST_PIECE:
        return f"packed pieces of {pieces.columns}x{pieces.rows} pixels"
    each = pieces.across * -(-int(page.imagelength) // pieces.rows)
    if len(pieces.offsets) != each * pieces.planes or len(pieces.counts) != len(pieces.offsets):
        return f"{len(pieces.offsets)} pieces in place of {each * pieces.planes}"
    return None


def is_plain(page: Any) -> bool:
    """Whether pieces are plain numbers of brightness, as they are or packed by Deflate."""
    whole = page.dtype is not None and page.dtype.kind in "uif" and page.bitspersample == 8 * page.dtype.itemsize
    known = page.photometric is not None and page.photometric.name in PLAIN
    packed = int(page.compression) in DEFLATE or (int(page.compression) == 1 and int(page.predictor) == 1)
    return bool(whole and known and packed and set(page.axes) <= set("YXS") and page.imagedepth == 1)


def pieces_of(page: Any) -> Pieces:
    """The pieces of a page; a long strip that is not packed counts as many short ones."""
    height, width = int(page.imagelength), int(page.imagewidth)
    planes = int(page.samplesperpixel) if page.axes.startswith("S") else 1
    offsets, counts = (np.array(found, np.int64) for found in (page.dataoffsets, page.databytecounts))
    if page.is_tiled:
        across = -(-width // int(page.tilewidth))
        return Pieces(offsets, counts, int(page.tilelength), int(page.tilewidth), across, planes)
    rows = min(int(page.rowsperstrip), height)
    if int(page.compression) == 1 and is_plain(page):
        row = width * (int(page.samplesperpixel) // planes) * page.dtype.itemsize
        short = max(AT_ONCE // row, 1)
        if rows > short and (len(offsets) == planes or rows % short == 0):
            offsets, counts = _shorter(offsets, row, rows, short, height)
            rows = short
    return Pieces(offsets, counts, rows, width, 1, planes)


def _shorter(
    offsets: NDArray[np.int64], row: int, rows: int, short: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and bytes of strips of `short` rows in place of those of `rows`, a row of `row` bytes."""
    strips = -(-height // rows)
    starts, lengths = list[int](), list[int]()
    for place, offset in enumerate(offsets.tolist()):
        here = min(rows, height - place % strips * rows)
        for first in range(0, here, short):
            starts.append(offset + first * row)
            lengths.append(min(short, here - first) * row)
    return np.array(starts, np.int64), np.array(lengths, np.int64)
