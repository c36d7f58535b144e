"""Lists of pictures, a path a line, whose paths may be those of another machine.

What stands before the data's folder is taken off, and it is the same for all lines that begin with it: a line whose
picture is absent never gets another one whose name ends alike.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, telling
from saccade.safe_io.documents.text_file import load_lines
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import leaving_allowed, name_in, plain_name

_LOOKED_AT = 200  # lines by which it is told what stands before the data's folder
Parts = tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    """A line: its number, its text, and the parts of its path."""

    number: int
    text: str
    parts: Parts


@dataclass
class PictureList:
    """The pictures that a list names.

    Args:
        root: The data's folder.
        path: The list.
        report: Told of lines without a picture, and of pictures that two lines name; if it returns, they are left out.

    Attributes:
        notes: How paths were read, where it is not as they are written.
    """

    root: Path
    path: Path
    report: Report
    notes: list[str] = field(default_factory=list[str])

    def names(self) -> list[str]:
        """Paths of the pictures relative to the data's folder, in the list's order.

        Raises:
            DataError: The list cannot be read, or paths fit pictures in two ways.
        """
        lines = [_line(number, text.strip()) for number, text in enumerate(load_lines(self.path), 1) if text.strip()]
        found = self._found(lines)
        seen: dict[str, int] = {}
        for line in lines:
            with telling(self.report):
                self._add(line, found.get(line.number), seen)
        windows = [line for line in lines if "\\" in line.text and line.number in found]
        if windows:
            self.notes.append(f"{self.path.name}: \\ is read as / in {len(windows)} lines, as in {windows[0].text!r}")
        return list(seen)

    def _add(self, line: _Line, name: str | None, seen: dict[str, int]) -> None:
        if name is None:
            outside = is_file(self.path.parent / line.text)
            raise DataError(
                f"a picture in {self.root}",
                f"{line.text[:200]!r} outside of it" if outside else f"no {line.text[:200]!r}",
                path=self.path,
                line=line.number,
                cure="copy it there, or allow it by --allow-outside"
                if outside
                else "put the picture there, or take it off the list",
            )
        if name in seen:
            found = f"{line.text[:200]!r}, the picture {name} of line {seen[name]}"
            raise DataError(
                "each picture once", found, path=self.path, line=line.number, cure="delete one of the lines"
            )
        seen[name] = line.number

    def _found(self, lines: Sequence[_Line]) -> dict[int, str]:
        """The names of the pictures that are there, by number of the line."""
        found: dict[int, str] = {}
        if leaving_allowed():
            there = {line.number: self.path.parent / line.text for line in lines}
            found = {number: name_in(self.root, path) for number, path in there.items() if is_file(path)}
        left = [line for line in lines if line.number not in found]
        while left:
            start = self._start(left[:_LOOKED_AT])
            if start is None:
                left = left[_LOOKED_AT:]
                continue
            base, before = start
            mine = [line for line in left if _begins(line, before)]
            names = {line.number: self._name(base, line, before) for line in mine}
            there = {number: name for number, name in names.items() if name is not None}
            found |= there
            if before:
                taken = "/".join(before).replace("//", "/")
                self.notes.append(f"{self.path.name}: {taken} is taken off the paths of {len(there)} lines")
            numbers = set(names)
            left = [line for line in left if line.number not in numbers]
        return found

    def _start(self, lines: Sequence[_Line]) -> tuple[Path, Parts] | None:
        """The folder that paths count from and what is taken off them, by which most lines have a picture.

        Raises:
            DataError: Two ways lead to as many pictures, and to others.
        """
        hits: dict[tuple[Path, Parts], dict[int, str]] = {}
        for line in lines:
            for length in range(_least(line), len(line.parts)):
                for base in dict.fromkeys((self.path.parent, self.root)):
                    name = self._name(base, line, line.parts[:length])
                    if name is not None:
                        hits.setdefault((base, line.parts[:length]), {})[line.number] = name
        whole = {key: names for key, names in hits.items() if not key[1]}
        ranked = sorted((whole or hits).items(), key=lambda one: -len(one[1]))
        for _, rival in ranked[1:]:
            self._check_one_way(lines, ranked[0][1], rival)
        return ranked[0][0] if ranked else None

    def _check_one_way(self, lines: Sequence[_Line], names: dict[int, str], rival: dict[int, str]) -> None:
        """Refuse paths that lead to as many pictures, and to others, in another way."""
        shared = [line for line in lines if line.number in rival and line.number in names]
        unlike = [line for line in shared if rival[line.number] != names[line.number]]
        if unlike and len(rival) == len(names):
            line = unlike[0]
            raise DataError(
                "paths that fit the data's pictures in one way",
                f"{line.text[:200]!r}, which may be {names[line.number]} or {rival[line.number]}",
                path=self.path,
                line=line.number,
                cure=f"write the paths relative to {self.root}",
            )

    def _name(self, base: Path, line: _Line, before: Parts) -> str | None:
        """The picture that a line means in `base` once what stands before is taken off; None where there is none."""
        path = Path(os.path.normpath(base.joinpath(*line.parts[len(before) :])))
        if not path.is_relative_to(self.root) or not is_file(path):
            return None
        return plain_name(path.relative_to(self.root).as_posix())


def _line(number: int, text: str) -> _Line:
    parts = PurePosixPath(text.replace("\\", "/")).parts
    return _Line(number, text, tuple(part for part in parts if part != "."))


def _least(line: _Line) -> int:
    """How many parts must be taken off a path for it to be relative."""
    return 1 if line.parts[0] == "/" or PureWindowsPath(line.text).drive else 0


def _begins(line: _Line, before: Parts) -> bool:
    return len(before) >= _least(line) and line.parts[: len(before)] == before
