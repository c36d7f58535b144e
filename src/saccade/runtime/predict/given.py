"""A picture as a caller gives it: a file, an address, a file's bytes, a Pillow picture or an array."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from torch import Tensor

from saccade.core.errors import DataError
from saccade.runtime.predict.arrays import picture_of
from saccade.safe_io.download import download, is_url
from saccade.safe_io.images.pictures import decode_picture, decode_twofold, from_pillow
from saccade.safe_io.limits import MAX_DOWNLOAD_BYTES

Picture = str | Path | bytes | Image.Image | Tensor | np.ndarray[Any, Any]


def is_picture(thing: object) -> TypeGuard[Picture]:
    """Whether it is one picture, and not several: an array of four axes is several."""
    if isinstance(thing, Tensor | np.ndarray):
        return thing.ndim <= 3
    return isinstance(thing, str | Path | bytes | Image.Image)


def read_picture(picture: Picture, channels: int) -> Tensor:
    """(C, H, W), uint8 or float 0..1, of whatever a caller gives.

    Raises:
        DataError: It cannot be read or downloaded, or is not what a picture can be.
    """
    return GivenPicture.of(picture, channels).read()


@dataclass(frozen=True, eq=False)
class GivenPicture:
    """A picture that a caller gave, to be read and to be drawn on later: it is held as it was given, not decoded.

    Attributes:
        source: What was given; the bytes of what an address led to.
        channels: Channels of the network that it is for.
        name: The file or address; None of what has none.
    """

    source: Path | bytes | Image.Image | Tensor | np.ndarray[Any, Any]
    channels: int
    name: str | None = None

    @staticmethod
    def of(picture: Picture, channels: int) -> "GivenPicture":
        """What a caller gave; a text that begins as an address of the web does is downloaded.

        Raises:
            DataError: It is nothing that can be a picture, or cannot be downloaded.
        """
        if isinstance(picture, str):
            if is_url(picture):
                return GivenPicture(download(picture, MAX_DOWNLOAD_BYTES), channels, picture)
            return GivenPicture(Path(picture), channels, picture)
        if isinstance(picture, Path):
            return GivenPicture(picture, channels, str(picture))
        if isinstance(picture, Image.Image):
            return GivenPicture(picture, channels, str(getattr(picture, "filename", "")) or None)
        if not isinstance(picture, bytes | Tensor | np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DataError("a path, an address, bytes, a Pillow picture or an array", type(picture).__name__)
        return GivenPicture(picture, channels)

    @property
    def title(self) -> str:
        """What it is called in a sentence: the file's own name, or what it is."""
        if self.name is not None:
            found = PurePosixPath(urlsplit(self.name).path) if is_url(self.name) else Path(self.name)
            return found.name or self.name
        kinds = {"bytes": "bytes", "ndarray": "an array", "Tensor": "a tensor"}
        return kinds.get(type(self.source).__name__, "a Pillow picture")

    def read(self) -> Tensor:
        """(C, H, W) as the network takes it.

        Raises:
            DataError: It cannot be read, or is not what a picture can be.
        """
        return self._read(self.channels)

    def twofold(self) -> tuple[Tensor, Tensor]:
        """As the network takes it, and as a person looks at it; a file is decoded once.

        Raises:
            DataError: As for `read`.
        """
        if isinstance(self.source, Path | bytes):
            return decode_twofold(self.source, self.channels, self.name)
        image = self.read()
        return image, image if self.channels != 1 else self._read(None)

    def _read(self, channels: int | None) -> Tensor:
        if isinstance(self.source, Path | bytes):
            return decode_picture(self.source, channels, self.name)
        if isinstance(self.source, Image.Image):
            return from_pillow(self.source, channels, self.name or "the Pillow picture")
        return picture_of(self.source, channels or 3)
