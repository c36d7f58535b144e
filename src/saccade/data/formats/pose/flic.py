"""FLIC, Frames Labeled In Cinema: one MATLAB file of examples, each a frame with the joints of one person."""

from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.errors import DataError
from saccade.core.input.person_crop import PersonCrop
from saccade.core.joint_names import joints
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.pose.persons import PersonRow, Persons
from saccade.safe_io.documents.mat_file import load_mat
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import name_in, plain_name

EVIDENCE = "examples.mat beside images/ (FLIC)"
_FILE = "examples.mat"
# Where the annotated joints stand among the file's 29; the others are NaN throughout.
_COLUMNS = {
    "left_shoulder": 0,
    "left_elbow": 1,
    "left_wrist": 2,
    "right_shoulder": 3,
    "right_elbow": 4,
    "right_wrist": 5,
    "left_hip": 6,
    "right_hip": 9,
    "left_eye": 12,
    "right_eye": 13,
    "nose": 16,
}
_BONES = ((0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (0, 6), (3, 7), (6, 7), (8, 10), (9, 10))
_MARKS = {"train": "istrain", "test": "istest"}
# Whole pixels, counted from 1, whose centres are at +.5 when counted from 0.
_SHIFT = -0.5
# The square that Newell et al. 2016 show of every frame, whose height is 480: FLIC gives no size of persons.
_SIDE, _MIDDLE = 440.0, 240.0


def splits(path: Path) -> list[str]:
    """``train`` and ``test`` where a folder is of this format; empty where it is none."""
    return list(_MARKS) if (path / _FILE).is_file() and (path / "images").is_dir() else []


def open_flic(path: Path, split: str, report: Report = strict) -> Persons:
    """One split, by a name of `splits`. Eleven joints of the upper body.

    The person's place and scale are such that the square around it is what the stacked hourglass is shown of every
    frame: 440 pixels at half the height of 480, around the middle of the torso's box from left to right.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    file = path / _FILE
    examples: Any = load_mat(file).get("examples")
    names = getattr(getattr(examples, "dtype", None), "names", None) or ()
    needed = ("filepath", "coords", "torsobox", *_MARKS.values())
    if not set(needed) <= set(names):
        raise DataError(f"examples with {', '.join(needed)}", ", ".join(names) or "none", path=file)
    rows: list[PersonRow] = []
    for place, example in enumerate(examples.ravel()):
        with telling(report):
            if _flag(file, place, example[_MARKS[split]]):
                rows.append(_row(path, file, place, example))
    if not rows:
        raise DataError(f"examples of the split {split!r}", "none", path=file)
    return Persons(path, joints(tuple(_COLUMNS), _BONES), rows)


def _row(root: Path, file: Path, place: int, example: Any) -> PersonRow:
    name = example["filepath"].ravel()
    text = str(name[0]) if len(name) == 1 else ""
    try:
        plain_name(text)
    except DataError as error:
        raise _wrong(file, place, error.expected, error.found) from error
    if not is_file(root / "images" / text):
        raise _wrong(file, place, f"a picture in {root / 'images'}", f"no {text[:200]!r}")
    coords, torso = (_numbers(file, place, name, example[name]) for name in ("coords", "torsobox"))
    if coords.ndim != 2 or coords.shape[0] != 2 or coords.shape[1] <= max(_COLUMNS.values()):
        raise _wrong(file, place, "coords of 2 x 29", "x".join(map(str, coords.shape)))
    chosen = coords[:, list(_COLUMNS.values())].T + _SHIFT
    there = np.isfinite(chosen).all(1)
    points = [(float(x), float(y)) for x, y in np.where(there[:, None], chosen, 0)]
    box = torso.ravel()
    if len(box) != 4 or not np.isfinite(box).all():
        raise _wrong(file, place, "a torsobox of 4 numbers", box[:8].tolist())
    middle = float(box[0] + box[2]) / 2 + _SHIFT
    centre, scale = PersonCrop().centre_and_scale(middle, _MIDDLE + _SHIFT, _SIDE)
    name = name_in(root, root / "images" / text)
    return PersonRow(name, points, (2 * there).tolist(), centre, scale)


def _numbers(file: Path, place: int, name: str, value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "uif":
        raise _wrong(file, place, f"numbers in {name}", _type_of(value))
    return value.astype(np.float64)


def _flag(file: Path, place: int, value: Any) -> bool:
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "buif":
        raise _wrong(file, place, "0 or 1 in istrain and istest", _type_of(value))
    return bool(value.ravel()[0])


def _type_of(value: Any) -> str:
    return f"{value.size} of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _wrong(file: Path, place: int, expected: str, found: object) -> DataError:
    return DataError(expected, found, path=file, annotation_id=place + 1, cure=f"mend or delete examples({place + 1})")
