"""MPII in its JSON forms, and FLIC: joints of one person in our frame, and every defect with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.core.input.person_crop import PersonCrop
from saccade.core.joint_names import MPII_NAMES as NAMES
from saccade.data.formats.pose.flic import open_flic
from saccade.data.formats.pose.mpii import open_mpii
from saccade.data.open import open_data, splits


def person(**changes: Any) -> dict[str, Any]:
    joints = [[10 + place, 20] for place in range(15)] + [[-1, -1]]
    one = {"joints_vis": [1] * 15 + [0], "joints": joints, "image": "a.png", "scale": 1.5, "center": [30, 20]}
    return one | changes


def mpii(root: Path, people: Any, name: str = "annot/train.json") -> Path:
    save_picture(root / "images/a.png")
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(people))
    return file


def test_a_list_for_each_split(tmp_path: Path) -> None:
    mpii(tmp_path, [person(), person()])
    mpii(tmp_path, [person()], "annot/valid.json")
    savemat(tmp_path / "annot/gt_valid.mat", {"headboxes_src": np.array([[[1], [2]], [[31], [42]]], float)})
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), len(data)) == (["train", "val"], 2)
    assert data.fields == {"pose", "pose_visible", "person.centre", "person.scale"}
    assert (data.joints.names, len(data.joints.pairs)) == (NAMES, 6)
    assert [data.id(index) for index in range(2)] == ["images/a.png#0", "images/a.png#1"]
    truth = data[0].truth
    assert truth.pose[[0, 15]].tolist() == [[9.5, 19.5], [0, 0]]
    assert truth.pose_visible.tolist() == [2] * 15 + [0]
    assert (truth.person.centre.tolist(), float(truth.person.scale)) == ([29.5, 19.5], 1.5)
    assert truth.person.head_size is None
    val = open_data(tmp_path, "val")
    assert float(val.truth(0).person.head_size) == pytest.approx(30)
    assert val.size(0) == (40, 60)


def test_one_list_of_both_splits(tmp_path: Path) -> None:
    joints = [[5, 6, 1], [7, 8, 0], *[[0, 0, 0]] * 14]
    one = {"img_paths": "a.png", "isValidation": 0, "objpos": [3, 4], "scale_provided": 2, "joint_self": joints}
    mpii(tmp_path, [one, one | {"isValidation": 1, "head_rect": [0, 0, 3, 4]}], "mpii.json")
    train, val = (open_data(tmp_path, split) for split in ("train", "val"))
    assert (len(train), len(val)) == (1, 1)
    assert train.truth(0).pose_visible.tolist()[:3] == [2, 1, 0]
    assert train.truth(0).pose[1].tolist() == [6.5, 7.5]
    assert float(val.truth(0).person.head_size) == pytest.approx(3)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"joints": [[1, 2]] * 15}, "/1/joints"),
        ({"joints": [[1, 2]] * 15 + [[1]]}, "/1/joints/15"),
        ({"joints": [[1, 2]] * 15 + [[1, None]]}, "/1/joints/15/1"),
        ({"joints": []}, "/1/joints"),
        ({"joints": None}, "/1/joints"),
        ({"joints_vis": [1] * 15}, "/1/joints_vis"),
        ({"joints_vis": [1] * 15 + [3]}, "/1/joints/15"),
        ({"scale": -1}, "/1/scale"),
        ({"center": [1]}, "/1/center"),
        ({"image": "absent.png"}, "/1/image"),
        ({"image": "../images/a.png"}, "/1/image"),
        ({"image": 3}, "/1/image"),
    ],
)
def test_defects_of_a_person(changes: dict[str, Any], pointer: str, tmp_path: Path) -> None:
    file = mpii(tmp_path, [person(), person(**changes), 7])
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.pointer) == (str(file), pointer)
    told: list[DataError] = []
    assert len(open_mpii(tmp_path, "train", told.append)) == 1
    assert [error.pointer for error in told] == [pointer, "/2"]


def test_heads_of_other_persons(tmp_path: Path) -> None:
    mpii(tmp_path, [person()])
    savemat(tmp_path / "annot/gt_train.mat", {"headboxes_src": np.zeros((2, 2, 5))})
    with pytest.raises(DataError, match="2 x 2 x 1"):
        open_data(tmp_path)


def flic(root: Path, change: Callable[[np.ndarray], None] | None = None) -> Path:
    save_picture(root / "images/a.jpg")
    kinds = [(name, object) for name in ("filepath", "coords", "torsobox", "istrain", "istest")]
    examples = np.empty((1, 3), kinds)
    coords = np.full((2, 29), np.nan)
    coords[:, 0], coords[:, 16] = (10, 20), (15, 5)
    for place in range(3):
        examples[0, place] = ("a.jpg", coords, np.array([[10.0, 10, 30, 40]]), place < 2, place == 2)
    if change:
        change(examples)
    savemat(root / "examples.mat", {"examples": examples})
    return root / "examples.mat"


def test_cinema(tmp_path: Path) -> None:
    flic(tmp_path)
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), len(data), len(open_data(tmp_path, "test"))) == (["train", "test"], 2, 1)
    assert data.fields == {"pose", "pose_visible", "person.centre", "person.scale"}
    assert (data.joints.names[10], len(data.joints.pairs)) == ("nose", 5)
    truth = data[1].truth
    assert truth.pose[[0, 1, 10]].tolist() == [[9.5, 19.5], [0, 0], [14.5, 4.5]]
    assert truth.pose_visible.tolist() == [2] + [0] * 9 + [2]
    # The paper's square of every frame, around the torso from left to right: 440 pixels at half the height.
    square = PersonCrop().square((480, 720), truth)
    assert (square.x, square.told) == (19.5, "person")
    assert (square.y, square.side) == pytest.approx((239.5, 440))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("filepath", "absent.jpg"),
        ("filepath", "../images/a.jpg"),
        ("filepath", 5),
        ("coords", np.zeros((2, 9))),
        ("coords", "none"),
        ("torsobox", np.zeros(3)),
        ("torsobox", np.full(4, np.nan)),
        ("istrain", "yes"),
    ],
)
def test_defects_of_an_example(field: str, value: Any, tmp_path: Path) -> None:
    def change(examples: np.ndarray) -> None:
        examples[field][0, 1] = value

    file = flic(tmp_path, change)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.annotation_id) == (str(file), 2)
    told: list[DataError] = []
    assert (len(open_flic(tmp_path, "train", told.append)), len(told)) == (1, 1)


def test_other_examples(tmp_path: Path) -> None:
    savemat(flic(tmp_path), {"examples": 3})
    with pytest.raises(DataError, match="torsobox"):
        open_data(tmp_path)


def structures(*records: dict[str, Any]) -> np.ndarray:
    found = np.empty((1, len(records)), [(name, object) for name in records[0]])
    for place, one in enumerate(records):
        found[0, place] = tuple(one.values())
    return found


def release(root: Path, **changes: Any) -> Path:
    """Three pictures: two of training, the second with a person without joints, and one of testing."""
    save_picture(root / "images/a.png")
    points = structures(
        {"x": 10.0, "y": 20.0, "id": 0, "is_visible": "1"},
        {"x": 11.0, "y": 21.0, "id": 9, "is_visible": np.zeros((0, 0))},
        {"x": 12.0, "y": 22.0, "id": 1, "is_visible": 0},
    )
    rect = {
        "x1": 1,
        "y1": 1,
        "x2": 4,
        "y2": 5,
        "annopoints": {"point": points},
        "scale": 1.5,
        "objpos": {"x": 3, "y": 4},
    }
    full, bare = structures(rect | changes), structures({"x1": 1, "y1": 1, "x2": 4, "y2": 5})
    pictures = structures(*({"image": {"name": "a.png"}, "annorect": rects} for rects in (full, bare, bare)))
    file = root / "mpii_human_pose_v1.mat"
    savemat(file, {"RELEASE": {"annolist": pictures, "img_train": np.array([[1, 1, 0]])}}, do_compression=True)
    return file


def test_the_authors_file(tmp_path: Path) -> None:
    file = release(tmp_path)
    data = open_data(tmp_path)
    assert (splits(tmp_path), len(data), len(open_data(f"mpii:{file}"))) == (["train"], 1, 1)
    truth = data[0].truth
    assert truth.pose[[0, 9, 1]].tolist() == [[9.5, 19.5], [10.5, 20.5], [11.5, 21.5]]
    assert truth.pose_visible.tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    assert truth.person.centre.tolist() == [2.5, 3.5]
    assert [float(truth.person.scale), float(truth.person.head_size)] == pytest.approx([1.5, 3])


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": "wide"},
        {"x1": np.nan},
        {"objpos": 3},
        {"annopoints": {"point": structures({"x": 1.0, "y": 2.0, "id": 16})}},
        {"annopoints": {"point": structures({"x": "left", "y": 2.0, "id": 1})}},
    ],
)
def test_defects_of_the_authors_file(changes: dict[str, Any], tmp_path: Path) -> None:
    file = release(tmp_path, **changes)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.annotation_id) == (str(file), "annolist(1).annorect(1)")


def test_another_file_of_that_name(tmp_path: Path) -> None:
    savemat(release(tmp_path), {"RELEASE": 3})
    with pytest.raises(DataError, match="annolist"):
        open_data(tmp_path)
