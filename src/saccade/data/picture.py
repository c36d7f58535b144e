"""The pixels of a data set's picture, its size, and the classes that it shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.trust.pictures import decode_picture


def read_picture(path: Path, declared: tuple[int, int] | None = None) -> Tensor:
    """A picture's pixels (3, H, W) uint8, upright.

    Args:
        path: The file.
        declared: (H, W) that the annotations give, where they do.

    Raises:
        DataError: The picture cannot be read, or has another size than declared.
    """
    image = decode_picture(path)
    found = (image.shape[1], image.shape[2])
    if declared is not None and found != declared:
        turned = ", since its EXIF orientation is applied" if found[::-1] == declared else ""
        raise DataError(
            f"a picture of {declared[1]}x{declared[0]}, as annotated, is expected, found {found[1]}x{found[0]}{turned}",
            path=path,
            hint="mend the width and height of the annotations, or replace the picture",
        )
    return image


def size_of(dataset: Dataset, index: int) -> tuple[int, int]:
    """(H, W) of one picture: as the data set's own `size` tells, or by decoding it."""
    known: Any = getattr(dataset, "size", None)
    if callable(known):
        height, width = known(index)  # pyright: ignore[reportGeneralTypeIssues]
        return int(height), int(width)
    shape = dataset[index].image.shape
    return shape[1], shape[2]


def classes_of(dataset: Dataset, index: int) -> frozenset[int]:
    """Classes that one picture shows: as the data set's own `classes_of` tells, or from its truth."""
    known: Any = getattr(dataset, "classes_of", None)
    if callable(known):
        return frozenset(known(index))  # pyright: ignore[reportArgumentType]
    truth = dataset.truth(index)
    found: set[int] = set() if truth.label is None else {int(truth.label)}
    if truth.labels is not None:
        found |= set((truth.labels == 1).nonzero().flatten().tolist())
    if truth.instances is not None and truth.instances.labels is not None:
        found |= set(truth.instances.labels.tolist())
    return frozenset(found)


def semantic_classes_of(dataset: Dataset) -> Sequence[str]:
    """Names of the pixels' classes: as the data set's own `semantic_classes` tells, or those of its classes."""
    return tuple(getattr(dataset, "semantic_classes", dataset.classes))


def contours_by_class(dataset: Dataset) -> bool:
    """Whether contours are a map a class, rather than one a person who drew: as the data set tells."""
    return bool(getattr(dataset, "contours_by_class", False))
