"""COCO's format: what it says in our frame, and every defect with its place."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from faster_coco_eval.core.cocoeval import Params
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from made import coco_content, coco_joints_content, save_picture, write_coco
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.core.joint_names import COCO_NAMES, joints, mirrored_pairs
from saccade.data.check.pictures.unlisted import unlisted
from saccade.data.formats.coco.document import read_document
from saccade.data.formats.coco.reader import Coco, open_coco, splits


def opened(root: Path, content: dict[str, Any] | None = None) -> Coco:
    return open_coco(write_coco(root, content), "train")


def test_objects_in_our_frame(tmp_path: Path) -> None:
    data = opened(tmp_path)
    assert isinstance(data, Dataset)
    assert data.classes == ("ant", "bee", "cat")
    sample = data[0]
    assert (sample.id, sample.image.shape) == ("train/7.png", (3, 40, 60))
    rows = sample.truth.instances
    assert rows.boxes.tolist() == [[5, 6, 15, 10], [50, 30, 60, 40], [0, 0, 60, 40]]
    assert rows.labels.tolist() == [1, 2, 0]
    assert rows.crowd.tolist() == [False, False, True]
    assert rows.area.tolist() == [40, 90.5, 2400]
    assert int(sample.truth.label) == 2  # The crowd is larger, and does not count.
    assert sample.truth.labels.tolist() == [-1, 1, 1]  # Of ants there is a crowd alone.
    assert rows.masks.areas().tolist() == [40, 10, 2400]
    assert rows.masks.boxes().tolist() == [[5, 6, 15, 10], [50, 30, 51, 40], [0, 0, 60, 40]]
    assert data.classes_of(0) == {1, 2}
    assert data.size(0) == (40, 60)


def test_pictures_without_outlines_or_objects(tmp_path: Path) -> None:
    data = opened(tmp_path)
    one, none = data.truth(1), data.truth(2)
    assert one.instances.masks is None
    assert one.instances.boxes.tolist() == [[1.5, 2.5, 4.5, 6.5]]
    assert one.instances.area.tolist() == [12]
    assert none.label is None
    assert none.instances.boxes.shape == (0, 4)
    assert none.instances.masks.dense().shape == (0, 40, 60)
    assert all(len(column) == 0 for column in none.instances.columns().values())
    assert data.fields == {"label", "labels"} | {
        f"instances.{c}" for c in ("boxes", "labels", "area", "crowd", "masks")
    }


def test_no_annotations_at_all(tmp_path: Path) -> None:
    data = opened(tmp_path, coco_content() | {"annotations": []})
    assert len(data) == 3
    assert data.truth(0).instances.labels.dtype == torch.int64
    assert "instances.masks" not in data.fields


def test_compressed_and_plain_run_lengths_agree(tmp_path: Path) -> None:
    content = coco_content()
    plain = content["annotations"][1]["segmentation"]
    code = coco_mask.frPyObjects(plain, 40, 60)
    content["annotations"][0]["segmentation"] = {"size": [40, 60], "counts": code["counts"].decode()}
    masks = opened(tmp_path, content).truth(0).instances.masks.dense()
    assert torch.equal(masks[0], masks[1])


def test_keypoints_move_to_pixel_centres(tmp_path: Path) -> None:
    data = opened(tmp_path, coco_joints_content())
    rows = data.truth(1).instances
    assert rows.keypoints.tolist() == [[[3.5, 4.5], [0, 0], [5.5, 6.5]]]
    assert rows.visible.tolist() == [[2, 0, 1]]
    assert data.joints is not None
    assert (data.joints.names, data.joints.pairs) == (("nose", "left_eye", "right_eye"), ((1, 2),))
    assert data.joints.bones == ((0, 1), (0, 2))
    assert data.truth(0).instances.visible.tolist() == [[0, 0, 0]] * 3
    assert data.truth(2).instances.keypoints.shape == (0, 3, 2)


def test_joints_by_their_names() -> None:
    person = joints(COCO_NAMES)
    assert (len(person.sigmas), len(person.pairs)) == (17, 8)
    assert person.sigmas == pytest.approx(Params(iouType="keypoints").kpt_oks_sigmas)
    assert joints(["nose"]).sigmas == ()
    assert mirrored_pairs(["r_hip", "l_hip", "Left Ear", "Right Ear", "lower_back"]) == ((1, 0), (2, 3))


DEFECTS: list[tuple[list[Any], Any, str, int | None]] = [
    (["annotations", 1, "bbox"], None, "/annotations/1", 12),
    (["annotations", 1, "bbox", 2], "wide", "/annotations/1/bbox/2", 12),
    (["annotations", 1, "bbox", 2], 0, "/annotations/1/bbox", 12),
    (["annotations", 1, "bbox", 3], -4, "/annotations/1/bbox", 12),
    (["annotations", 1, "bbox", 0], float("nan"), "/annotations/1/bbox/0", 12),
    (["annotations", 1, "bbox", 0], float("inf"), "/annotations/1/bbox/0", 12),
    (["annotations", 1, "bbox", 0], True, "/annotations/1/bbox/0", 12),
    (["annotations", 1, "bbox", 0], 61, "/annotations/1/bbox", 12),
    (["annotations", 1, "bbox"], [1, 2, 3], "/annotations/1/bbox", 12),
    (["annotations", 1, "area"], -1, "/annotations/1/area", 12),
    (["annotations", 1, "iscrowd"], 2, "/annotations/1/iscrowd", 12),
    (["annotations", 1, "image_id"], 8, "/annotations/1/image_id", 12),
    (["annotations", 1, "category_id"], 89, "/annotations/1/category_id", 12),
    (["annotations", 1, "category_id"], None, "/annotations/1", 12),
    (["annotations", 1, "id"], 11, "/annotations/1/id", 11),
    (["annotations", 1, "id"], None, "/annotations/1", None),
    (["annotations", 1], 5, "/annotations/1", None),
    (["annotations", 0, "segmentation", 0], [1, 1, 2, 2], "/annotations/0/segmentation/0", 11),
    (["annotations", 0, "segmentation", 0], [1, 1, 2, 2, 3], "/annotations/0/segmentation/0", 11),
    (["annotations", 0, "segmentation"], [1, 1, 2, 2, 3, 3], "/annotations/0/segmentation/0", 11),
    (["annotations", 0, "segmentation", 0, 0], 1e9, "/annotations/0/segmentation/0", 11),
    (["annotations", 0, "segmentation"], "x", "/annotations/0/segmentation", 11),
    (["annotations", 1, "segmentation", "size"], [60, 40], "/annotations/1/segmentation/size", 12),
    (["annotations", 1, "segmentation", "size"], [100000, 100000], "/annotations/1/segmentation/size", 12),
    (["annotations", 1, "segmentation", "counts"], [1, 2], "/annotations/1/segmentation/counts", 12),
    (["annotations", 1, "segmentation", "counts"], "~~~", "/annotations/1/segmentation/counts", 12),
    (["annotations", 3, "keypoints"], [1, 2], "/annotations/3/keypoints", 14),
    (["annotations", 3, "keypoints", 2], 3, "/annotations/3/keypoints/2", 14),
    (["images", 1, "id"], 7, "/images/1/id", None),
    (["images", 1, "file_name"], "7.png", "/images/1/file_name", None),
    (["images", 1, "file_name"], "../../etc/passwd", "/images/1/file_name", None),
    (["images", 1, "file_name"], "/etc/passwd", "/images/1/file_name", None),
    (["images", 1, "file_name"], "absent.png", "/images/1/file_name", None),
    (["images", 1, "width"], 0, "/images/1/width", None),
    (["images", 1, "width"], 10**7, "/images/1", None),
    (["images", 1, "height"], None, "/images/1", None),
    (["categories", 1, "name"], "cat", "/categories/1/name", None),
    (["categories", 1, "id"], 90, "/categories/1/id", None),
    (["categories", 1, "skeleton", 0], [1, 4], "/categories/1/skeleton/0", None),
    (["categories"], None, None, None),
    (["images"], {}, "/images", None),
]


def with_defect(content: dict[str, Any], place: list[Any], value: Any) -> dict[str, Any]:
    """The content with one value replaced, or deleted where the new one is None."""
    content = copy.deepcopy(content)
    parent: Any = content
    for key in place[:-1]:
        parent = parent[key]
    if value is None:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return content


@pytest.mark.parametrize(("place", "value", "pointer", "identifier"), DEFECTS)
def test_defects_are_named(place: list[Any], value: Any, pointer: str, identifier: int | None, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, with_defect(coco_joints_content(), place, value))
    assert (caught.value.pointer, caught.value.annotation_id) == (pointer, identifier)
    assert caught.value.path == str(tmp_path / "annotations/instances_train.json")
    assert "expected" in caught.value.what


def test_the_nearest_identifier_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, with_defect(coco_content(), ["annotations", 1, "category_id"], 89))
    assert "90" in str(caught.value.cure)


def test_all_defects_can_be_collected(tmp_path: Path) -> None:
    content = with_defect(coco_content(), ["annotations", 1, "bbox", 2], 0)
    content = with_defect(content, ["annotations", 3, "image_id"], 99)
    content = with_defect(content, ["images", 2, "width"], -1)
    found: list[DataError] = []
    document = read_document(write_coco(tmp_path, content) / "annotations/instances_train.json", found.append)
    assert [error.pointer for error in found] == ["/images/2/width", "/annotations/1/bbox", "/annotations/3/image_id"]
    assert [len(document.store.truth(i).instances) for i in range(2)] == [2, 0]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([[]])
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_anywhere_is_data_or_a_data_error(tmp_path: Path, data: st.DataObject) -> None:
    content = coco_joints_content()
    place: list[Any] = []
    parent: Any = content
    while isinstance(parent, dict | list) and parent and (len(place) < 2 or data.draw(st.booleans())):
        place.append(data.draw(st.sampled_from(list(parent) if isinstance(parent, dict) else range(len(parent)))))
        parent = parent[place[-1]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(with_defect(content, place, data.draw(VALUES))))
    try:
        store = read_document(path).store
        found = len([store.truth(i) for i in range(len(store))])
    except DataError as error:
        found = error.path
    assert found in (3, str(path), 2, 1, 0)


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    data = opened(tmp_path)
    save_picture(tmp_path / "train/7.png", 60, 40)
    with pytest.raises(DataError, match=r"(?s)60x40.*found 40x60.*no EXIF orientation that turns it") as caught:
        data[0]
    assert caught.value.path == str(tmp_path / "train/7.png")
    save_picture(tmp_path / "train/7.png", 60, 50)
    with pytest.raises(DataError, match=r"(?s)60x40.*found 50x60.*mend the width and height"):
        data[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_boxes_of_a_picture_as_it_is_stored_are_told_apart_from_a_wrong_size(kind: str, tmp_path: Path) -> None:
    data = opened(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "train/7.png", kind, exif=exif)
    with pytest.raises(DataError, match=r"turns it.*as it is stored: turn boxes.*not width and height alone"):
        data[0]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    data = opened(tmp_path / "root")
    save_picture(tmp_path / "elsewhere.png")
    (tmp_path / "root/train/7.png").unlink()
    (tmp_path / "root/train/7.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(DataError, match="link"):
        data[0]


@pytest.mark.parametrize(
    ("document", "pictures", "split"),
    [
        ("annotations/instances_train2017.json", "train2017", "train"),
        ("annotations/instances_val.json", "images/val", "val"),
        ("annotations/my_val.json", "images", "my_val"),
        ("valid/_annotations.coco.json", "valid", "val"),
        ("_annotations.coco.json", ".", "train"),
        ("annotations/person_keypoints_val2017.json", "val2017", "val"),
    ],
)
def test_places_of_documents_and_pictures(document: str, pictures: str, split: str, tmp_path: Path) -> None:
    for image in coco_content()["images"]:
        save_picture(tmp_path / pictures / image["file_name"])
    (tmp_path / document).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / document).write_text(json.dumps(coco_content()))
    assert splits(tmp_path) == [split]
    assert open_coco(tmp_path, split)[0].image.shape == (3, 40, 60)
    file = tmp_path / document
    if file.parent.name == "annotations":
        assert len(open_coco(file, splits(file)[0])) == 3


def test_two_documents_for_a_split_are_refused(tmp_path: Path) -> None:
    write_coco(tmp_path)
    (tmp_path / "train/_annotations.coco.json").write_text(json.dumps(coco_content()))
    with pytest.raises(DataError, match="one COCO file") as caught:
        splits(tmp_path)
    assert "coco:" in str(caught.value.cure)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "counts"), [("pennfudan", (103, 25)), ("coco128", (80, 20))])
def test_real_data(name: str, counts: tuple[int, int], data_root: Path) -> None:
    train, val = (open_coco(data_root / name, split) for split in ("train", "val"))
    assert (len(train), len(val)) == counts
    assert splits(data_root / name) == ["train", "val"]
    for index in range(0, len(train), 10):
        sample = train[index]
        rows = sample.truth.instances
        assert tuple(sample.image.shape[1:]) == train.size(index)
        if len(rows) and rows.masks is not None:
            gaps = (rows.masks.boxes() - rows.boxes).abs()
            assert gaps[~rows.crowd].max() < 12


def test_missing_pictures_are_told_one_by_one_and_left_out(tmp_path: Path) -> None:
    root = write_coco(tmp_path)
    for name in ("7.png", "5.png"):
        (root / "train" / name).unlink()
    found: list[DataError] = []
    data = open_coco(root, "train", found.append)
    assert [error.pointer for error in found] == ["/images/0/file_name", "/images/2/file_name"]
    assert "'7.png' (2 of 3 are missing)" in found[0].what
    assert [data.id(i) for i in range(len(data))] == ["train/3.png"]
    assert data.truth(0).instances.boxes.tolist() == [[1.5, 2.5, 4.5, 6.5]]  # The others' objects are gone.


def test_annotations_of_a_faulty_picture_are_no_defects_of_their_own(tmp_path: Path) -> None:
    found: list[DataError] = []
    data = open_coco(
        write_coco(tmp_path, with_defect(coco_content(), ["images", 0, "width"], 0)), "train", found.append
    )
    assert [error.pointer for error in found] == ["/images/0/width"]
    assert len(data) == 2


def test_unlisted_pictures_are_counted(tmp_path: Path) -> None:
    root = write_coco(tmp_path)
    data = open_coco(root, "train")
    assert unlisted([data]) == []
    save_picture(root / "train/new.png")
    (root / "train/notes.txt").write_text("no picture")
    assert unlisted([data]) == [root / "train/new.png"]
