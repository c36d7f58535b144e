"""A picture file becomes a tensor: one way for training, prediction and the service alike.

The rule for every mode: EXIF orientation is applied; palettes, CMYK, YCbCr and bits become RGB by Pillow's conversion;
alpha is dropped; 16 bits are scaled to 8; of several frames the first is taken, with a warning. Pictures that are cut
short are refused, never filled with grey.
"""

import io
import struct
import warnings
from pathlib import Path
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
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg

from saccade.core.errors import DataError, UsageError
from saccade.trust.files import kind_of, read_bytes, readable
from saccade.trust.limits import MAX_PICTURE_BYTES, MAX_PIXELS, MAX_SIDE

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
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
)

_ORIENTATION = 0x0112
_PNG_END = b"IEND\xaeB`\x82"


def decode_picture(source: str | Path | bytes, channels: int | None = None, name: str | None = None) -> Tensor:
    """A picture, whole and upright.

    Args:
        source: A file, or a file's bytes.
        channels: 3 or None for RGB, 1 for grey (colours are weighed by ITU-R 601).
        name: What errors call the picture; the path, if it has one.

    Returns:
        (channels, H, W) uint8.

    Raises:
        DataError: The file cannot be read, is no picture of the formats that are read, is cut short or too large.
        UsageError: Another number of channels is asked for.
    """
    if channels not in (None, 1, 3):
        raise UsageError(f"1 or 3 channels are expected, found {channels}")
    data, name = _bytes(source, name)
    image = open_picture(io.BytesIO(data), name)
    try:
        mode = "L" if channels == 1 else "RGB"
        pixels = _jpeg(image, data, mode)
        if pixels is None:
            pixels = _decode(image, data, mode, name)
        return _upright(pixels, _orientation(image))
    except DataError:
        raise
    except Exception as error:  # Decoders raise whatever their authors liked: OSError, SyntaxError, struct.error …
        raise DataError(
            f"a whole {image.format} of {image.width}x{image.height} pixels is expected, found {_reason(error)}",
            path=name,
            hint="replace the file: it is cut short or damaged",
        ) from error


def picture_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of a picture after its EXIF orientation, from the file's header alone.

    Raises:
        DataError: As for `decode_picture`, as far as a header tells.
    """
    path = Path(path)
    with readable(path), path.open("rb") as file:
        image = open_picture(file, str(path))
        turned = image.format != "TIFF" and _orientation(image) >= 5  # Pillow turns the size of a TIFF by itself.
        return (image.width, image.height) if turned else (image.height, image.width)


def _bytes(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or "<bytes>"
    return read_bytes(source, MAX_PICTURE_BYTES), name or str(source)


def open_picture(file: BinaryIO, name: str) -> Image.Image:
    """A picture whose header is read and whose format and size are checked.

    Raises:
        DataError: It is no picture of the formats that are read, or too large.
    """
    try:
        image = Image.open(file, formats=FORMATS)
        size = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, str(error)) from error
    except Exception as error:  # As above: a header's decoder may raise anything.
        file.seek(0)
        raise DataError(
            f"a picture ({', '.join(FORMATS)}) is expected, found {kind_of(file.read(512))}",
            path=name,
            hint="replace the file, or convert it to PNG or JPEG",
        ) from error
    if size[0] * size[1] > MAX_PIXELS or max(size) > MAX_SIDE:
        raise _too_large(name, f"{size[0]}x{size[1]}")
    return image


def _too_large(name: str, found: str) -> DataError:
    return DataError(
        f"at most {MAX_PIXELS} pixels and sides of at most {MAX_SIDE} are expected, the header declares {found}",
        path=name,
        hint="shrink the picture, or cut it into tiles",
    )


def _jpeg(image: Image.Image, data: bytes, mode: str) -> Tensor | None:
    """Pixels of a plain JPEG by torchvision, a quarter faster than Pillow and equal to it; None where it cannot."""
    if image.format != "JPEG" or image.mode != mode:
        return None
    read = ImageReadMode.GRAY if mode == "L" else ImageReadMode.RGB
    try:
        pixels = decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), read)
    except RuntimeError:
        return None  # Pillow decodes it, or says why not.
    return pixels if isinstance(pixels, Tensor) else None


def _decode(image: Image.Image, data: bytes, mode: str, name: str) -> Tensor:
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # An MPO's further frames are views of the same scene, or previews.
        warnings.warn(f"{name}: {frames} frames found, the first one is used", stacklevel=3)
    if image.format == "PNG" and _PNG_END not in data:
        raise OSError("no end of file mark")
    image.load()
    picture = _plain(image, name).convert(mode)
    pixels = torch.from_numpy(np.array(picture))
    return pixels[None] if mode == "L" else pixels.permute(2, 0, 1)


def _plain(image: Image.Image, name: str) -> Image.Image:
    """The picture in a mode of 8 bits that Pillow converts without loss of range."""
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise DataError(
            f"8 or 16 bits a channel are expected, found mode {image.mode}, whose range is not declared",
            path=name,
            hint="convert the picture to 8 or 16 bits",
        )
    return image


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1..8; 1 where there is none, or none that can be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error, UserWarning):
        return 1
    return value if value in range(1, 9) else 1


def _upright(pixels: Tensor, orientation: int) -> Tensor:
    """(C, H, W), turned and mirrored as EXIF's orientation asks."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 2)
    flips = {2: [2], 3: [1, 2], 4: [1], 6: [2], 7: [1, 2], 8: [1]}.get(orientation)
    return pixels.flip(flips) if flips else pixels


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
