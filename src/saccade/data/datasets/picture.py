"""The pixels of a data set's picture, its size and file, the classes that it shows, and what else comes with it."""

from inspect import signature
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.core.input.channels import fit_channels
from saccade.safe_io.images.pictures import decode_picture, lies_on_its_side


def read_picture(path: Path, declared: tuple[int, int] | None = None, channels: int | None = None) -> Tensor:
    """A picture's pixels (C, H, W), upright, as `decode_picture` gives them.

    Args:
        path: The file.
        declared: (H, W) that the annotations give, where they do.
        channels: Wanted channels; None for RGB, or for all of a file that is neither grey nor coloured.

    Raises:
        DataError: The picture cannot be read, or has another size than declared.
    """
    image = decode_picture(path, channels)
    check_declared(path, (image.shape[1], image.shape[2]), declared)
    return image


def check_declared(path: Path, found: tuple[int, int], declared: tuple[int, int] | None) -> None:
    """Check that a picture has the size (H, W) that the annotations give, where they do.

    Raises:
        DataError: It has another.
    """
    if declared is not None and found != declared:
        exchanged = found[::-1] == declared
        raise DataError(
            f"a picture of {declared[1]}x{declared[0]}, as annotated",
            f"{found[1]}x{found[0]}{', the sides exchanged' if exchanged else ''}",
            path=path,
            cure=_cure_of_size(path, exchanged),
        )


def _cure_of_size(path: Path, exchanged: bool) -> str:
    """What to do about a picture of another size than annotated; `exchanged`: as wide as it should be high."""
    if not exchanged:
        return "mend the width and height of the annotations, or replace the picture"
    # Exchanged numbers alone would end the complaint, and leave each box on other pixels.
    turn = "turn boxes, outlines and joints with the picture, not width and height alone"
    if lies_on_its_side(path):
        return (
            "its EXIF orientation turns it, and the annotations seem to be of the picture as it is stored: "
            f"{turn}; or take the tag out of the file (exiftool -Orientation= FILE), and it stays as it is stored"
        )
    return f"it has no EXIF orientation that turns it, and may have been turned after it was annotated: {turn}"


def reads_channels(dataset: Dataset) -> bool:
    """Whether a data set has a `picture(index, channels)`, by which its files are read with a number of channels."""
    return _takes_channels(getattr(dataset, "picture", None))


def picture_of(dataset: Dataset, index: int, channels: int | None = None) -> Tensor:
    """Pixels of one picture with a number of channels: as the data set itself reads them, or fitted.

    Raises:
        DataError: The picture cannot be read, or has another number of channels.
        ConfigError: It cannot be fitted.
    """
    if reads_channels(dataset):
        read: Any = getattr(dataset, "picture", None)
        return read(index, channels)
    image = dataset[index].image
    return image if channels is None else fit_channels(image, channels)


def size_of(dataset: Dataset, index: int, channels: int | None = None) -> tuple[int, int]:
    """(H, W) of one picture: as the data set's own `size` tells, or by decoding it."""
    known: Any = getattr(dataset, "size", None)
    if callable(known):
        found: Any = known(index, channels) if _takes_channels(known) else known(index)
        return int(found[0]), int(found[1])
    shape = dataset[index].image.shape
    return shape[1], shape[2]


def _takes_channels(method: Any) -> bool:
    return callable(method) and "channels" in signature(method).parameters


def source_of(dataset: Dataset, index: int) -> tuple[Dataset, int]:
    """The data set that a picture was first read by, below all that wrap it, and the picture's place there."""
    while callable(below := getattr(dataset, "beneath", None)):
        dataset, index = cast("tuple[Dataset, int]", below(index))
    return dataset, index


def path_of(dataset: Dataset, index: int) -> Path | None:
    """One picture's file; None where the data set has none.

    Raises:
        DataError: Its name leads out of the data's folder.
    """
    source, place = source_of(dataset, index)
    known: Any = getattr(source, "path", None)
    found: Any = known(place) if callable(known) else None
    return None if found is None else Path(found)


def has_regions(dataset: Dataset) -> bool:
    """Whether samples have regions that a search proposed: as the data set's own `has_regions` tells, else not."""
    return bool(getattr(dataset, "has_regions", False))


def classes_of(dataset: Dataset, index: int) -> frozenset[int]:
    """Classes that one picture shows: as the data set's own `classes_of` tells, or from its truth."""
    known: Any = getattr(dataset, "classes_of", None)
    if callable(known):
        return frozenset(known(index))  # pyright: ignore[reportArgumentType]
    return classes_shown(dataset.truth(index))


def classes_shown(truth: Annotation) -> frozenset[int]:
    """Classes of a picture and of its objects, regions to ignore apart; where neither is told, those of its masks."""
    found: set[int] = set() if truth.label is None else {int(truth.label)}
    if truth.labels is not None:
        found |= set((truth.labels == 1).nonzero().flatten().tolist())
    if truth.instances is not None and truth.instances.labels is not None:
        found |= set(truth.instances.labels[~truth.instances.is_ignored].tolist())
    if truth.semantic_masks is not None and truth.label is None and truth.labels is None and truth.instances is None:
        found |= set(truth.semantic_masks.areas().nonzero()[:, 0].tolist())
    return frozenset(found)
