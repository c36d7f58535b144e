"""Faults of annotations that no format's own tests cover: boxes over the edge, outlines of nothing, huge masks."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made import coco_content, save_picture, write_coco
from saccade.core.errors import DataError
from saccade.data.check import check_data
from saccade.data.open import open_data

WIDTH, HEIGHT = 60, 40


def coco(root: Path, box: tuple[float, float, float, float]) -> None:
    x1, y1, x2, y2 = box
    content = coco_content()
    content["annotations"] = [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1]}]
    write_coco(root, content)


def voc(root: Path, box: tuple[float, float, float, float]) -> None:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), (box[0] + 1, box[1] + 1, box[2], box[3]), strict=True)
    inner = "".join(f"<{side}>{value!r}</{side}>" for side, value in sides)
    (root / "Annotations").mkdir()
    text = f"<annotation><object><name>cat</name><bndbox>{inner}</bndbox></object></annotation>"
    (root / "Annotations/a.xml").write_text(text)
    save_picture(root / "JPEGImages/a.png")


def csv(root: Path, box: tuple[float, float, float, float]) -> None:
    save_picture(root / "a.png")
    (root / "train.csv").write_text(f"file,x1,y1,x2,y2,label\na.png,{','.join(map(repr, box))},cat\n")


numbers = st.floats(-200, 200, allow_nan=False, width=32)


@settings(max_examples=40, deadline=None)
@given(st.tuples(numbers, numbers, numbers, numbers), st.sampled_from([coco, voc, csv]))
def test_a_box_is_clipped_to_its_picture_or_refused(box: tuple[float, float, float, float], write: Any) -> None:
    with TemporaryDirectory() as folder:
        write(Path(folder), box)
        inside = box[0] < box[2] and box[1] < box[3] and box[0] < WIDTH and box[1] < HEIGHT and box[2] > 0 < box[3]
        # VOC's least box is a pixel wide.
        narrow = write is voc and (box[2] - box[0] < 1 or box[3] - box[1] < 1)
        if narrow or not inside:
            with pytest.raises(DataError) as caught:
                open_data(f"{write.__name__}:{folder}")
            assert caught.value.path is not None
            return
        found = open_data(f"{write.__name__}:{folder}").truth(0).instances.boxes[0].tolist()
        x1, y1, x2, y2 = found
        assert 0 <= x1 < x2 <= WIDTH
        assert 0 <= y1 < y2 <= HEIGHT
        assert found == pytest.approx(
            [max(box[0], 0), max(box[1], 0), min(box[2], WIDTH), min(box[3], HEIGHT)], abs=1e-4
        )


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        ([5, 5, 9, 5, 9, 9], "polygon"),
        ([[5, 5, 9, 5, 9]], "three points"),
        ([[5, 5, 9, 5]], "three points"),
        ([[5, 5, 9, 5, 9, float("inf")]], "picture of 60x40|polygon|JSON"),
        ([[500, 500, 900, 500, 900, 900]], "picture of 60x40"),
        ({"size": [100_000, 100_000], "counts": [0, 10**10]}, "picture's size"),
        ({"size": [40, 60], "counts": [0, 10**10]}, "2400 pixels"),
        ({"size": [40, 60], "counts": [2400, -1, 1]}, "at least 0"),
    ],
)
def test_outlines_that_cannot_be_drawn_name_their_annotation(outline: Any, words: str, tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][3]["segmentation"] = outline
    with pytest.raises(DataError, match=words) as caught:
        open_data(write_coco(tmp_path, content))
    assert caught.value.annotation_id == 14


def test_a_huge_mask_is_refused_in_little_memory(tmp_path: Path) -> None:
    """A picture declared as 100 000 x 100 000 with a mask of all its pixels: ten thousand million."""
    content = coco_content()
    content["images"][1] |= {"width": 100_000, "height": 100_000}
    whole = {"size": [100_000, 100_000], "counts": [0, 10**10]}
    content["annotations"] = [
        {"id": 1, "image_id": 3, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": whole},
        {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": whole},
    ]
    root = write_coco(tmp_path, content)
    assert json.loads((root / "annotations/instances_train.json").read_text())
    code = (
        "import resource, sys\n"
        "from saccade.data.open import open_data\n"
        "from saccade.core.errors import DataError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = []\n"
        "data = open_data(sys.argv[1], report=found.append)\n"
        "[data.truth(index) for index in range(len(data))]\n"
        "print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    defects, kilobytes = map(int, done.stdout.split())
    assert defects >= 2
    assert kilobytes < 100_000


def test_identifiers_with_gaps_are_labels_from_nought(tmp_path: Path) -> None:
    data = open_data(write_coco(tmp_path))
    assert data.classes == ("ant", "bee", "cat")  # Of the identifiers 1, 7 and 90.
    assert sorted(data.truth(0).instances.labels.tolist()) == [0, 1, 2]
    content = coco_content()
    content["annotations"][0]["category_id"] = 2
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="found 2") as caught:
        open_data(write_coco(tmp_path / "other", content))
    assert caught.value.annotation_id == 11


def defects_of(root: Path) -> list[tuple[str | int | None, int | str | None]]:
    return [(one.where, one.annotation_id) for one in check_data(root, workers=0, quick=True).defects]


def test_every_fault_of_one_annotation_is_listed(tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][3] |= {"bbox": [1, 2, 0, 4], "category_id": 8, "iscrowd": 5, "segmentation": [[1, 2]]}
    fields = ("bbox", "category_id", "iscrowd", "segmentation/0")
    found = defects_of(write_coco(tmp_path, content))
    assert found == [(f"/annotations/3/{name}", 14) for name in fields]


def test_annotations_of_a_missing_picture_are_looked_at(tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][0]["bbox"] = [1, 2, 0, 4]
    root = write_coco(tmp_path, content)
    picture = next(place for place, one in enumerate(content["images"]) if one["id"] == 7)
    next(root.rglob(content["images"][picture]["file_name"])).unlink()
    assert defects_of(root) == [("/annotations/0/bbox", 11), (f"/images/{picture}/file_name", None)]


def test_a_category_that_is_left_out_is_told_once(tmp_path: Path) -> None:
    content = coco_content()
    content["categories"][1]["name"] = content["categories"][0]["name"]
    assert defects_of(write_coco(tmp_path, content)) == [("/categories/1/name", None)]


@pytest.mark.parametrize(
    ("points", "count"), [([5, 5, 20, 5, 12, 5], 1), ([5, 5, 10, 10, 20, 20], 1), ([5, 5, 20, 5, 20, 20], 0)]
)
def test_an_outline_on_one_line_is_found(points: list[float], count: int, tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][3] |= {"bbox": [5, 5, 15, 15], "segmentation": [[5, 5, 20, 5, 20, 20, 5, 20], points]}
    assert defects_of(write_coco(tmp_path, content)) == [("/annotations/3/segmentation/1", 14)] * count


def test_a_wrong_number_of_keypoints(tmp_path: Path) -> None:
    content = coco_content()
    content["categories"][0] |= {"keypoints": ["nose", "left_ear"]}
    content["annotations"][1] |= {"keypoints": [52, 33, 2, 55, 34, 1], "num_keypoints": 2}
    assert defects_of(write_coco(tmp_path, content)) == []
    content["annotations"][1]["num_keypoints"] = 1
    (tmp_path / "other").mkdir()
    assert defects_of(write_coco(tmp_path / "other", content)) == [("/annotations/1/num_keypoints", 12)]


def test_a_number_written_as_text_is_told(tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][0]["image_id"] = "7"
    with pytest.raises(DataError) as caught:
        open_data(write_coco(tmp_path, content))
    assert caught.value.cure == "write it as 7, as /images does"


def test_a_name_too_long_for_a_file_is_told(tmp_path: Path) -> None:
    content = coco_content()
    content["images"][0]["file_name"] = "a" * 3000
    content["images"][1]["file_name"] = f"{'b' * 3000}/c.png"
    root = write_coco(tmp_path)
    (root / "annotations/instances_train.json").write_text(json.dumps(content))
    assert {where for where, _ in defects_of(root)} >= {"/images/0/file_name", "/images/1/file_name"}


@pytest.mark.parametrize("identifier", [None, [1], {}, 7.5, "absent"])
def test_a_picture_without_a_sound_identifier(identifier: object, tmp_path: Path) -> None:
    content = coco_content()
    content["images"][0]["id"] = identifier
    if identifier == "absent":
        del content["images"][0]["id"]
    found = defects_of(write_coco(tmp_path, content))
    assert ("/images/0" if identifier == "absent" else "/images/0/id", None) in found
    assert {annotation for _, annotation in found} == {None, 11, 12, 13}
