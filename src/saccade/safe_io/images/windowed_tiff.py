"""Large TIFF files, of which a window at a time is read: tiles and strips, BigTIFF among them, are found by tifffile.

Pieces that hold plain numbers are taken as they lie, or unpacked by Deflate; all others of 8 bits (JPEG, LZW, PackBits,
palettes, bits) become a small TIFF of their own that Pillow decodes, so that their pixels are those of the whole
picture. A piece's size is known before it is unpacked.

Legend: S samples of a pixel as the file holds them, (H, W) the picture, (h, w) a window.
"""

import zlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.errors import DataError
from saccade.safe_io.files import kind_of, readable
from saccade.safe_io.images.pillow import check_size, warn_of_frames
from saccade.safe_io.images.pixels import Pixels
from saccade.safe_io.images.sampled_tiff import brightness, has_alpha, orientation
from saccade.safe_io.images.tiff_layout import AT_ONCE, is_plain, pieces_of, why_not
from saccade.safe_io.images.tiff_pieces import COPIED, DEFLATE, pillow_can, wrapped
from saccade.safe_io.limits import MAX_PIXELS

# Below so many pixels a picture is decoded whole, which takes 50 MB as RGB and is quicker.
FEW_PIXELS = 2**24
# Bytes of unpacked pieces that are kept for the next windows of a row.
KEPT = 2**26


class WindowedTiff:
    """A TIFF's first page, read window by window; some pieces are kept, and the file is open only while it is read.

    Args:
        path: The file.
        page: tifffile's page, which `why_not` found nothing against.

    Attributes:
        size: (H, W).
    """

    def __init__(self, path: Path, page: Any) -> None:
        self.path, self.size = path, (int(page.imagelength), int(page.imagewidth))
        self._page, self._pieces = page, pieces_of(page)
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._bytes, self._lock = 0, Lock()
        self._alpha = False

    def read(self, top: int, left: int, bottom: int, right: int, channels: int | None) -> Tensor:
        """(channels, h, w) of a window, uint8 or float32 0..1, as `decode_picture` gives the whole.

        Args:
            top: First row.
            left: First column.
            bottom: The row after the last.
            right: The column after the last.
            channels: As for `decode_picture`.

        Raises:
            DataError: A piece is damaged, or the channels do not fit.
        """
        values = self.values(top, left, bottom, right)
        return Pixels(self._bright(values), self._alpha).fitted(channels, str(self.path))

    def values(self, top: int, left: int, bottom: int, right: int) -> NDArray[Any]:
        """(S, h, w) of a window as the file holds it, its sides as for `read`.

        Raises:
            DataError: A piece is damaged.
        """
        pieces, rows = self._pieces, list[NDArray[Any]]()
        with self._lock:
            for down in range(top // pieces.rows, -(-bottom // pieces.rows)):
                row: list[NDArray[Any]] = []
                for across in range(left // pieces.columns, -(-right // pieces.columns)):
                    piece, y, x = (
                        self._piece(down * pieces.across + across),
                        down * pieces.rows,
                        across * pieces.columns,
                    )
                    row.append(piece[:, max(top - y, 0) : bottom - y, max(left - x, 0) : right - x])
                rows.append(np.concatenate(row, 2))
        values = np.concatenate(rows, 1)
        if values.shape[1:] != (bottom - top, right - left):
            raise self._damaged(f"a piece of {values.shape[1:]} in place of {(bottom - top, right - left)}")
        return values

    @property
    def is_map(self) -> bool:
        """Whether its values are whole numbers, one a pixel, as they lie: what a map of classes holds."""
        page = self._page
        grey = int(page.samplesperpixel) == 1 and page.photometric.name == "MINISBLACK"
        return is_plain(page) and grey and page.dtype.kind in "ui"

    def _bright(self, values: NDArray[Any]) -> Tensor:
        if pillow_can(self._page) and not is_plain(self._page):
            return torch.from_numpy(values)
        self._alpha = has_alpha(self._page, len(values))
        return brightness(values, self._page, str(self.path))

    def _piece(self, place: int) -> NDArray[Any]:
        """(S, rows, columns) of a piece, at most as many as the picture has there."""
        found = self._kept.pop(place, None)
        if found is None:
            each = len(self._pieces.offsets) // self._pieces.planes
            try:
                with readable(self.path), self.path.open("rb") as file:
                    planes = [self._decoded(file, place + plane * each) for plane in range(self._pieces.planes)]
            except (DataError, MemoryError):
                raise
            except Exception as error:  # Decoders raise whatever their authors liked.
                raise self._damaged(error or type(error).__name__) from error
            found = planes[0] if len(planes) == 1 else np.concatenate(planes)
            self._bytes += found.nbytes
        self._kept[place] = found
        while self._bytes > KEPT and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return found

    def _decoded(self, file: Any, place: int) -> NDArray[Any]:
        page, pieces = self._page, self._pieces
        offset, count = int(pieces.offsets[place]), int(pieces.counts[place])
        samples = 1 if pieces.planes > 1 else int(page.samplesperpixel)
        rows = pieces.rows if page.is_tiled else min(pieces.rows, self.size[0] - place * pieces.rows % self._tall())
        most = pieces.rows * pieces.columns * samples * page.dtype.itemsize
        if count == 0:  # a sparse file: nothing was written there
            return np.zeros((samples, rows, pieces.columns), page.dtype)
        if count > 2 * most + AT_ONCE:
            raise ValueError(f"a piece of {count} bytes for {most}")
        file.seek(offset)
        data = file.read(count)
        if len(data) < count:
            raise ValueError("the file ends before a piece does")
        if not is_plain(page):
            pixels = wrapped(page, data, (rows, pieces.columns), str(self.path))
            self._alpha = pixels.alpha
            return pixels.values.numpy()
        if int(page.compression) in DEFLATE:
            if len(zlib.decompressobj().decompress(data, most + 1)) > most:
                raise ValueError(f"a piece of more than its {most} bytes")
            values = np.asarray(page.decode(data, place)[0])[0]
        else:
            kind = page.dtype.newbyteorder(page.parent.byteorder)
            values = np.frombuffer(data, kind, rows * pieces.columns * samples)
            values = values.reshape(rows, pieces.columns, samples).astype(page.dtype, copy=False)
        return values.transpose(2, 0, 1)

    def _tall(self) -> int:
        """Rows of all pieces below each other, cut ones counted whole."""
        each = len(self._pieces.offsets) // self._pieces.planes
        return each // self._pieces.across * self._pieces.rows

    def _damaged(self, found: object) -> DataError:
        return DataError("a whole TIFF", found, path=self.path, cure="replace the file: it is cut short or damaged")


def open_windows(path: Path, channels: int, most: int = MAX_PIXELS) -> WindowedTiff | None:
    """A TIFF to be read by window, or None of what is decoded whole.

    That are other formats, small pictures, and TIFFs of up to `MAX_PIXELS` of which no window can be read.

    Args:
        path: The file.
        channels: Wanted channels.
        most: Pixels that it may have.

    Raises:
        DataError: It is a TIFF that is damaged, or that is too large.
    """
    with readable(path), path.open("rb") as file:
        if kind_of(file.read(512)) != "TIFF":
            return None
    page, several = _first_page(path)
    size = _size(page, path, most)
    if size[0] * size[1] <= FEW_PIXELS:
        return None
    reason = why_not(page) or ("pages that are channels" if several and channels > 1 and _grey(page) else None)
    if reason is None:
        warn_of_frames(2 if several else 1, str(path))
        return WindowedTiff(path, page)
    if size[0] * size[1] <= MAX_PIXELS:
        return None
    cure = "save it in tiles: tifffile.imwrite(FILE, picture, tile=(512, 512), compression='zlib'), or gdal_translate"
    raise DataError("a large TIFF of which windows can be read", reason, path=path, cure=f"{cure} -co TILED=YES")


def open_map_windows(path: Path, most: int = MAX_PIXELS) -> WindowedTiff | None:
    """A TIFF whose grey values are numbers of classes, to be read by window; None of what is decoded whole.

    Args:
        path: The file.
        most: Pixels that it may have.

    Raises:
        DataError: As for `open_windows`.
    """
    windows = open_windows(path, 1, most)
    if windows is None or windows.is_map:
        return windows
    if windows.size[0] * windows.size[1] <= MAX_PIXELS:
        return None
    cure = (
        "save them as grey whole numbers in tiles: tifffile.imwrite(FILE, classes, tile=(512, 512), compression='zlib')"
    )
    raise DataError("a large TIFF of grey numbers of classes", "another kind", path=path, cure=cure)


def large_size(path: Path, most: int) -> tuple[int, int] | None:
    """(H, W) of a TIFF of up to `most` pixels, as it lies; None of another format.

    Raises:
        DataError: It is damaged or too large.
    """
    with readable(path), path.open("rb") as file:
        if kind_of(file.read(512)) != "TIFF":
            return None
    page, _ = _first_page(path)
    size = _size(page, path, most)
    return (size[1], size[0]) if orientation(page) >= 5 else size


def _first_page(path: Path) -> tuple[Any, bool]:
    """The first page, and whether another follows that is no smaller copy of it."""
    import tifffile  # as in `sampled_tiff`

    try:
        with tifffile.TiffFile(path) as file:
            page: Any = file.pages[0]
            _ = (page.decode, page.dataoffsets, page.databytecounts)  # what is read late while the file is open
            _ = [tag.value for tag in map(page.tags.get, COPIED) if tag is not None]
            try:
                following: Any = file.pages[1]
            except IndexError:
                return page, False
            return page, not following.is_reduced
    except MemoryError:
        raise
    except Exception as error:  # As above.
        raise DataError("a whole TIFF", error, path=path, cure="replace the file") from error


def _size(page: Any, path: Path, most: int) -> tuple[int, int]:
    size = (int(page.imagelength), int(page.imagewidth))
    try:
        check_size(size, str(path), most)
    except DataError as error:
        if max(size) > 0 and most < size[0] * size[1]:
            error.cure = f"to read it window by window, give --tile N --max-pixels {size[0] * size[1]}"
        raise
    return size


def _grey(page: Any) -> bool:
    return int(page.samplesperpixel) == 1
