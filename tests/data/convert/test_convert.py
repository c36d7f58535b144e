"""Conversions: what is not refused comes back, whatever the pair of formats."""

import json
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.data.convert.convert import FORMS, convert
from saccade.data.convert.losses import KINDS
from saccade.data.open import open_data, splits
from written import CLASSES, MARKS, Listing, boxed, differences, listing, listings, painted

MANY = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "search" else 1

# What a declared loss may change. What is not named here stays as it was.
OBJECTS = {"names", "boxes", "area", "crowd", "difficult", "masks", "masked", "keypoints", "visible"}
COVERED = {
    "areas": {"area"},
    "boxes": {"boxes", "area"},
    "classes": set[str](),
    "crowds": {"crowd", "difficult", "label", "labels"},
    "difficult": {"difficult", "labels"},
    "ignored": OBJECTS,
    "holes": {"masks", "area", "boxes"},
    "joints": set[str](),
    "keypoints": {"keypoints", "visible"},
    "label": {"label"},
    "labels": {"labels"},
    "masks": {"masks", "masked"},
    "objects": OBJECTS | {"label", "semantic"},
    "outlines": {"masks", "area"},
    "outside": {"keypoints", "visible"},
    "overlaps": {"masks", "semantic"},
    "parts": {"masks", "area", "boxes"},
    "pictures": {"pictures"},
    "semantic": {"semantic"},
    "semantic_masks": {"semantic"},
    "sought": set[str](),
    "unannotated": OBJECTS,
    "unknown": {"semantic"},
}


@contextmanager
def through(data: Dataset, to: str, allow: Iterable[str] = KINDS) -> Generator[tuple[Dataset, set[str]]]:
    """The data set after a conversion, and the kinds of loss."""
    # The disk's own flush is slow, and another test's matter.
    with TemporaryDirectory() as folder, patch("os.sync"), patch("os.fsync"):
        out = Path(folder) / "out"
        written = convert(data, out, to, allow=allow)
        yield open_data(f"{to}:{out}"), set(written.lost.counts)


def holds(data: Listing, form: str) -> bool:
    """Whether a format can hold some picture of a set."""
    if form == "folder":
        return any(truth.label is not None for truth in data.truths)
    if form in ("masks", "class_masks"):
        return any(truth.has("instances.masks") or truth.tells_pixels for truth in data.truths)
    return True


@settings(max_examples=25 * MANY, deadline=None)
@given(listings(), st.sampled_from(list(FORMS)), st.sampled_from(list(FORMS)))
def test_what_differs_was_declared(data: Listing, first: str, second: str) -> None:
    for form in (first, second):
        assume(holds(data, form))
        with through(data, form) as (after, lost):
            covered = set[str]().union(*(COVERED[kind] for kind in lost))
            if form == "yolo" and "crowds" in lost:
                covered |= OBJECTS | {"label"}  # They are left out.
            assert differences(data, after, 1e-2 if form == "yolo" else 1e-5) <= covered
            data = _kept(after)


def _kept(data: Dataset) -> Listing:
    """The data set in memory, so that its folder may go."""
    truths = [data.truth(index) for index in range(len(data))]
    sizes = [tuple(data[index].image.shape[1:]) for index in range(len(data))]
    classes = tuple(data.classes)
    pixels = data.vocabularies.get("semantic", classes)
    return Listing(truths, sizes, data.fields, data.joints, classes, pixels)  # pyright: ignore[reportArgumentType]


@settings(max_examples=15 * MANY, deadline=None)
@given(st.lists(st.sampled_from(["coco", "voc", "yolo"]), min_size=1, max_size=3), listings())
def test_boxes_need_no_leave_to_lose(path: list[str], drawn: Listing) -> None:
    plain = [_plain_boxes(truth) for truth in drawn.truths]
    data = Listing(plain, drawn.sizes, plain[0].present())
    before: Dataset = data
    for form in path:
        with through(before, form, allow=()) as (after, lost):
            assert not lost
            assert not differences(data, after)
            assert tuple(after.classes) == CLASSES
            before = _kept(after)


def _plain_boxes(truth: Annotation) -> Annotation:
    """The boxes alone; a pixel is the least side that VOC can name."""
    rows = truth.instances
    assert rows is not None
    rows = rows[(rows.boxes[:, 2:] - rows.boxes[:, :2] >= 1).all(1)]
    return boxed(*map(tuple, rows.boxes.tolist()), labels=tuple(rows.labels.tolist()))


@settings(max_examples=15 * MANY, deadline=None)
@given(listings())
def test_coco_gives_every_number_back_to_the_last_bit(data: Listing) -> None:
    with through(data, "coco") as (after, lost):
        assert lost <= {"difficult", "semantic"}
        for index, truth in enumerate(data.truths):
            found, given = after.truth(index).instances, truth.instances
            assert found is not None
            assert given is not None
            for name in ("boxes", "labels", "area", "crowd"):
                assert getattr(found, name).equal(getattr(given, name)), name
            if given.keypoints is not None and bool((given.visible > 0).any()):
                assert found.keypoints.equal(given.keypoints)
                assert found.visible.equal(given.visible)
            if given.masks is not None and len(given):
                assert found.masks.dense().equal(given.masks.dense())


def test_classes_of_pixels_between_masks_and_voc(tmp_path: Path) -> None:
    drawn = Annotation(semantic=torch.arange(600).reshape(20, 30) % 4)
    data = listing(drawn)
    convert(data, tmp_path / "masks", "masks")
    masks = open_data(tmp_path / "masks")
    assert tuple(masks.classes) == (*CLASSES, "background")
    assert not differences(data, masks)
    convert(masks, tmp_path / "again", "masks")
    assert not differences(data, open_data(tmp_path / "again"))
    convert(data, tmp_path / "voc", "voc", allow=["unannotated"])
    assert "semantic" not in differences(data, open_data(tmp_path / "voc"))


def test_folders_of_classes(tmp_path: Path) -> None:
    data = listing(
        *(Annotation(label=torch.tensor(label)) for label in (2, 0, 2)),
        classes=("ant", "bee", "cow"),
        ids=["x", "y", "z"],
    )
    convert(data, tmp_path / "a", "folder")
    first = open_data(tmp_path / "a")
    assert tuple(first.classes) == ("ant", "bee", "cow")
    assert [first.id(index) for index in range(3)] == ["train/ant/y.png", "train/cow/x.png", "train/cow/z.png"]
    convert(tmp_path / "a", tmp_path / "b", "folder")
    second = open_data(tmp_path / "b")
    assert [second.id(index) for index in range(3)] == [first.id(index) for index in range(3)]
    assert not differences(first, second)


def test_a_polygon_keeps_its_points_on_the_way_to_yolo_and_back(tmp_path: Path) -> None:
    # Fifths of a pixel are where COCO's rule for polygons jumps.
    points = [3.1, 2.3, 25.7, 4.5, 20.9, 17.1, 5.3, 15.5]
    (tmp_path / "raw/annotations").mkdir(parents=True)
    (tmp_path / "raw/train").mkdir()
    convert(listing(boxed((3.1, 2.3, 25.7, 17.1))), tmp_path / "box", "coco")
    text = (tmp_path / "box/annotations/instances_train.json").read_text()
    text = text.replace('"iscrowd": 0', f'"iscrowd": 0, "segmentation": [{points}]')
    (tmp_path / "box/annotations/instances_train.json").write_text(text)
    convert(tmp_path / "box", tmp_path / "yolo", "yolo", allow=["areas"])
    convert(tmp_path / "yolo", tmp_path / "coco", "coco")
    again = open_data(tmp_path / "coco")
    found = again.store.outlines(0)[0].polygons[0]  # pyright: ignore
    assert found.tolist() == pytest.approx(points, abs=1e-7)
    start = open_data(tmp_path / "box").truth(0).instances.masks.dense()
    assert torch.equal(again.truth(0).instances.masks.dense(), start)


def test_scenes_come_back_in_both_splits(tmp_path: Path) -> None:
    convert("scenes:count=3,size=32", tmp_path / "coco", "coco", allow=KINDS)
    assert splits(tmp_path / "coco") == ["train", "val"]
    for split in ("train", "val"):
        drawn, read = open_data("scenes:count=3,size=32", split), open_data(tmp_path / "coco", split)
        assert differences(drawn, read) <= {"semantic", "contours", "pose", "labels"}
        assert drawn[1].image.equal(read[1].image)


def test_the_place_must_be_free(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    convert(listing(boxed()), tmp_path / "out", "yolo")
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="new or empty"):
        convert(listing(boxed()), tmp_path / "out", "coco")
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    class Failing(Listing):
        def __getitem__(self, index: int) -> object:  # type: ignore[override]
            raise MemoryError("after half of the pictures" if index else "at once")

    data = Failing([boxed()] * 2, [(20, 30)] * 2, frozenset({"instances.boxes"}))
    with pytest.raises(MemoryError):
        convert(data, tmp_path / "out", "coco")
    assert not list(tmp_path.iterdir())


def test_masks_are_painted_small_on_large(tmp_path: Path) -> None:
    large, small = torch.zeros(2, 20, 30, dtype=torch.bool)
    large[2:18, 2:28] = True
    small[5:9, 5:9] = True
    data = listing(painted(small, large, labels=(1, 0)))
    convert(data, tmp_path / "out", "masks", allow=["objects", "overlaps"])
    read = open_data(tmp_path / "out").truth(0).semantic
    assert tuple(open_data(tmp_path / "out").classes) == (*CLASSES, "background")
    assert (int(read[0, 0]), int(read[3, 3]), int(read[6, 6])) == (3, 0, 1)
    assert int((read == 1).sum()) == 16


def test_coco_s_joints_stand_where_its_evaluation_looks_for_them(tmp_path: Path) -> None:
    """Each object says how many joints it has; those of a class with joints have places; other classes have neither."""
    points = torch.tensor([[[3.0, 4], [5, 6], [7, 8]]] * 2 + [[[0.0, 0]] * 3] * 2)
    marks = torch.tensor([[2, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    crowd = torch.tensor([False, False, False, True])
    mixed = boxed(*[(2.0, 3, 12, 9)] * 4, labels=(1, 1, 0, -1), keypoints=points, visible=marks, crowd=crowd)
    alone = boxed((2.0, 3, 12, 9), keypoints=points[2:3], visible=marks[2:3])
    data = listing(mixed, alone, joints=MARKS)
    convert(data, tmp_path / "out", "coco")
    said = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())
    assert [("keypoints" in one, "skeleton" in one) for one in said["categories"]] == [(False,) * 2, (True,) * 2] + [
        (False, False)
    ] * (len(CLASSES) - 2)
    rows = [(one["category_id"], one["num_keypoints"], one.get("keypoints")) for one in said["annotations"]]
    ignored = [(label, 0, [0] * 9 if label == 2 else None) for label in range(1, len(CLASSES) + 1)]
    seen = (2, 2, [2.5, 3.5, 2, 4.5, 5.5, 1, 0, 0, 0])
    assert rows == [seen, (2, 0, [0] * 9), (1, 0, None), *ignored, (1, 0, None)]
    assert open_data(tmp_path / "out").joints == MARKS


def test_coco_s_categories_all_have_joints_where_no_object_tells(tmp_path: Path) -> None:
    silent = boxed((2.0, 3, 12, 9), keypoints=torch.zeros(1, 3, 2), visible=torch.zeros(1, 3, dtype=torch.int64))
    convert(listing(silent, joints=MARKS), tmp_path / "out", "coco")
    said = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())
    assert all("keypoints" in one for one in said["categories"])
    assert said["annotations"][0]["keypoints"] == [0] * 9
