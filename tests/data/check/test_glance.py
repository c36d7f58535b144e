"""What a training says of boxes before its first step."""

from pathlib import Path

import numpy as np
import pytest

import saccade as sc
from made import coco_content, write_coco
from saccade.core.errors import DataError
from saccade.data.check.glance import quick_check
from saccade.network.recipe import Stage
from saccade.training.setup.checks.preflight import check_before_step_0
from saccade.training.setup.data import Data


def test_sound_boxes_and_data_without_arrays_are_passed_over(tmp_path: Path):
    assert list(quick_check(sc.open_data(write_coco(tmp_path)), "ants")) == []
    assert list(quick_check(sc.open_data("scenes:count=3,size=32"), "scenes")) == []


def test_thin_and_repeated_boxes_are_counted(tmp_path: Path):
    content = coco_content()
    content["annotations"] += [{**content["annotations"][3], "id": k, "bbox": [4, 4, 1, 9]} for k in (20, 21)]
    (line,) = quick_check(sc.open_data(write_coco(tmp_path, content)), "ants")
    assert line.startswith("note: ants: 2 boxes of a pixel's width and 1 object that is there twice")


def test_corners_for_widths_are_a_warning(tmp_path: Path):
    content = coco_content()
    boxes = [[30 + k, 20, 50 + k, 38] for k in range(8)]
    content["annotations"] = [{"id": k, "image_id": 7, "category_id": 1, "bbox": box} for k, box in enumerate(boxes)]
    (line,) = quick_check(sc.open_data(write_coco(tmp_path, content)), "ants")
    assert line.startswith("warning: ants: 100% of 8 boxes leave the picture: looks like x1, y1, x2, y2")


def test_a_label_that_is_no_class_is_an_error(tmp_path: Path):
    data = sc.open_data(write_coco(tmp_path))
    data.store.labels[2] = np.int32(3)
    with pytest.raises(DataError, match=r"labels from 0 to 2, found 3") as caught:
        list(quick_check(data, "ants"))
    assert caught.value.path == "train/7.png"


def test_a_training_says_it_where_a_head_learns_from_boxes(tmp_path: Path):
    content = coco_content()
    content["annotations"].append({**content["annotations"][3], "id": 20})
    data = Data(sc.open_data(write_coco(tmp_path, content)), None, "ants", None)
    for name, times in (("localizer", 1), ("resnet18", 0)):
        said: list[str] = []
        system = sc.build(name, classes=3, width=0.1)
        check_before_step_0(system, data, [Stage()], 2, said.append)
        assert sum("the training data: 1 object that is there twice" in line for line in said) == times
