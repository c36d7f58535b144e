"""Pictures and MATLAB files of one name, by lists of names or all that lie in a folder."""

from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.safe_io.documents.text_file import load_lines
from saccade.safe_io.files import is_file
from saccade.safe_io.images.pictures import SUFFIXES
from saccade.safe_io.paths import plain_name


def listings(*folders: Path) -> dict[str, Path]:
    """The first folder's lists ``train.txt`` and so on, by split; empty where no folder has any."""
    for folder in folders:
        found = {canonical(file.stem): file for file in sorted(folder.glob("*.txt")) if canonical(file.stem) in USUAL}
        if found:
            return found
    return {}


def pairs(truths: Path, pictures: Path, listing: Path | None, report: Report) -> dict[Path, Path]:
    """The MATLAB file of each picture.

    Args:
        truths: The folder of MATLAB files.
        pictures: The folder of pictures.
        listing: A list of names, one a line; None takes all.
        report: Told of names listed twice, and of files that are missing; if it returns, the name is left out.
    """
    known = {file.stem: file for file in sorted(pictures.glob("*")) if file.suffix.lower() in SUFFIXES}
    found: dict[Path, Path] = {}
    if listing is None:
        for file in sorted(truths.glob("*.mat")):
            with telling(report):
                found[_partner(file.stem, known, pictures, file, None)] = file
        return found
    for line, text in enumerate(load_lines(listing), 1):
        if text.strip():
            with telling(report):
                stem = plain_name(text.strip())
                picture = _partner(stem, known, pictures, listing, line)
                if picture in found:
                    raise DataError("each name once", f"{stem!r} again", path=listing, line=line)
                truth = truths / f"{stem}.mat"
                if not is_file(truth):
                    raise DataError(f"a file {truth}", "none", path=listing, line=line, cure=_CURE)
                found[picture] = truth
    return found


_CURE = "add it, or take the name off the list"


def _partner(stem: str, known: dict[str, Path], folder: Path, path: Path, line: int | None) -> Path:
    if stem not in known:
        raise DataError(
            f"a picture {stem}.jpg, or of another suffix in {folder}",
            "none",
            path=path,
            line=line,
            cure=_CURE if line else "add the picture, or take this file out",
        )
    return known[stem]
