"""Files that Pillow opens: which formats, their checked header, frames, and pixels of 8 bits."""

import struct
import warnings
from typing import BinaryIO

import numpy as np
import torch
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from saccade.core.errors import DataError
from saccade.safe_io.files import kind_of
from saccade.safe_io.images.pixels import Pixels
from saccade.safe_io.limits import MAX_PIXELS, MAX_SIDE

# Naming the classes also loads them, which Pillow does late. MPO (phones' JPEG of several views) opens as JPEG.
_READ = (
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    GifImagePlugin.GifImageFile,
    BmpImagePlugin.BmpImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
    PpmImagePlugin.PpmImageFile,
)
FORMATS = tuple(str(kind.format) for kind in _READ)
ORIENTATION = 0x0112

# The mode of 8 bits in which each of Pillow's modes loses nothing; opacity comes last. All others become RGB.
_KEPT = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}
# Without it a PNG was cut short, though all of its pixels may be there.
PNG_END = b"IEND\xaeB`\x82"


def open_picture(file: BinaryIO, name: str) -> Image.Image:
    """A picture whose header is read and whose format and size are checked.

    Raises:
        DataError: It is no picture of the formats that are read, or too large.
    """
    try:
        image = Image.open(file, formats=FORMATS)
        size = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large(name, _declared(file)) from error
    except Exception as error:  # Decoders raise whatever their authors liked: OSError, SyntaxError, struct.error …
        file.seek(0)
        raise _unknown(kind_of(file.read(512)), name, error) from error
    check_size((size[1], size[0]), name)
    return image


def _declared(file: BinaryIO) -> str:
    """Width and height by the header of a picture that Pillow refuses: its own words name pixels and another limit."""
    for kind in _READ:
        file.seek(0)
        try:
            width, height = kind(file).size
        except Exception:  # It is of another format; decoders raise whatever their authors liked.
            continue
        return f"{width}x{height}"
    return "more"


def _unknown(kind: str, name: str, error: Exception) -> DataError:
    """The error of a file whose header cannot be read: of no known format, or damaged."""
    if kind.upper() in FORMATS:
        found = str(error) or type(error).__name__
        return DataError(f"a whole {kind}", found, path=name, cure="replace the file")
    formats = ", ".join(one for one in FORMATS if one != "MPO")
    return DataError(
        f"a picture ({formats} or npy)",
        kind,
        path=name,
        cure="replace the file, or convert it to PNG or JPEG",
    )


def check_size(size: tuple[int, int], name: str, most: int = MAX_PIXELS) -> None:
    """Refuse a picture of a size (H, W) of more than `most` pixels, or with too long a side.

    Raises:
        DataError: It is too large.
    """
    if size[0] * size[1] > most or max(size) > MAX_SIDE:
        raise too_large(name, f"{size[1]}x{size[0]}", most)


def too_large(name: str, found: str, most: int = MAX_PIXELS) -> DataError:
    """The error of a picture whose header declares more than `most` pixels, or too long a side."""
    return DataError(
        f"at most {most} pixels and sides of at most {MAX_SIDE}",
        f"a header that declares {found}",
        path=name,
        cure="shrink the picture, or cut it into tiles; of a TIFF saccade predict reads more, window by window, with "
        "--tile N --max-pixels P",
    )


def frames_of(image: Image.Image) -> int:
    """Frames or pages; of an MPO one, for its others are further views of the scene, or previews."""
    return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))


def warn_of_frames(frames: int, name: str) -> None:
    """Say that of several frames the first one is used."""
    if frames > 1:
        warnings.warn(f"{name}: {frames} frames found, the first one is used", stacklevel=4)


def bytes_of(image: Image.Image) -> Pixels:
    """The frame at hand in 8 bits: grey or RGB, with its opacity where it has some."""
    see_through = image.mode == "P" and "transparency" in image.info
    mode = "RGBA" if see_through else _KEPT.get(image.mode, "RGB")
    pixels = torch.from_numpy(np.array(image if image.mode == mode else image.convert(mode)))
    planes = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    return Pixels(planes, alpha=mode in ("LA", "RGBA"))


def orientation_of(image: Image.Image) -> int:
    """EXIF's orientation, 1..8; 1 where there is none, or none that can be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error, UserWarning):
        return 1
    return value if value in range(1, 9) else 1
