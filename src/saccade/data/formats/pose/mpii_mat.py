"""MPII Human Pose as its authors give it: one MATLAB file of nested structures."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.errors import DataError
from saccade.core.joint_names import MPII_NAMES
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.pose.mpii_form import HEAD_SHARE, SHIFT
from saccade.data.formats.pose.persons import PersonRow
from saccade.safe_io.documents.mat_file import load_mat
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import name_in, plain_name

# The authors' file takes 13 MB packed, and some hundreds once unpacked.
_MAT_BYTES = 2**30
_PATTERNS = ("mpii_human_pose*.mat", "*/mpii_human_pose*.mat")


def find_mat(path: Path) -> Path | None:
    """The authors' file in a folder or in one below it, or the file itself; None where there is none."""
    if path.is_file():
        return path if path.suffix == ".mat" else None
    return next((file for pattern in _PATTERNS for file in sorted(path.glob(pattern))), None)


def read_mat(root: Path, file: Path, report: Report) -> list[PersonRow]:
    """The persons of the training pictures whose joints are annotated; the testing pictures' are not published.

    Args:
        root: The folder that holds ``images``.
        file: The authors' file.
        report: Told of every defect; if it returns, the faulty person is left out.

    Raises:
        DataError: The file cannot be read, or `report` raised one.
    """
    release = _one(load_mat(file, _MAT_BYTES).get("RELEASE"))
    pictures, marks = _rows(_field(release, "annolist")), _field(release, "img_train")
    if not len(pictures) or not isinstance(marks, np.ndarray) or marks.size != len(pictures):
        raise DataError("RELEASE with annolist and img_train of one length", "none", path=file)
    rows: list[PersonRow] = []
    for place, (picture, mark) in enumerate(zip(pictures, marks.ravel().tolist(), strict=True), 1):
        for number, rect in enumerate(_rows(_field(picture, "annorect")) if mark else [], 1):
            points = _rows(_field(_one(_field(rect, "annopoints")), "point"))
            with telling(report):
                if len(points):
                    name = _text(_field(_one(_field(picture, "image")), "name"))
                    rows.append(_Rect(root, file, f"annolist({place}).annorect({number})").row(name, rect, points))
    return rows


class _Rect:
    """One person with its place in the file."""

    def __init__(self, root: Path, file: Path, where: str) -> None:
        self.root, self.file, self.where = root, file, where

    def row(self, name: str, rect: Any, points: list[Any]) -> PersonRow:
        """One person of a picture, of the structures that the file has of them."""
        try:
            plain_name(name)
        except DataError as error:
            raise self._wrong(error.expected, error.found) from error
        if not is_file(self.root / "images" / name):
            raise self._wrong(f"a picture in {self.root / 'images'}", f"no {name[:200]!r}")
        places = [(0.0, 0.0)] * len(MPII_NAMES)
        visible = [0] * len(MPII_NAMES)
        for point in points:
            joint = self._number(point, "id")
            if joint not in range(len(MPII_NAMES)):
                raise self._wrong(f"a joint's id from 0 to {len(MPII_NAMES) - 1}", f"{joint:g}")
            places[int(joint)] = (self._number(point, "x") + SHIFT, self._number(point, "y") + SHIFT)
            # The file says 0, 1, '0', '1', or nothing for the joints that are never hidden.
            visible[int(joint)] = 1 if _text(_field(point, "is_visible")) == "0" else 2
        centre = _one(_field(rect, "objpos"))
        x1, y1, x2, y2 = (self._number(rect, side) for side in ("x1", "y1", "x2", "y2"))
        return PersonRow(
            name=name_in(self.root, self.root / "images" / name),
            points=places,
            visible=visible,
            centre=(self._number(centre, "x") + SHIFT, self._number(centre, "y") + SHIFT),
            scale=self._number(rect, "scale"),
            head_size=HEAD_SHARE * math.hypot(x2 - x1, y2 - y1),
        )

    def _number(self, record: Any, name: str) -> float:
        value: Any = _one(_field(record, name))
        if not isinstance(value, np.generic) or value.dtype.kind not in "buif" or not math.isfinite(float(value)):
            raise self._wrong(f"a finite number {name!r}", str(value)[:80])
        return float(value)

    def _wrong(self, expected: str, found: object) -> DataError:
        return DataError(expected, found, path=self.file, annotation_id=self.where, cure="download the file again")


def _field(record: Any, name: str) -> Any:
    """A field of a structure; None where it has none."""
    names = getattr(getattr(record, "dtype", None), "names", None) or ()
    return record[name] if name in names else None


def _one(value: Any) -> Any:
    """What an array of one value holds; None for others."""
    return value.ravel()[0] if isinstance(value, np.ndarray) and value.size == 1 else None


def _rows(value: Any) -> list[Any]:
    """The structures of an array of them."""
    return list(value.ravel()) if isinstance(value, np.ndarray) and value.dtype.names else []


def _text(value: Any) -> str:
    found = _one(value)
    return "" if found is None else str(found)
