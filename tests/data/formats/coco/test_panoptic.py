"""COCO's panoptic form: segments of a PNG become classes of pixels, and things with masks."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from made import save_picture, write_coco
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.open import open_data, splits

SKY, CAR, CROWD, FAR = 1, 256 * 3 + 7, 65536 * 2, 65536 + 256 + 1
CONTENT: dict[str, Any] = {
    "images": [{"id": 9, "file_name": "a.png", "width": 60, "height": 40}],
    "categories": [{"id": 5, "name": "sky", "isthing": 0}, {"id": 2, "name": "car", "isthing": 1}],
    "annotations": [
        {"image_id": 9, "file_name": "a.png", "segments_info": [
            {"id": CAR, "category_id": 2, "iscrowd": 0}, {"id": SKY, "category_id": 5, "iscrowd": 0},
            {"id": CROWD, "category_id": 2, "iscrowd": 1}, {"id": FAR, "category_id": 2, "iscrowd": 0},
        ]},
    ],
}  # fmt: skip


def written(root: Path, content: dict[str, Any] = CONTENT) -> Path:
    save_picture(root / "val/a.png")
    values = np.zeros((40, 60), np.int64)
    values[:10], values[10:20, :30], values[20:30], values[10:15, 40:44] = SKY, CAR, CROWD, FAR
    folder = root / "annotations/panoptic_val2017"
    folder.mkdir(parents=True)
    pixels = np.stack([values % 256, values // 256 % 256, values // 65536], 2).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "a.png")
    folder.with_suffix(".json").write_text(json.dumps(content))
    return root


def test_every_pixel_and_every_thing(tmp_path: Path) -> None:
    data = open_data(written(tmp_path))
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), data.classes, data.id(0)) == (["val"], ("car", "sky"), "val/a.png")
    truth = data[0].truth
    assert truth.present() == data.fields
    assert truth.semantic[::10, 0].tolist() == [1, 0, 0, 255]
    rows = truth.instances
    assert rows.boxes.tolist() == [[0, 10, 30, 20], [0, 20, 60, 30], [40, 10, 44, 15]]
    assert (rows.labels.tolist(), rows.area.tolist()) == ([0, 0, 0], [300, 600, 20])
    assert rows.crowd.tolist() == [False, True, False]
    assert (int(truth.label), truth.labels.tolist(), data.classes_of(0)) == (0, [1, 1], {0, 1})


def test_objects_come_first_where_both_lie_together(tmp_path: Path) -> None:
    write_coco(written(tmp_path), split="val")
    assert open_data(tmp_path, "val").classes == ("ant", "bee", "cat")
    assert open_data(f"panoptic:{tmp_path}", "val").classes == ("car", "sky")


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        (["annotations", 0, "segments_info", 1, "id"], CAR, "/annotations/0/segments_info/1/id"),
        (["annotations", 0, "segments_info", 1, "id"], 2**24, "/annotations/0/segments_info/1/id"),
        (["annotations", 0, "segments_info", 1, "category_id"], 3, "/annotations/0/segments_info/1/category_id"),
        (["annotations", 0, "segments_info", 2, "iscrowd"], "no", "/annotations/0/segments_info/2/iscrowd"),
        (["annotations", 0, "image_id"], 8, "/annotations/0/image_id"),
        (["annotations", 0, "file_name"], "b.png", "/annotations/0/file_name"),
        (["annotations", 0, "file_name"], "../a.png", "/annotations/0/file_name"),
        (["annotations"], [], "/images/0"),
        (["images", 0, "file_name"], "b.png", "/images/0/file_name"),
        (["categories", 1, "isthing"], 2, "/categories/1/isthing"),
    ],
)
def test_defects_are_named(place: list[Any], value: Any, pointer: str, tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    parent: Any = content
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    with pytest.raises(DataError, match="expected") as caught:
        open_data(written(tmp_path, content))
    assert caught.value.pointer == pointer


def test_a_png_with_other_segments_is_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    del content["annotations"][0]["segments_info"][0]
    with pytest.raises(DataError, match=str(CAR)) as caught:
        open_data(written(tmp_path, content)).truth(0)
    assert str(caught.value.path).endswith("panoptic_val2017/a.png")
