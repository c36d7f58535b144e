"""Boxes in another form than their format asks: the form is named, in one row before all others."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made import save_picture
from saccade.data.check import CheckResult, check_data
from saccade.data.check.annotations.polygons import crossings
from saccade.data.formats.common.store import RaggedArray

SIZE, COUNT = (120, 160), 60


@pytest.fixture
def boxes() -> np.ndarray:
    """(60, 4) x, y, width, height inside pictures of 160x120."""
    dice = np.random.default_rng(0)
    sides = dice.uniform(10, 60, (COUNT, 2))
    return np.concatenate([dice.uniform(0, 1, (COUNT, 2)) * (np.array(SIZE[::-1]) - sides), sides], 1).round(1)


def corners(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


def check_coco(root: Path, boxes: np.ndarray) -> CheckResult:
    content: dict[str, Any] = {
        "images": [{"id": k, "file_name": f"{k}.png", "width": SIZE[1], "height": SIZE[0]} for k in range(10)],
        "categories": [{"id": 1, "name": "ant"}],
        "annotations": [
            {"id": k, "image_id": k % 10, "category_id": 1, "bbox": box} for k, box in enumerate(boxes.tolist())
        ],
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "train.json").write_text(json.dumps(content))
    for k in range(10):
        save_picture(root / "train" / f"{k}.png", 2, 2)
    return check_data(root, quick=True)


def check_voc(root: Path, boxes: np.ndarray) -> CheckResult:
    for k in range(10):
        objects = "".join(
            "<object><name>ant</name><bndbox>"
            + "".join(f"<{n}>{v}</{n}>" for n, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
            + "</bndbox></object>\n"
            for box in boxes[k::10].tolist()
        )
        size = f"<size><width>{SIZE[1]}</width><height>{SIZE[0]}</height></size>"
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{k}.xml").write_text(f"<annotation>{size}\n{objects}</annotation>")
        save_picture(root / "JPEGImages" / f"{k}.png", *SIZE)
    return check_data(root, quick=True)


def check_yolo(root: Path, boxes: np.ndarray) -> CheckResult:
    for k in range(10):
        save_picture(root / "images" / "train" / f"{k}.png", *SIZE)
        (root / "labels" / "train").mkdir(parents=True, exist_ok=True)
        lines = [" ".join(["0", *(f"{value:.6f}" for value in box)]) for box in boxes[k::10].tolist()]
        (root / "labels" / "train" / f"{k}.txt").write_text("\n".join(lines))
    (root / "data.yaml").write_text("names: [ant]\ntrain: images/train\nval: images/train\n")
    return check_data(root, ["train"], quick=True)


def test_sound_boxes_of_every_format_are_sound(tmp_path: Path, boxes: np.ndarray):
    for name in "abc":
        (tmp_path / name).mkdir()
    centres = np.concatenate([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]], 1) / [160, 120, 160, 120]
    assert check_coco(tmp_path / "a", boxes).defects == []
    assert check_voc(tmp_path / "b", corners(boxes)).defects == []
    assert check_yolo(tmp_path / "c", centres).defects == []


def test_corners_in_a_coco_file(tmp_path: Path, boxes: np.ndarray):
    first, *others = check_coco(tmp_path, corners(boxes)).defects
    assert first.found.endswith("of 60 boxes leave the picture: looks like x1, y1, x2, y2 (xyxy)")
    assert int(first.found.split("%")[0]) >= 50
    assert (first.where, first.path) == ("/annotations", str(tmp_path / "annotations" / "train.json"))
    assert others
    assert all(str(defect.where).endswith("/bbox") for defect in others)
    assert all(defect.annotation_id == int(str(defect.where).split("/")[2]) for defect in others)


def test_centres_in_a_coco_file(tmp_path: Path, boxes: np.ndarray):
    boxes[:, 2:] *= 1.6  # Large objects, so that half of their sides reaches over the edge.
    boxes[:, :2] = np.minimum(boxes[:, :2], np.array(SIZE[::-1]) - boxes[:, 2:])
    centres = np.concatenate([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]], 1)
    assert "looks like centre x, centre y, width, height" in check_coco(tmp_path, centres).defects[0].found


def test_swapped_sides_in_a_coco_file(tmp_path: Path, boxes: np.ndarray):
    boxes[:, 0] = np.where(boxes[:, 0] < 100, 159 - boxes[:, 2], boxes[:, 0])
    first = check_coco(tmp_path, boxes[:, [1, 0, 3, 2]]).defects[0]
    assert "looks like y, x, height, width" in first.found
    assert first.cure == "change x and y"


def test_fractions_in_a_coco_file_are_one_row(tmp_path: Path, boxes: np.ndarray):
    (row,) = check_coco(tmp_path, boxes / [160, 120, 160, 120]).defects
    assert "looks like fractions" in row.found


def test_widths_in_a_voc_file(tmp_path: Path, boxes: np.ndarray):
    first, *others = check_voc(tmp_path, boxes + np.array([1, 1, 0, 0])).defects
    assert first.found.endswith("looks like x, y, width, height (xywh)")
    assert first.path == str(tmp_path / "Annotations")
    assert {defect.expected for defect in others} >= {"xmin <= xmax and ymin <= ymax"}


def test_pixels_and_corners_in_yolos_lines(tmp_path: Path, boxes: np.ndarray):
    pixels = check_yolo(tmp_path, boxes)
    assert "looks like pixels" in pixels.defects[0].found
    assert len(pixels.defects) == COUNT + 1
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    first = check_yolo(tmp_path, corners(boxes) / [160, 120, 160, 120]).defects[0]
    assert "looks like x1, y1, x2, y2 (xyxy)" in first.found
    assert first.path == str(tmp_path / "labels" / "train")


def test_lines_of_yolo_are_named(tmp_path: Path):
    (tmp_path / "labels").mkdir()
    save_picture(tmp_path / "images" / "1.png", *SIZE)
    (tmp_path / "classes.txt").write_text("ant\nbee\n")
    lines = ["0 .5 .5 .2 .2", "0 .5 .5 .2", "2 .5 .5 .2 .2", "1 1.5 .5 .2 .2", "1 .5 .5 .2 .2", "1 .5 .5 .2 .2"]
    (tmp_path / "labels" / "1.txt").write_text("\n".join(lines))
    defects = check_data(tmp_path, quick=True).defects
    assert [(defect.where, Path(str(defect.path)).name) for defect in defects] == [(n, "1.txt") for n in (2, 3, 4, 6)]


def test_crossings_are_those_of_every_pair_of_edges():
    dice = np.random.default_rng(1)
    rows = [dice.uniform(0, 100, 2 * int(dice.integers(3, 12))) for _ in range(150)]
    found = {place for place, _, _ in crossings(RaggedArray.of(rows, np.float64))}
    true = {place for place, row in enumerate(rows) if _crosses(row.reshape(-1, 2))}
    # Loops of a few pixels are let pass, so that what is found may be less, by little.
    assert found <= true
    assert len(true - found) <= 0.1 * len(true)
    assert 0 < len(true) < len(rows)


def _crosses(points: np.ndarray) -> bool:
    count = len(points)

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    for i in range(count):
        for j in range(i):
            a, b, c, d = points[i], points[(i + 1) % count], points[j], points[(j + 1) % count]
            if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
                return True
    return False


def test_the_loop_that_is_cut_off_is_measured():
    bow = np.array([5, 5, 25, 25, 25, 5, 5, 25], np.float64)
    square = np.array([0, 0, 10, 0, 10, 10, 0, 10], np.float64)
    assert crossings(RaggedArray.of([square, bow, square], np.float64)) == [(1, (15.0, 15.0), 100.0)]
    assert crossings(RaggedArray.of([], np.float64)) == []


def test_a_long_outline_that_folds_over_itself_ends_soon():
    zigzag = np.stack([np.arange(100_000) % 2 * 900.0, np.linspace(0, 900, 100_000)], 1)
    assert len(crossings(RaggedArray.of([zigzag.ravel()], np.float64))) <= 1
