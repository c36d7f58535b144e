"""Pictures whose values are numbers of classes or objects, not colours to look at: they are never converted."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.safe_io.files import read_bytes
from saccade.safe_io.images.pillow import PNG_END, open_picture
from saccade.safe_io.limits import MAX_PICTURE_BYTES

MAP_SUFFIXES = frozenset((".png", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm"))


def decode_map(path: str | Path, palette: bool = False) -> NDArray[Any]:
    """The values of a picture as its file holds them: palette indices, grey values or colours.

    Args:
        path: The file.
        palette: Whether the colours of a palette are meant, not its indices.

    Returns:
        (H, W) of whole numbers, or (H, W, 3) uint8 for colours; alpha is dropped.

    Raises:
        DataError: The file cannot be read, is cut short or too large, or holds values that are not exact (JPEG).
    """
    return decode_map_bytes(read_bytes(path, MAX_PICTURE_BYTES), path, palette)


def decode_map_bytes(data: bytes, path: str | Path, palette: bool = False) -> NDArray[Any]:
    """As `decode_map`, of a picture's bytes, which errors call by `path`."""
    image = open_picture(io.BytesIO(data), str(path))
    if image.format in ("JPEG", "MPO", "WEBP") or image.mode in ("F", "CMYK", "YCbCr", "LAB", "HSV"):
        raise DataError(
            "a mask with exact values, such as a PNG",
            f"{image.format} of mode {image.mode}",
            path=path,
            cure="export the masks as PNG: other files change the values at every edge",
        )
    try:
        if image.format == "PNG" and PNG_END not in data:
            raise OSError("no end of file mark")
        image.load()
    except Exception as error:  # Decoders raise whatever their authors liked.
        raise DataError(
            f"a whole {image.format}",
            error or type(error).__name__,
            path=path,
            cure="replace the file: it is cut short or damaged",
        ) from error
    kept = {"RGBA": "RGB", "RGBX": "RGB", "LA": "L", "La": "L", "PA": "P"}.get(image.mode)
    if palette and image.mode in ("P", "PA"):
        kept = "RGB"
    return np.array(image if kept is None else image.convert(kept)).astype(_plain_type(image.mode), copy=False)


def _plain_type(mode: str) -> Any:
    return {"I": np.int32, "1": np.uint8}.get(mode, np.uint16 if mode.startswith("I;16") else np.uint8)
