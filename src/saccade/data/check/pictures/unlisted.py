"""Pictures that lie among those of a data set, and that it does not list."""

from collections.abc import Iterable
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.masks.pairs import MASK_ENDS
from saccade.safe_io.images.pictures import only_pictures


def unlisted(parts: Iterable[ImageFiles]) -> list[Path]:
    """Pictures on disk that none of the parts lists; no defect, but good to know.

    Those that lie in folders of their own and are called as listed ones are masks of these.

    Args:
        parts: All splits of a data set: they may share a folder.
    """
    parts = list(parts)
    listed = {path for part in parts for index in range(len(part)) for path in _path(part, index)}
    folders = {path.parent for path in listed}
    stems = {path.stem for path in listed}
    roots = sorted({part.root for part in parts if part.root.is_dir()} | {path for path in folders if path.is_dir()})
    tops = [root for root in roots if not any(other in root.parents for other in roots)]
    found = [path for top in tops for path in only_pictures(below(top)) if path not in listed]
    return [path for path in found if path.parent in folders or not _is_mask(path, stems)]


def _is_mask(path: Path, stems: set[str]) -> bool:
    """Whether a picture is called as a listed one, with a mark of masks behind it or without."""
    name = path.stem
    return any(name.endswith(end) and name[: len(name) - len(end)] in stems for end in MASK_ENDS)


def _path(part: ImageFiles, index: int) -> list[Path]:
    """The picture's file; none where its name leads out of the folder, which is told elsewhere."""
    try:
        return [part.path(index)]
    except DataError:
        return []
