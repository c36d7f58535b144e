"""Files that list the names of classes, one a line: ``classes.txt`` and its like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict
from saccade.safe_io.documents.text_file import load_lines

NAMES = ("classes.txt", "labels.txt", "obj.names", "label_colors.txt", "palette.txt")


@dataclass(frozen=True)
class ClassNames:
    """Classes by name, and the colours that stand for them in pictures where the file gives them.

    Attributes:
        names: C names.
        colours: C colours r, g, b; empty where the file gives names alone.
    """

    names: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...] = ()


def find_class_names(root: Path, report: Report = strict) -> ClassNames | None:
    """The list in a folder, or None.

    Raises:
        DataError: As for `read_class_names`.
    """
    file = next((root / name for name in NAMES if (root / name).is_file()), None)
    return None if file is None else read_class_names(file, report)


def read_class_names(path: Path, report: Report = strict) -> ClassNames:
    """The names of a file, with colours where every line gives one: ``name 64 0 128`` or ``64 0 128 name``.

    Raises:
        DataError: The file cannot be read or names no class, or `report` raised a name or colour given twice.
    """
    lines = [(number, text.strip()) for number, text in enumerate(load_lines(path), 1) if text.strip()]
    parts = [_coloured(text) for _, text in lines]
    coloured = [part for part in parts if part is not None]
    has_colours = len(coloured) == len(lines)
    names = [name for name, _ in coloured] if has_colours else [text for _, text in lines]
    numbers = [number for number, _ in lines]
    if not names:
        raise DataError("names of classes, one a line", "none", path=path)
    _no_repeats(path, numbers, names, "name", report)
    colours = tuple(colour for _, colour in coloured) if has_colours else ()
    _no_repeats(path, numbers, colours, "colour", report)
    return ClassNames(tuple(names), colours)


def _coloured(text: str) -> tuple[str, tuple[int, int, int]] | None:
    """Name and colour of a line; None where it gives no colour."""
    columns = text.replace(",", " ").split()
    for values, name in ((columns[-3:], columns[:-3]), (columns[:3], columns[3:])):
        if name and len(values) == 3 and all(value.isdecimal() and int(value) < 256 for value in values):
            return " ".join(name), (int(values[0]), int(values[1]), int(values[2]))
    return None


def _no_repeats(path: Path, lines: list[int], values: Sequence[object], what: str, report: Report) -> None:
    seen: dict[object, int] = {}
    for line, value in zip(lines, values, strict=False):  # There may be no colours.
        if value in seen:
            found = f"{value!r}, which line {seen[value]} has too"
            report(DataError(f"a {what} of its own", found, path=path, line=line))
        seen.setdefault(value, line)
