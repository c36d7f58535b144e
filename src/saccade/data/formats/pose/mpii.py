"""MPII Human Pose: a list of persons in JSON for each split, one list that marks the split, or the authors' file."""

from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.errors import DataError
from saccade.core.joint_names import MPII_BONES, MPII_NAMES, joints
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.data.formats.pose.mpii_form import HEAD_SHARE, SHIFT
from saccade.data.formats.pose.mpii_mat import find_mat, read_mat
from saccade.data.formats.pose.persons import PersonRow, Persons
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.mat_file import load_mat
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import name_in, plain_name

EVIDENCE = "annot/train.json, a list of persons with joints, or mpii_human_pose*.mat (MPII)"


def splits(path: Path) -> list[str]:
    """The splits of a folder or of one file of this format; empty where it is none."""
    found: dict[str, None] = {}
    for file in _documents(path):
        found |= dict.fromkeys(_splits_of(file))
    return list(found) or (["train"] if find_mat(path) else [])


def open_mpii(path: Path, split: str, report: Report = strict) -> Persons:
    """One split, by a name of `splits`: a sample for each annotated person.

    Joints that are not annotated have visibility 0. Sizes of heads are read from entries' ``head_rect``, or from the
    boxes in ``gt_SPLIT.mat`` beside a list.

    Args:
        path: The data's folder, or one file.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    file = next((file for file in _documents(path) if split in _splits_of(file)), None) or find_mat(path) or path
    root = path if path.is_dir() else (file.parent.parent if file.parent.name.startswith("annot") else file.parent)
    rows = read_mat(root, file, report) if file.suffix == ".mat" else _rows(root, file, split, report)
    if not rows:
        raise DataError("annotated persons", "none", path=file)
    return Persons(root, joints(MPII_NAMES, MPII_BONES), rows)


def _rows(root: Path, file: Path, split: str, report: Report) -> list[PersonRow]:
    document = JsonNode(load_json(file), file)
    if not isinstance(document.value, list):
        raise document.wrong("a list of persons", shown(document.value))
    heads = _heads(file, len(document.value))
    rows: list[PersonRow] = []
    for place in range(len(document.value)):
        with telling(report):
            node = document.get(place)
            if not isinstance(node.value, dict):
                raise node.wrong("an object that describes a person", shown(node.value))
            if "isValidation" not in node.value or _marked(node) == split:
                rows.append(_row(root, node, None if heads is None else heads[place]))
    return rows


def _documents(path: Path) -> list[Path]:
    """The JSON files that begin as a list of persons."""
    if path.is_file():
        return [path] if path.suffix == ".json" and _begins_well(path) else []
    files = [
        file for pattern in ("annot/*.json", "annotations/*.json", "*.json") for file in sorted(path.glob(pattern))
    ]
    return [file for file in files if _begins_well(file)]


def _begins_well(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            head = opened.read(16384)
    except OSError:
        return False
    return head.lstrip()[:1] == b"[" and (b'"joints"' in head or b'"joint_self"' in head)


def _splits_of(file: Path) -> list[str]:
    name = canonical(file.stem)
    return [name] if name in USUAL else ["train", "val"]


def _marked(node: JsonNode) -> str:
    return "val" if node.get("isValidation").number() else "train"


def _row(root: Path, node: JsonNode, head: float | None) -> PersonRow:
    points, visible = _joints(node)
    centre = node.get("center" if "center" in node.value else "objpos").numbers(2)
    scale = node.get("scale" if "scale" in node.value else "scale_provided")
    if scale.number() <= 0:
        raise scale.wrong("a scale above 0", scale.value)
    box = node.optional("head_rect")
    if box is not None:
        x1, y1, x2, y2 = box.numbers(4)
        head = HEAD_SHARE * float(np.hypot(x2 - x1, y2 - y1))
    place = (centre[0] + SHIFT, centre[1] + SHIFT)
    return PersonRow(_picture(root, node), points, visible, place, scale.number(), head)


def _joints(node: JsonNode) -> tuple[list[tuple[float, float]], list[int]]:
    """The joints' places and visibility; one form says what is annotated, the other what is hidden too."""
    full = "joint_self" in node.value
    key = "joint_self" if full else "joints"
    entries = node.items(key)
    if len(entries) != len(MPII_NAMES):
        raise node.get(key).wrong(f"{len(MPII_NAMES)} joints", len(entries))
    marks = [] if full else node.get("joints_vis").numbers(len(MPII_NAMES))
    points: list[tuple[float, float]] = []
    visible: list[int] = []
    for place, entry in enumerate(entries):
        values = entry.numbers(3 if full else 2)
        mark = values[2] if full else marks[place]
        if mark not in (0, 1):
            raise entry.wrong("a mark of 0 or 1", mark)
        placed = bool(mark) or (full and (values[0] > 0 or values[1] > 0))
        points.append((values[0] + SHIFT, values[1] + SHIFT) if placed else (0.0, 0.0))
        visible.append(2 if mark else int(placed))
    return points, visible


def _picture(root: Path, node: JsonNode) -> str:
    field = node.get("image" if "image" in node.value else "img_paths")
    try:
        name = plain_name(field.text())
    except DataError as error:
        raise field.wrong(error.expected, error.found, error.cure) from error
    found = next((path for path in (root / "images" / name, root / name) if is_file(path)), None)
    if found is None:
        raise field.wrong(f"a picture in {root / 'images'}", f"no {name!r}", "put it there")
    return name_in(root, found)


def _heads(file: Path, count: int) -> list[float] | None:
    """Sizes of heads from the file of boxes beside a list: `headboxes_src` (2, 2, N), corner by x and y."""
    boxes_file = file.with_name(f"gt_{file.stem}.mat")
    if not boxes_file.is_file():
        return None
    boxes: Any = load_mat(boxes_file).get("headboxes_src")
    if not isinstance(boxes, np.ndarray) or boxes.shape != (2, 2, count) or boxes.dtype.kind not in "uif":
        raise DataError(f"headboxes_src of 2 x 2 x {count} numbers", "none", path=boxes_file)
    sides = boxes[1].astype(np.float64) - boxes[0]
    return (HEAD_SHARE * np.hypot(sides[0], sides[1])).tolist()
