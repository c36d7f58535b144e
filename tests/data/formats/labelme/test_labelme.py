"""LabelMe's format: what it says in our frame, what is not read, and every defect with its place."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.check.check import check_data
from saccade.data.formats.labelme.reader import open_labelme
from saccade.data.open import open_data, splits


def shape(label: str = "cat", *points: tuple[float, float], kind: str = "polygon", group: Any = None) -> dict[str, Any]:
    corners = points or ((1, 2), (31, 2), (31, 22), (1, 22))
    return {"label": label, "points": [list(p) for p in corners], "shape_type": kind, "group_id": group, "flags": {}}


def write(root: Path, name: str, *shapes: Any, picture: str | None = "", **more: Any) -> Path:
    """A file of a 60x40 picture; by default the picture lies beside it and has its name."""
    file = root / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    if picture is not None:
        save_picture(file.parent / (picture or f"{file.stem}.png"))
    said = {"imagePath": f"{file.stem}.png", "imageData": None, "imageHeight": 40, "imageWidth": 60}
    file.write_text(json.dumps({"version": "5.4", "flags": {}, "shapes": list(shapes), **said, **more}))
    return file


def test_polygons_and_rectangles(tmp_path: Path) -> None:
    write(tmp_path, "a", shape("dog", (50, 30), (70, 10), kind="rectangle"), shape("cat"))
    write(tmp_path, "b")
    assert splits(tmp_path) == ["train"]
    data = open_data(tmp_path)
    assert data.classes == ("cat", "dog")
    rows = data.truth(0).instances
    assert rows is not None
    assert rows.boxes is not None
    assert rows.labels is not None
    assert rows.masks is not None
    assert rows.boxes.tolist() == [[50, 10, 60, 30], [1, 2, 31, 22]]
    assert rows.labels.tolist() == [1, 0]
    assert rows.masks.areas().tolist() == [0, 600]
    assert rows.masked is not None
    assert rows.masked.tolist() == [False, True]
    assert data[0].image.shape == (3, 40, 60)
    assert len(data.truth(1).instances or ()) == 0


def test_polygons_of_one_group_are_one_object(tmp_path: Path) -> None:
    left, right = ((0, 0), (10, 0), (10, 10), (0, 10)), ((30, 0), (40, 0), (40, 10), (30, 10))
    write(tmp_path, "a", shape("cat", *left, group=1), shape("dog", *left, group=1), shape("cat", *right, group=1))
    write(tmp_path, "b", shape("cat", *left), shape("cat", *right))
    data = open_data(tmp_path)
    rows = data.truth(0).instances
    assert rows is not None
    assert rows.boxes is not None
    assert rows.masks is not None
    assert rows.boxes.tolist() == [[0, 0, 40, 10], [0, 0, 10, 10]]
    assert rows.masks.areas().tolist() == [200, 100]
    assert len(data.truth(1).instances or ()) == 2


def drawn(pixels: np.ndarray, corner: tuple[int, int], group: Any = None) -> dict[str, Any]:
    """A shape of kind mask, as LabelMe writes it: both corners are pixels of it."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8) * 255).save(file, format="PNG")
    (x, y), (height, width) = corner, pixels.shape
    made = shape("cat", (x, y), (x + width - 1, y + height - 1), kind="mask", group=group)
    return made | {"mask": base64.b64encode(file.getvalue()).decode()}


def test_masks_that_are_drawn_keep_their_pixels(tmp_path: Path) -> None:
    ring = np.ones((7, 5), bool)
    ring[2:5, 1:4] = False
    part = shape("cat", (30, 30), (40, 30), (40, 36), (30, 36), group=4)
    box = shape("dog", (1, 1), (9, 9), kind="rectangle")
    write(tmp_path, "a", drawn(ring, (55, 33)), drawn(ring, (3, 2), 4), part, box)
    data = open_data(tmp_path)
    rows = data.truth(0).instances
    assert rows is not None
    assert rows.masks is not None
    wanted = np.zeros((2, 40, 60), bool)
    wanted[0, 33:40, 55:60] = wanted[1, 2:9, 3:8] = ring
    wanted[1, 30:36, 30:40] = True
    assert np.array_equal(rows.masks.dense().numpy()[:2], wanted)
    assert rows.has_mask.tolist() == [True, True, False]
    assert rows.boxes is not None
    assert rows.boxes.tolist() == [[55, 33, 60, 40], [3, 2, 40, 36], [1, 1, 9, 9]]
    assert not data.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": "no picture"}, "PNG in base64"),
        ({"mask": base64.b64encode(b"no picture").decode()}, "mask"),
        ({"points": [[58, 2], [62, 8]]}, "inside the picture of 60x40"),
        ({"points": [[1, 2]]}, "lower right pixel"),
        (drawn(np.zeros((3, 3), bool), (1, 1)), "some pixel"),
    ],
    ids=["no base64", "no PNG", "outside", "one point", "empty"],
)
def test_masks_that_cannot_be_placed_are_told(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    write(tmp_path, "a", drawn(np.ones((3, 5), bool), (1, 1)) | change)
    with pytest.raises(DataError, match=message):
        open_data(tmp_path)


def test_what_is_not_read_is_counted(tmp_path: Path) -> None:
    kinds = ("circle", "line", "point", "circle")
    write(
        tmp_path,
        "a",
        shape(),
        *(shape("dog", (1, 1), (5, 5), kind=kind) for kind in kinds),
        flags={"wet": True, "dry": False},
    )
    data = open_labelme(tmp_path, "train")
    assert data.classes == ("cat",)
    first, second = data.notes
    assert "2 circle, 1 line, 1 point (first in a.json)" in first
    assert second.endswith("not read: wet")


def test_splits_and_listed_classes(tmp_path: Path) -> None:
    write(tmp_path, "train/a", shape("cat"), shape("__ignore__", (40, 30), (50, 30), (50, 39)))
    write(tmp_path, "valid/deep/b", shape("dog"))
    assert splits(tmp_path) == ["train", "val"]
    assert open_data(tmp_path).classes == open_data(tmp_path, "val").classes == ("cat", "dog")
    rows = open_data(tmp_path).truth(0).instances
    assert rows is not None
    assert rows.crowd is not None
    assert rows.crowd.tolist() == [False, True]
    (tmp_path / "labels.txt").write_text("__ignore__\n_background_\ndog\ncat\n")
    assert open_data(tmp_path).classes == ("dog", "cat")
    write(tmp_path, "train/a", shape("kat"))
    with pytest.raises(DataError, match="kat") as caught:
        open_data(tmp_path)
    assert (caught.value.pointer, caught.value.cure) == ("/shapes/0/label", "did you mean 'cat'?")


@pytest.mark.parametrize(
    ("path", "pictures", "found"),
    [
        ("..\\images\\a.png", ["images/a.png"], "images/a.png"),
        ("C:\\work\\a.png", ["labels/a.png"], "labels/a.png"),
        ("old.png", ["labels/a.jpg"], "labels/a.jpg"),
        ("b.png", ["labels/a.png", "labels/b.png"], None),
        ("old.png", ["labels/a.png", "labels/a.jpg"], None),
        ("a.png", [], None),
    ],
)
def test_the_picture_of_a_file(tmp_path: Path, path: str, pictures: list[str], found: str | None) -> None:
    for picture in pictures:
        save_picture(tmp_path / picture)
    file = write(tmp_path, "labels/a", shape(), picture=None, imagePath=path)
    if found:
        data = open_labelme(tmp_path, "train")
        assert (data.id(0), len(data.notes)) == (found, path == "old.png")
    else:
        with pytest.raises(DataError) as caught:
            open_data(tmp_path)
        assert (caught.value.path, caught.value.pointer) == (str(file), "/imagePath")
        assert all(Path(picture).name in caught.value.found for picture in pictures)


def test_pictures_outside_point_to_the_flag(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    write(tmp_path / "set", "a", shape(), picture=None, imagePath="../a.png")
    with pytest.raises(DataError, match="outside") as caught:
        open_data(tmp_path / "set")
    assert "--allow-outside" in str(caught.value.cure)
    assert open_data(tmp_path / "set", allow_outside=True)[0].image.shape == (3, 40, 60)


def test_a_picture_that_only_the_file_holds(tmp_path: Path) -> None:
    write(tmp_path, "a", shape(), picture=None, imageData="iVBORw0K")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert "imageData" in str(caught.value.cure)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (shape("cat", (1, 1), (2, 2)), "/shapes/1/points"),
        (shape("cat", (1, 1), (9, 1), (5, 1)), "/shapes/1/points"),
        (shape("cat", (1, 1), (9, 1), (5, 1), kind="rectangle"), "/shapes/1/points"),
        (shape("cat", (70, 1), (90, 20), kind="rectangle"), "/shapes/1/points"),
        (shape("cat") | {"points": [[1, "x"], [2, 3], [4, 9]]}, "/shapes/1/points"),
        (shape(""), "/shapes/1/label"),
        ({"label": "cat"}, "/shapes/1"),
        ("text", "/shapes/1"),
    ],
)
def test_defects_of_a_shape(tmp_path: Path, bad: Any, pointer: str) -> None:
    write(tmp_path, "a", shape(), bad)
    told: list[DataError] = []
    data = open_labelme(tmp_path, "train", told.append)
    assert [error.pointer for error in told] == [pointer]
    assert len(data.truth(0).instances or ()) == 1
    assert len(check_data(tmp_path, quick=True, workers=0).defects) == 1


def test_defects_of_objects_name_their_shape(tmp_path: Path) -> None:
    write(tmp_path, "a", shape("cat", (0, 0), (1, 1), kind="point"), shape(), shape())
    defects = check_data(tmp_path, workers=0).defects
    assert [defect.where for defect in defects] == ["/shapes/2/points"]
