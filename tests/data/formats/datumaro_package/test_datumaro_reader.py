"""Formats read by datumaro: what its own exporters wrote from hand-made data is what we read."""

import hashlib
import importlib
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saccade.core.errors import DataError, SaccadeError, UsageError
from saccade.data.open import READERS, open_data, splits

H, W = 24, 32
CLASSES = ("cat", "dog", "bird")


@pytest.fixture(scope="module")
def datumaro():
    return pytest.importorskip("datumaro", reason="the extra saccade[exotic] is not installed")


@pytest.fixture(scope="module")
def kinds(datumaro):
    return importlib.import_module("datumaro.components.annotation")


def written(datumaro, folder, form, items, labels=CLASSES, **categories):
    """A folder that datumaro's exporter makes of (subset, id, annotations)."""
    base = importlib.import_module("datumaro.components.dataset_base")
    media = importlib.import_module("datumaro.components.media")
    kinds = importlib.import_module("datumaro.components.annotation")
    pixels = np.full((H, W, 3), 90, np.uint8)
    made = [
        base.DatasetItem(name, subset=subset, media=media.Image.from_numpy(pixels), annotations=list(a))
        for subset, name, a in items
    ]
    known = {kinds.AnnotationType.label: kinds.LabelCategories.from_iterable(labels)}
    known |= {kinds.AnnotationType[name]: value for name, value in categories.items()}
    datumaro.Dataset.from_iterable(made, categories=known).export(str(folder), form, save_media=True)
    return folder


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def square(x1, y1, x2, y2):
    mask = np.zeros((H, W), bool)
    mask[y1:y2, x1:x2] = True
    return mask


def boxes_by_class(data, index=0):
    found = data.truth(index).instances
    names = [data.classes[label] for label in found.labels.tolist()]
    return sorted(zip(names, map(tuple, found.boxes.tolist()), strict=True))


BOXED = [("cat", (2.0, 3.0, 12.0, 9.0)), ("dog", (10.0, 4.0, 30.0, 20.0))]


@pytest.mark.parametrize("form", ["datumaro", "open_images", "label_me", "cvat", "kitti_detection", "datumaro_binary"])
def test_boxes_come_back_and_nothing_is_written(datumaro, kinds, tmp_path, form):
    shown = [kinds.Bbox(2, 3, 10, 6, label=0, id=1), kinds.Bbox(10, 4, 20, 16, label=1, id=2)]
    folder = written(datumaro, tmp_path / "data", form, [("train", "a", shown), ("train", "b", shown[:1])])
    before = digest(folder)
    data = open_data(f"datumaro:{form}:{folder}")
    assert len(data) == 2
    assert {"cat", "dog"} <= set(data.classes)
    assert boxes_by_class(data, 0) == BOXED
    assert boxes_by_class(data, 1) == BOXED[:1]
    assert data[0].image.shape == (3, H, W)
    assert {"instances.boxes", "instances.labels", "label"} <= data.fields
    assert digest(folder) == before


@pytest.mark.parametrize("form", ["datumaro", "cvat", "label_me"])
def test_polygons_come_back(datumaro, kinds, tmp_path, form):
    outline = kinds.Polygon([2, 2, 12, 2, 12, 10, 2, 10], label=2, id=1)
    data = open_data(f"datumaro:{form}:{written(datumaro, tmp_path / 'data', form, [('train', 'a', [outline])])}")
    truth = data.truth(0).instances
    assert truth.boxes.tolist() == [[2, 2, 12, 10]]
    assert truth.area.tolist() == [80]
    assert torch.equal(truth.masks.dense()[0], torch.from_numpy(square(2, 2, 12, 10)))
    assert "semantic" not in data.fields


def test_annotations_of_one_group_are_one_object(datumaro, kinds, tmp_path):
    shown = [
        kinds.Bbox(2, 2, 10, 8, label=0, id=1, group=4),
        kinds.Mask(square(3, 3, 9, 9), label=0, id=2, group=4),
        kinds.Polygon([20, 2, 28, 2, 28, 6, 20, 6], label=1, id=3, group=5),
        kinds.Polygon([20, 10, 28, 10, 28, 14, 20, 14], label=1, id=4, group=5),
        # Two boxes are two objects, whatever group they share.
        kinds.Bbox(0, 16, 4, 4, label=2, id=5, group=6),
        kinds.Bbox(8, 16, 4, 4, label=2, id=6, group=6),
    ]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'd', 'datumaro', [('train', 'a', shown)])}")
    truth = data.truth(0).instances
    assert truth.labels.tolist() == [0, 1, 2, 2]
    assert truth.boxes.tolist() == [[2, 2, 12, 10], [20, 2, 28, 14], [0, 16, 4, 20], [8, 16, 12, 20]]
    assert truth.area.tolist() == [36, 64, 16, 16]
    assert truth.masks is None  # Two objects have no outline.
    assert [outline is not None for outline in data.store.outlines(0)] == [True, True, False, False]


def test_masks_of_open_images_join_their_boxes(datumaro, kinds, tmp_path):
    shown = [
        kinds.Bbox(2, 4, 8, 8, label=0, id=1, group=1, attributes={"is_group_of": True, "box_id": "01234567"}),
        kinds.Mask(square(2, 4, 10, 12), label=0, id=2, group=1, attributes={"box_id": "01234567"}),
    ]
    folder = written(datumaro, tmp_path / "data", "open_images", [("train", "a", shown)])
    truth = open_data(f"datumaro:open_images:{folder}").truth(0).instances
    assert truth.labels.tolist() == [0]
    assert truth.crowd.tolist() == [True]
    assert torch.equal(truth.masks.dense()[0], torch.from_numpy(square(2, 4, 10, 12)))


def test_attributes_tell_crowds_and_difficult_objects(datumaro, kinds, tmp_path):
    shown = [
        kinds.Bbox(2, 3, 10, 6, label=0, id=1, attributes={"is_crowd": True}),
        kinds.Bbox(2, 3, 10, 6, label=1, id=2, attributes={"difficult": True, "occluded": False}),
        kinds.Bbox(2, 3, 10, 6, label=1, id=3, attributes={"occluded": True}),
        kinds.Bbox(2, 3, 10, 6, label=1, id=4, attributes={"outside": True}),
    ]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'd', 'datumaro', [('train', 'a', shown)])}")
    truth = data.truth(0)
    assert truth.instances.crowd.tolist() == [True, False, False]
    assert truth.instances.difficult.tolist() == [False, True, False]
    assert truth.labels.tolist() == [-1, 1, 0]


def test_joints_come_with_their_visibility(datumaro, kinds, tmp_path):
    named = kinds.PointsCategories.from_iterable([(0, ["nose", "left_eye", "right_eye"])])
    shown = [
        kinds.Bbox(2, 3, 10, 6, label=0, id=1, group=1),
        kinds.Points([3.5, 4.5, 0, 0, 8, 7], [2, 0, 1], label=0, id=1, group=1),
        kinds.Points([20, 4, 24, 8, 28, 6], label=0, id=2),
        kinds.Bbox(2, 3, 10, 6, label=1, id=3),
    ]
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "a", shown)], points=named)
    data = open_data(f"datumaro:datumaro:{folder}")
    truth = data.truth(0).instances
    assert data.joints.names == ("nose", "left_eye", "right_eye")
    assert data.joints.pairs == ((1, 2),)
    assert truth.keypoints.tolist()[0] == [[3.5, 4.5], [0, 0], [8, 7]]
    assert truth.visible.tolist() == [[2, 0, 1], [2, 2, 2], [0, 0, 0]]
    assert truth.boxes.tolist() == [[2, 3, 12, 9], [20, 4, 28, 8], [2, 3, 12, 9]]


def test_what_has_no_place_is_left_out_and_told(datumaro, kinds, tmp_path, caplog):
    shown = [kinds.Bbox(2, 3, 10, 6, label=0), kinds.Caption("a cat"), kinds.Points([3, 4], label=0)]
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "a", shown)])
    with caplog.at_level(logging.WARNING, "saccade"):
        data = open_data(f"datumaro:datumaro:{folder}")
    assert len(data.truth(0).instances) == 1
    assert "1 of kind caption" in caplog.text
    assert "1 of kind points" in caplog.text


def test_one_label_a_picture(datumaro, kinds, tmp_path):
    items = [("train", "a", [kinds.Label(1)]), ("train", "b", [kinds.Label(0)]), ("train", "c", [])]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'data', 'datumaro', items)}")
    assert data.fields == {"label"}
    assert [data.truth(0).label.item(), data.truth(1).label.item(), data.truth(2).label] == [1, 0, None]
    assert data.classes_of(0) == {1}
    assert data.classes_of(2) == frozenset()


def test_labels_of_open_images_may_be_verified_to_be_absent(datumaro, kinds, tmp_path):
    labels = [kinds.Label(0, attributes={"score": 1}), kinds.Label(1, attributes={"score": 0})]
    folder = written(datumaro, tmp_path / "data", "open_images", [("train", "a", labels), ("train", "b", labels[:1])])
    data = open_data(f"datumaro:open_images:{folder}")
    order = [data.classes.index(name) for name in CLASSES]
    assert data.fields == {"labels"}
    assert data.truth(0).labels[order].tolist() == [1, 0, -1]
    assert data.truth(1).labels[order].tolist() == [1, -1, -1]


def test_several_labels(datumaro, kinds, tmp_path):
    items = [("train", "a", [kinds.Label(0), kinds.Label(2)]), ("train", "b", [kinds.Label(1)]), ("train", "c", [])]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'data', 'datumaro', items)}")
    assert [data.truth(index).labels.tolist() for index in range(3)] == [[1, 0, 1], [0, 1, 0], [-1, -1, -1]]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Of the exporter, about Pillow 13.
@pytest.mark.parametrize("form", ["camvid", "kitti_segmentation", "cityscapes"])
def test_maps_are_classes_of_pixels(datumaro, kinds, tmp_path, form):
    left = square(0, 0, 20, H)
    shown = [kinds.Mask(left, label=0, id=1), kinds.Mask(~left, label=1, id=2)]
    colours = kinds.MaskCategories({0: (0, 0, 0), 1: (0, 200, 0)})
    items = [("train", "a", shown)]
    written(datumaro, tmp_path / "data", form, items, ("background", "road"), mask=colours)
    data = open_data(f"datumaro:{form}:{tmp_path / 'data'}")
    semantic = data.truth(0).semantic
    assert "semantic" in data.fields
    assert semantic.dtype == torch.int64
    # In datumaro's Cityscapes, the background is what no mask covers.
    background = 255 if form == "cityscapes" else data.classes.index("background")
    expected = np.where(left, background, data.classes.index("road"))
    assert torch.equal(semantic, torch.from_numpy(expected))


def test_masks_that_cover_the_pictures_are_classes_of_pixels(datumaro, kinds, tmp_path):
    left = square(0, 0, 20, H)
    items = [("train", "a", [kinds.Mask(left, label=1, id=1), kinds.Mask(~left, label=0, id=2)]), ("train", "b", [])]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'data', 'datumaro', items)}")
    assert torch.equal(data.truth(0).semantic, torch.from_numpy(left).long())
    assert data.truth(1).semantic is None


def test_pictures_half_covered_have_no_classes_of_pixels(datumaro, kinds, tmp_path):
    items = [("train", "a", [kinds.Mask(square(0, 0, 20, H), label=0, id=1)])]
    data = open_data(f"datumaro:datumaro:{written(datumaro, tmp_path / 'data', 'datumaro', items)}")
    assert "semantic" not in data.fields
    assert "instances.masks" in data.fields


def test_splits_have_our_names(datumaro, kinds, tmp_path):
    one = [kinds.Bbox(2, 3, 10, 6, label=0)]
    items = [("train", "a", one), ("validation", "b", one), ("validation", "c", [])]
    folder = written(datumaro, tmp_path / "data", "datumaro", items)
    uri = f"datumaro:datumaro:{folder}"
    assert splits(uri) == ["train", "val"]
    assert [len(open_data(uri, split)) for split in ("train", "val", "valid")] == [1, 2, 2]
    assert open_data(uri, "val").id(0).endswith("b.jpg")
    with pytest.raises(DataError, match="expected a split among train, val, found 'test'"):
        open_data(uri, "test")


def test_the_format_is_recognised_if_there_is_one(datumaro, kinds, tmp_path):
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "a", [kinds.Bbox(2, 3, 10, 6, label=0)])])
    assert boxes_by_class(open_data(f"datumaro:{folder}")) == BOXED[:1]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="found none") as caught:
        open_data(f"datumaro:{tmp_path / 'empty'}")
    assert f"datumaro:FORMAT:{tmp_path / 'empty'}" in caught.value.cure


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (("Bbox", (2, 3, 0, 6), {"label": 0}), "x1, y1, x2, y2 = 2, 3, 2, 9"),
        (("Bbox", (90, 3, 5, 6), {"label": 0}), "x1, y1, x2, y2 = 90, 3, 95, 9"),
        (("Bbox", (2, 3, 4, 6), {}), "none"),
        (("Bbox", (2, 3, 4, 6), {"label": 7}), "7"),
        (("Polygon", ([0, 0, 900, 0, 900, 9],), {"label": 0}), "900.0"),
        (("Mask", (np.ones((5, 5), bool),), {"label": 0}), "one of 5x5"),
        (("Mask", (np.zeros((H, W), bool),), {"label": 0}), "an empty one"),
    ],
)
def test_defects_name_item_and_annotation(datumaro, kinds, tmp_path, part, found):
    name, values, named = part
    bad, good = getattr(kinds, name)(*values, id=17, **named), kinds.Bbox(2, 3, 10, 6, label=0, id=18)
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "odd", [bad, good])])
    with pytest.raises(DataError, match="item 'odd': expected ") as caught:
        open_data(f"datumaro:datumaro:{folder}")
    assert caught.value.annotation_id == 17
    assert caught.value.found == found
    told: list[SaccadeError] = []
    data = open_data(f"datumaro:datumaro:{folder}", report=told.append)
    assert len(told) == 1
    assert boxes_by_class(data) == BOXED[:1]


def test_a_missing_picture_is_told(datumaro, kinds, tmp_path):
    one = [kinds.Bbox(2, 3, 10, 6, label=0)]
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "a", one), ("train", "b", one)])
    next(folder.rglob("a.jpg")).unlink()
    told: list[SaccadeError] = []
    assert len(open_data(f"datumaro:datumaro:{folder}", report=told.append)) == 1
    assert len(told) == 1
    assert "a.jpg" in str(told[0]) or "'a'" in str(told[0])


def test_a_picture_of_another_size_is_told(datumaro, kinds, tmp_path):
    folder = written(datumaro, tmp_path / "data", "datumaro", [("train", "a", [kinds.Bbox(2, 3, 10, 6, label=0)])])
    Image.new("RGB", (8, 9)).save(next(folder.rglob("a.jpg")))
    with pytest.raises(DataError, match="expected a picture of 32x24, as annotated, found 8x9"):
        open_data(f"datumaro:datumaro:{folder}")


def test_links_do_not_lead_out_of_the_folder(datumaro, kinds, tmp_path):
    folder, uri = tmp_path / "data", f"datumaro:kitti_detection:{tmp_path / 'data'}"
    written(datumaro, folder, "kitti_detection", [("train", "a", [kinds.Bbox(2, 3, 10, 6, label=0)])])
    picture = next(path for path in folder.rglob("a.*") if path.suffix != ".txt")
    picture.rename(tmp_path / picture.name)
    picture.symlink_to(tmp_path / picture.name)
    with pytest.raises(DataError, match="expected a file inside the data's folder, found"):
        open_data(uri)
    assert len(open_data(uri, allow_outside=True)) == 1


def test_broken_files_are_data_errors_with_their_reason(datumaro, tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "train.json").write_text('{"items": [')
    with pytest.raises(DataError, match="data that datumaro reads as 'datumaro', found"):
        open_data(f"datumaro:datumaro:{tmp_path}")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("cifar", "pickle"),
        ("brats_numpy", "pickle"),
        ("coco_instances", "coco:"),
        ("voc", "voc:"),
        ("yolo", "yolo:"),
        ("papyrus", "open_images"),
    ],
)
def test_formats_that_are_not_left_to_datumaro(datumaro, tmp_path, form, said):
    with pytest.raises(UsageError) as caught:
        open_data(f"datumaro:{form}:{tmp_path}")
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_pickles_are_refused_also_where_datumaro_recognises_them(datumaro, kinds, tmp_path):
    folder = written(datumaro, tmp_path / "data", "cifar", [("train", "a", [kinds.Label(0)])])
    with pytest.raises(SaccadeError):
        open_data(f"datumaro:{folder}")


def test_it_is_never_guessed(tmp_path):
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert READERS["datumaro"].evidence not in caught.value.cure
    assert "datumaro" not in sys.modules or READERS["datumaro"].family


def test_without_the_package_the_error_names_the_cure(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datumaro", None)
    with pytest.raises(UsageError, match="datumaro to be installed") as caught:
        open_data(f"datumaro:open_images:{tmp_path}")
    assert caught.value.cure == "pip install datumaro"
