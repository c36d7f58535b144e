"""Pictures on their way from one data set to another: their names there, and their files, copied byte for byte."""

import errno
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, UsageError
from saccade.data.datasets.picture import size_of
from saccade.data.formats.writing.objects import Objects, objects_of
from saccade.safe_io.files import readable
from saccade.safe_io.images.pictures import SUFFIXES, open_picture, picture_size

_SUFFIX = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "WEBP": ".webp"}
# What some system or some format cannot have in a name.
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|#\ud800-\udfff\ufffe\uffff]')
_LONGEST = 200  # bytes of a part of a name; file systems take 255, and suffixes and temporary names need room


@dataclass(frozen=True)
class Picture:
    """One picture with what it shows.

    Attributes:
        name: Its path in the new split's folder of pictures.
        size: (H, W).
        truth: What it shows.
        objects: Its objects in full, or None.
        place: What messages call it.
        dataset: Where it comes from.
        index: Its place there.
        file: Its file, or None where the data set draws it.
    """

    name: str
    size: tuple[int, int]
    truth: Annotation
    objects: Objects | None
    place: str
    dataset: Dataset
    index: int
    file: Path | None

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).with_suffix("").as_posix()

    def save(self, target: Path, link: bool) -> None:
        """Puts the file at `target`: a copy, a second name of the same file, or a PNG of a drawn picture.

        Raises:
            DataError: The file cannot be read, or the drawn picture is no RGB or grey of 8 bits.
            UsageError: Another disk cannot hold a second name of the file.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.file is None:
            _drawn(self.dataset[self.index].image, self.place).save(target, format="PNG")
        elif link:
            _link(self.file, target)
        else:
            with readable(self.file), self.file.open("rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 2**20)


def picture_of(dataset: Dataset, index: int, name: str, split: str) -> Picture:
    """One picture of a data set.

    Raises:
        DataError: Its annotations or its file's header are at fault, or they disagree about its size.
    """
    truth, file = dataset.truth(index), file_of(dataset, index)
    size = size_of(dataset, index)
    if file is not None and picture_size(file) != size:
        height, width = picture_size(file)
        raise DataError(f"a picture of {size[1]}x{size[0]}, as annotated", f"{width}x{height}", path=file)
    place = f"{split}: {dataset.id(index)}"
    return Picture(name, size, truth, objects_of(dataset, index, truth, size), place, dataset, index, file)


def file_of(dataset: Dataset, index: int) -> Path | None:
    """The file of a picture, as the data set's own `path` tells; None where it has none."""
    known: Any = getattr(dataset, "path", None)
    return Path(known(index)) if callable(known) else None  # pyright: ignore[reportArgumentType]


@dataclass
class Names:
    """Names for the pictures of one folder, each once also without suffix and in systems that know no capitals."""

    _by_id: dict[str, str] = field(default_factory=dict[str, str])
    _stems: set[str] = field(default_factory=set[str])

    def of(self, dataset: Dataset) -> list[str]:
        """A name for each picture: its own, less the folders that all share; the same picture has the same name."""
        ids = [dataset.id(index) for index in range(len(dataset))]
        above = _shared_folder(ids)
        return [self._one(name, above, file_of(dataset, index)) for index, name in enumerate(ids)]

    def _one(self, identifier: str, above: int, file: Path | None) -> str:
        if identifier not in self._by_id:
            given = PurePosixPath(*PurePosixPath(identifier).parts[above:])
            suffix = ".png" if file is None else _suffix(file)
            stem = "/".join(_fit(part) for part in _without(given, suffix).parts)
            self._by_id[identifier] = self._free(stem) + suffix
        return self._by_id[identifier]

    def _free(self, stem: str) -> str:
        found, number = stem, 1
        while found.casefold() in self._stems:
            number += 1
            found = f"{stem}_{number}"
        self._stems.add(found.casefold())
        return found


def _without(name: PurePosixPath, suffix: str) -> PurePosixPath:
    return name.with_suffix("") if name.suffix.lower() in SUFFIXES or name.suffix == suffix else name


def _shared_folder(ids: Sequence[str]) -> int:
    """How many folders all pictures share."""
    folders = [PurePosixPath(one).parent.parts for one in ids]
    first, last = min(folders, default=()), max(folders, default=())
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _fit(part: str) -> str:
    """A part of a name that every system and format can hold."""
    kept = _UNFIT.sub("_", part).strip().lstrip(".").rstrip(". ")
    return kept.encode()[:_LONGEST].decode(errors="ignore") or "_"


def _suffix(file: Path) -> str:
    if file.suffix.lower() in SUFFIXES:
        return file.suffix
    with readable(file), file.open("rb") as data:
        return _SUFFIX.get(open_picture(data, str(file)).format or "", ".ppm")


def _drawn(image: Any, place: str) -> Image.Image:
    if str(image.dtype) != "torch.uint8" or len(image) not in (1, 3):
        raise DataError("a picture of 8 bits and 1 or 3 channels", image.dtype, path=place)
    return Image.fromarray(image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).contiguous().numpy())


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file.resolve(), target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        raise UsageError(
            "two folders on one disk that takes links",
            error.strerror,
            path=target,
            cure="copy the pictures: leave --link out",
        ) from error
