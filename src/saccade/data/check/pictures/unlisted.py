"""Pictures that lie among those of a data set, and that it does not list."""

from collections.abc import Iterable
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.image_files import ImageFiles
from saccade.safe_io.images.pictures import only_pictures


def unlisted(parts: Iterable[ImageFiles]) -> list[Path]:
    """Pictures on disk, in the folders of listed ones, that none of the parts lists; no defect, but good to know.

    Args:
        parts: All splits of a data set: they may share a folder.
    """
    listed = {path for part in parts for index in range(len(part)) for path in _path(part, index)}
    folders = sorted({path.parent for path in listed if path.parent.is_dir()})
    found = [path for folder in folders for path in only_pictures(sorted(folder.iterdir()))]
    return [path for path in found if path not in listed and path.name[0] != "."]


def _path(part: ImageFiles, index: int) -> list[Path]:
    """The picture's file; none where its name leads out of the folder, which is told elsewhere."""
    try:
        return [part.path(index)]
    except DataError:
        return []
