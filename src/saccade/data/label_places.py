"""Where the labels of a data set were sought, and what lies elsewhere that looks like them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from saccade.core.dataset import Dataset
from saccade.data.formats.common.below import below
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.origin import Origin
from saccade.data.formats.image_folder.reader import ImageFolder
from saccade.data.left_out import picture_files
from saccade.data.look_alikes import look_alikes

_LOOKED_AT, _FILES = 20, 200_000
_SUFFIXES = (".txt", ".xml", ".json")


def label_places(dataset: Dataset) -> str:
    """Where the labels of a data set were sought, and which files of the same names lie elsewhere, in words."""
    return "; ".join(dict.fromkeys(said for one in picture_files(dataset)[:1] for said in _places(one))) or (
        "the data set gives no labels"
    )


def _places(data: ImageFiles) -> Iterator[str]:
    if isinstance(data, ImageFolder):
        names = ", ".join(sorted({folder.name for folder in data.class_folders})[:8])
        yield f"classes were sought as folders in {data.root}, and are {names}"
    origin: Any = getattr(data, "origin", None)
    sought = [Path(origin.files.text(0))] if isinstance(origin, Origin) and len(origin.files) else []
    if sought:
        yield f"labels were sought in {_shown(data.root, sought[0])}"
    stems = {Path(data.id(index)).stem for index in range(min(len(data), _LOOKED_AT))}
    files = islice(below(data.root), _FILES) if data.root.is_dir() else ()
    alike = [file for file in files if file.suffix.lower() in _SUFFIXES and file.stem in stems and file not in sought]
    alike.sort(key=lambda file: file.relative_to(data.root).parts[0] != Path(data.id(0)).parts[0])
    if alike:
        more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        yield f"of the pictures' names is {_shown(data.root, alike[0])}{more}, which nothing reads"
    elif data.root.is_dir() and not (sought and sought[0].is_file()):
        yield from (f"near them is {one.said}" for one in look_alikes(data.root)[:2])


def _shown(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
