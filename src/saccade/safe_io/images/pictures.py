"""A picture file becomes a tensor: one way for training, evaluation, prediction and the service alike.

Files are known by what they hold, not by their names. 8 bits stay bytes; 16 bits, wider numbers and floats become
float32 0..1 without loss of levels; palettes, CMYK, YCbCr and bits become RGB; opacity is dropped unless as many
channels are wanted; EXIF's orientation is applied. Of several frames the first is taken, with a warning, unless a TIFF
has as many grey pages as channels are wanted. Pictures that are cut short are refused, never filled with grey.
"""

import io
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from saccade.core.errors import DataError, UsageError
from saccade.safe_io.files import kind_of, read_bytes, readable
from saccade.safe_io.images import arrays, sampled_tiff, windowed_tiff
from saccade.safe_io.images.deep_pictures import decode_deep, is_deep
from saccade.safe_io.images.pillow import (
    PNG_END,
    bytes_of,
    check_size,
    frames_of,
    open_picture,
    orientation_of,
    too_large,
    warn_of_frames,
)
from saccade.safe_io.images.pixels import Pixels
from saccade.safe_io.limits import MAX_PICTURE_BYTES, MAX_PIXELS, MAX_VALUES

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".mpo", ".png", ".apng", ".gif"),
        *(".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".npy"),
    )
)

_SAMPLES, _BITS = 277, 258
# Two threads must not load one and the same picture of Pillow's at once.
_LOADING = Lock()


def decode_picture(source: str | Path | bytes, channels: int | None = None, name: str | None = None) -> Tensor:
    """A picture, whole and upright.

    Args:
        source: A file, or a file's bytes.
        channels: Wanted channels. None gives RGB for grey and coloured pictures, and all channels of others. Colours
            are weighed to grey by ITU-R 601, grey is repeated, opacity is kept where it makes the number right.
        name: What errors call the picture; the path, if it has one.

    Returns:
        (channels, H, W) uint8, or float32 0..1 where the file has more than 8 bits a channel.

    Raises:
        DataError: The file cannot be read, is no picture of the formats that are read, is cut short or too large, has
            another number of channels, or values whose range is unknown or that are no numbers.
        UsageError: `channels` is below 1.
    """
    if channels is not None and channels < 1:
        raise UsageError("1 channel or more", channels)
    data, name = _bytes(source, channels, name)
    pixels, orientation = _decode(data, channels, name)
    return _upright(pixels.fitted(channels, name), orientation)


def from_pillow(image: Image.Image, channels: int | None, name: str) -> Tensor:
    """A picture that Pillow has opened or made, upright: the frame at hand.

    Args:
        image: The picture; it is loaded, and stays as it is.
        channels: Wanted channels, as for `decode_picture`.
        name: What errors call the picture.

    Returns:
        (channels, H, W) uint8, or float32 0..1 where it has more than 8 bits a channel.

    Raises:
        DataError: It cannot be loaded, is too large, has another number of channels, or values of unknown range.
    """
    check_size((image.height, image.width), name)
    try:
        with _LOADING:
            image.load()
    except Exception as error:  # Decoders raise whatever their authors liked: OSError, SyntaxError, struct.error …
        raise DataError("a picture that Pillow can load", _reason(error), path=name) from error
    pixels = decode_deep(image, b"", name) if is_deep(image, b"") else bytes_of(image)
    # Pillow turns a TIFF by itself when it loads it.
    return _upright(pixels.fitted(channels, name), 1 if image.format == "TIFF" else orientation_of(image))


def decode_twofold(source: str | Path | bytes, channels: int, name: str | None = None) -> tuple[Tensor, Tensor]:
    """A picture as a network of some channels takes it, and as a person looks at it, from one decoding.

    Args:
        source: A file, or a file's bytes.
        channels: Channels of the network.
        name: What errors call the picture; the path, if it has one.

    Returns:
        (channels, H, W) as `decode_picture` gives it, and the same picture in its colours, (3, H, W), where the network
        has one channel; else the same tensor twice.

    Raises:
        DataError: As for `decode_picture`.
    """
    data, name = _bytes(source, channels, name)
    pixels, orientation = _decode(data, channels, name)
    taken = _upright(pixels.fitted(channels, name), orientation)
    return taken, _upright(pixels.fitted(None, name), orientation) if channels == 1 else taken


def hasten() -> None:
    """Load the faster decoder of JPEGs, before thousands of pictures are read and before processes are forked."""
    import_module("torchvision.io")


def picture_size(path: str | Path, channels: int | None = None, most: int = MAX_PIXELS) -> tuple[int, int]:
    """(H, W) of a picture after its EXIF orientation, from the file's header alone.

    Args:
        path: The file.
        channels: Wanted channels, which help to tell the axes of an array apart.
        most: Pixels that a TIFF may have which is read window by window.

    Raises:
        DataError: As for `decode_picture`, as far as a header tells.
    """
    path = Path(path)
    large = windowed_tiff.large_size(path, most) if most > MAX_PIXELS else None
    if large is not None:
        return large
    with readable(path), path.open("rb") as file:
        if file.read(len(arrays.MAGIC)) == arrays.MAGIC:
            file.seek(0)
            return arrays.array_size(file, path.stat().st_size, channels, str(path))
        file.seek(0)
        try:
            image = open_picture(file, str(path))
        except DataError:
            file.seek(0)
            if kind_of(file.read(512)) != "TIFF":
                raise
            return sampled_tiff.tiff_size(read_bytes(path, MAX_PICTURE_BYTES), str(path))
        turned = image.format != "TIFF" and orientation_of(image) >= 5  # Pillow turns the size of a TIFF by itself.
        return (image.width, image.height) if turned else (image.height, image.width)


def lies_on_its_side(path: Path) -> bool:
    """Whether a picture is stored with the sides exchanged, so that its EXIF orientation turns it.

    Raises:
        DataError: Its header cannot be read.
    """
    with readable(path), path.open("rb") as file:
        if file.read(len(arrays.MAGIC)) == arrays.MAGIC:
            return False
        file.seek(0)
        return orientation_of(open_picture(file, str(path))) >= 5


def only_pictures(files: Iterable[Path]) -> list[Path]:
    """Those of some files whose names are pictures', in their order.

    An array beside a picture of the same name, which other tools leave there as a cache, is none.
    """
    named = [file for file in files if file.suffix.lower() in SUFFIXES]
    others = {file.with_suffix("") for file in named if file.suffix.lower() != ".npy"}
    return [file for file in named if file.suffix.lower() != ".npy" or file.with_suffix("") not in others]


def _bytes(source: str | Path | bytes, channels: int | None, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or "<bytes>"
    path = Path(source)
    with readable(path), path.open("rb") as file:  # an array's header is judged before its values take memory
        if file.read(len(arrays.MAGIC)) == arrays.MAGIC:
            file.seek(0)
            arrays.array_size(file, path.stat().st_size, channels, name or str(source))
    return read_bytes(source, MAX_PICTURE_BYTES), name or str(source)


def _decode(data: bytes, channels: int | None, name: str) -> tuple[Pixels, int]:
    """All that a file holds, and the orientation in which it is to be seen."""
    if data.startswith(arrays.MAGIC):
        return arrays.decode_array(data, channels, name), 1
    is_tiff = kind_of(data) == "TIFF"
    try:
        image = open_picture(io.BytesIO(data), name)
    except DataError:
        if not is_tiff:
            raise
        return sampled_tiff.decode_tiff(data, name)
    try:
        if is_tiff and _is_cut_by_pillow(image):
            warn_of_frames(frames_of(image), name)
            return sampled_tiff.decode_tiff(data, name)
        # Pillow turns a TIFF by itself when it loads it.
        return _frames(image, data, channels, name), 1 if is_tiff else orientation_of(image)
    except (DataError, MemoryError):
        raise  # a lack of memory is no fault of the file
    except Exception as error:  # Decoders raise whatever their authors liked: OSError, SyntaxError, struct.error …
        raise DataError(
            f"a whole {image.format} of {image.width}x{image.height} pixels",
            _reason(error),
            path=name,
            cure="replace the file: it is cut short or damaged",
        ) from error


def _is_cut_by_pillow(image: Image.Image) -> bool:
    """Whether Pillow would leave out channels or bits of a TIFF."""
    tags = image.tag_v2  # pyright: ignore[reportAttributeAccessIssue]
    samples, bits = int(tags.get(_SAMPLES, 1)), max(tags.get(_BITS, (1,)))
    bands = len(image.getbands())
    return (samples > 1 and bits > 8 and image.mode != "CMYK") or (samples > bands and image.mode != "P")


def _frames(image: Image.Image, data: bytes, channels: int | None, name: str) -> Pixels:
    """The first frame; or all pages of a TIFF as channels, where that many are wanted and all are grey."""
    frames, wanted = frames_of(image), channels or 3
    if image.format == "TIFF" and frames == wanted > 1:
        if frames * image.width * image.height > MAX_VALUES:
            raise too_large(name, f"{frames} pages of {image.width}x{image.height}")
        pages = [_frame(image, data, name, place) for place in range(frames)]
        if all(len(page.values) == 1 and page.values.shape == pages[0].values.shape for page in pages):
            image.seek(0)
            return Pixels(torch.cat([page.values for page in pages]))
        image.seek(0)
    warn_of_frames(frames, name)
    return _frame(image, data, name)


def _frame(image: Image.Image, data: bytes, name: str, place: int = 0) -> Pixels:
    if place:
        image.seek(place)
    pixels = _jpeg(image, data)
    if pixels is not None:
        return pixels
    if image.format == "PNG" and PNG_END not in data:
        raise OSError("no end of file mark")
    if is_deep(image, data):
        return decode_deep(image, data, name)
    image.load()
    return bytes_of(image)


def _jpeg(image: Image.Image, data: bytes) -> Pixels | None:
    """Pixels of a plain JPEG by torchvision, which is faster than Pillow and equal to it; None where it cannot.

    None too where it is not loaded: that takes as long as it saves with a thousand pictures.
    """
    torchvision: Any = sys.modules.get("torchvision.io")
    if torchvision is None or image.format != "JPEG" or image.mode not in ("L", "RGB"):
        return None
    read = torchvision.ImageReadMode.GRAY if image.mode == "L" else torchvision.ImageReadMode.RGB
    try:
        pixels = torchvision.decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), read)
    except RuntimeError:
        return None  # Pillow decodes it, or says why not.
    return Pixels(pixels) if isinstance(pixels, Tensor) else None


def _upright(pixels: Tensor, orientation: int) -> Tensor:
    """(C, H, W), turned and mirrored as EXIF's orientation asks."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 2)
    flips = {2: [2], 3: [1, 2], 4: [1], 6: [2], 7: [1, 2], 8: [1]}.get(orientation)
    return pixels.flip(flips) if flips else pixels


def _reason(error: Exception) -> str:
    """What a decoder says; some name the memory that they read from, which says nothing to a person."""
    if "BytesIO" in str(error):
        return "damaged data"
    return str(error) or type(error).__name__
