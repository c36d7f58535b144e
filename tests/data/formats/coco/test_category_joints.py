"""Joints of COCO's categories: names, bones and constants of their similarity, and each defect with its place."""

from pathlib import Path
from typing import Any

import pytest

from made import coco_joints_content, write_coco
from saccade.core.errors import DataError
from saccade.data.formats.coco.reader import Coco, open_coco


def opened(root: Path, content: dict[str, Any]) -> Coco:
    return open_coco(write_coco(root, content), "train")


def test_empty_lists_of_keypoints_say_that_there_are_none(tmp_path: Path) -> None:
    content = coco_joints_content()
    content["categories"][0] |= {"keypoints": [], "skeleton": []}
    content["annotations"][0] |= {"keypoints": [], "num_keypoints": 0}
    data = opened(tmp_path / "some", content)
    assert data.joints is not None
    assert data.joints.names == ("nose", "left_eye", "right_eye")
    assert data.truth(0).instances.visible.tolist() == [[0, 0, 0]] * 3
    content["categories"][1] |= {"keypoints": []}
    del content["annotations"][3]["keypoints"]
    assert opened(tmp_path / "none", content).joints is None
    content["annotations"][0]["num_keypoints"] = 2
    with pytest.raises(DataError, match="0, the number of keypoints"):
        opened(tmp_path / "odd", coco_joints_content() | {"annotations": content["annotations"]})


def test_joints_that_are_called_alike_are_refused_with_their_place(tmp_path: Path) -> None:
    content = coco_joints_content()
    content["categories"][1]["keypoints"][2] = "nose"
    with pytest.raises(DataError, match="'nose', which /categories/1/keypoints/0 has too") as caught:
        opened(tmp_path, content)
    assert caught.value.pointer == "/categories/1/keypoints/2"
    assert Path(str(caught.value.path)).name == "instances_train.json"


def test_constants_of_similarity_are_those_of_the_category(tmp_path: Path) -> None:
    content = coco_joints_content()
    assert opened(tmp_path / "none", content).joints.sigmas == ()
    content["categories"][1]["sigmas"] = [0.01, 0.2, 1]
    content["categories"][0]["keypoints"] = content["categories"][1]["keypoints"]
    data = opened(tmp_path / "own", content)
    assert (data.joints.names[0], data.joints.sigmas) == ("nose", (0.01, 0.2, 1.0))
    content["categories"][0]["sigmas"] = [0.01, 0.2, 0.3]
    with pytest.raises(DataError, match="the same sigmas as /categories/1/sigmas") as caught:
        opened(tmp_path / "two", content)
    assert caught.value.pointer == "/categories/0/sigmas"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([0.1, 0.2], ""),
        ("wide", ""),
        ({}, ""),
        ([], ""),
        ([0.1, 0, 0.1], "/1"),
        ([0.1, 0.1, -1], "/2"),
        (["a", 1, 1], "/0"),
    ],
)
def test_bad_constants_are_refused_with_their_place(given: Any, place: str, tmp_path: Path) -> None:
    content = coco_joints_content()
    content["categories"][1]["sigmas"] = given
    with pytest.raises(DataError) as caught:
        opened(tmp_path, content)
    assert caught.value.pointer == f"/categories/1/sigmas{place}"
    assert Path(str(caught.value.path)).name == "instances_train.json"
