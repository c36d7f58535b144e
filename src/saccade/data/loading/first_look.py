"""A look at every picture's file before any of them is needed: its header and its end, not its pixels.

A thousand JPEGs take some 0.2 s of one core where they lie on a local disk; where each file takes its time to open, the
looks overlap. Damage in the middle of a file is seen by `saccade data check` alone, which decodes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.datasets.picture import check_declared, path_of, picture_of, source_of
from saccade.safe_io.images.ends import seems_whole
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.images.windowed_tiff import open_windows
from saccade.safe_io.limits import MAX_PIXELS

_THREADS = 8


def unreadable(dataset: Dataset, most: int = MAX_PIXELS) -> list[tuple[int, DataError]]:
    """The places of the pictures whose files cannot be read, and what is wrong with each.

    Files that lack their format's end are decoded, so that none is accused wrongly. Pictures without a file are passed
    over; one of another size than its annotations give, and one whose PNG of classes or objects is cut short, count as
    pictures that cannot be read. Of `most` above the limit of whole pictures, TIFFs that are then read by window have
    up to so many pixels, and their header alone is looked at.
    """
    first: dict[Path, int] = {}
    places: list[tuple[int, Path]] = []
    found: list[tuple[int, DataError]] = []
    for index in range(len(dataset)):
        try:
            path = path_of(dataset, index)
        except DataError as error:  # It leads out of the data's folder.
            found.append((index, error))
            continue
        if path is not None:
            first.setdefault(path, index)
            places.append((index, path))
    bad = _looked_at(dataset, list(first.items()), most)
    found += [(index, bad[path]) for index, path in places if path in bad]
    return sorted(found, key=lambda one: one[0])


def _looked_at(dataset: Dataset, files: Sequence[tuple[Path, int]], most: int) -> dict[Path, DataError]:
    """What is wrong with each file, given with a picture that is in it; those that are well are absent."""
    with ThreadPoolExecutor(_THREADS) as threads:
        errors = threads.map(lambda one: _fault(dataset, one[0], one[1], most), files, chunksize=64)
        return {path: error for (path, _), error in zip(files, errors, strict=True) if error is not None}


def _masks_of(source: Dataset, place: int) -> list[Path]:
    """The PNGs that annotate one picture."""
    files: Any = getattr(source, "truth_files", None)
    return [path for path in files(place) if path.suffix.lower() == ".png"] if callable(files) else []  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]


def _channels_of(dataset: Dataset, index: int) -> int | None:
    """Channels that a picture is read with, where one of the data sets around its own says so."""
    while True:
        channels: Any = getattr(dataset, "channels", None)
        below: Any = getattr(dataset, "beneath", None)
        if isinstance(channels, int) or not callable(below):
            return channels if isinstance(channels, int) else None
        dataset, index = below(index)  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]


def _fault(dataset: Dataset, path: Path, index: int, most: int) -> DataError | None:
    source, place = source_of(dataset, index)
    try:
        if most > MAX_PIXELS and open_windows(path, _channels_of(dataset, index) or 3, most) is not None:
            return None  # each window is read when it is needed
        if not seems_whole(path):
            picture_of(source, place, _channels_of(dataset, index))
        elif path.suffix.lower() != ".npy":  # The axes of an array can be told only by who knows its channels.
            declared: Any = getattr(source, "declared", None)
            check_declared(path, picture_size(path), declared(place) if callable(declared) else None)  # pyright: ignore[reportArgumentType]
        if not all(map(seems_whole, _masks_of(source, place))):
            source.truth(place)
    except DataError as error:
        return error
    return None
