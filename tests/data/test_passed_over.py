"""Joints in a file beside the one that is read: trainings that ask for them say what to type."""

from pathlib import Path

import pytest

from made import write_coco, write_coco_persons
from saccade.core.errors import ConfigError
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data
from saccade.data.passed_over import joints_beside
from saccade.training.settings import TrainSettings
from saccade.training.setup.choice.choose import choose
from saccade.training.setup.data import open_training_data
from saccade.training.setup.resolved_run import make_system

NEEDS = ("pose", "pose_visible")


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Objects and persons of the same pictures, each in a file."""
    return write_coco_persons(write_coco(tmp_path))


def test_joints_beside_are_named_for_those_who_need_them(both: Path) -> None:
    data = open_data(both)
    file = both / "annotations/person_keypoints_train.json"
    wanted = f"joints are in {file.name}, beside the file that was read: --data coco:{file}"
    assert joints_beside(NEEDS, data) == joints_beside(["instances.keypoints"], Subset(data, [0])) == wanted
    assert joints_beside(NEEDS, data, data) == f"{wanted} --val coco:{file}"
    assert joints_beside(["instances.boxes"], data) == ""
    assert joints_beside(NEEDS, open_data(f"coco:{file}")) == ""


def test_nothing_is_named_where_nothing_lies_beside(tmp_path: Path) -> None:
    assert joints_beside(NEEDS, open_data(write_coco(tmp_path))) == ""


def test_trainings_say_what_to_type(both: Path) -> None:
    opened = open_training_data(f"coco:{both}", None, TrainSettings(), NEEDS)
    for name in ("hourglass", "keypoint_rcnn"):
        with pytest.raises(ConfigError, match="found instances") as caught:
            make_system(name, opened, {})
        assert "--data coco:" in str(caught.value.cure)
    with pytest.raises(ConfigError) as caught:
        choose(f"coco:{both}", "pose", {})
    assert str(caught.value.cure).endswith("person_keypoints_train.json")
