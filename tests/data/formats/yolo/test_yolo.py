"""YOLO's format: what it says in our frame, and every defect with its file and line."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.core.joint_names import COCO_NAMES
from saccade.data.formats.yolo.reader import open_yolo
from saccade.data.open import open_data, splits


def put(root: Path, name: str, labels: str | None = None) -> Path:
    """A picture of 60x40 under images, and its labels under labels."""
    save_picture(root / f"images/{name}.png")
    file = root / f"labels/{name}.txt"
    if labels is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(labels)
    return file


def document(root: Path, more: str = "names: [cat, dog]") -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "data.yaml").write_text(f"train: images/train\nval: images/val\n{more}\n")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    document(tmp_path, "nc: 2\nnames:\n  1: dog\n  0: cat")
    put(tmp_path, "train/a", "1 0.5 0.5 0.2 0.1\n\n0 0.95 0 0.2 0.5\n")
    put(tmp_path, "train/b", "")
    put(tmp_path, "train/c")
    put(tmp_path, "val/d", "0 .5 .5 1 1\n")
    return tmp_path


def test_boxes_in_our_frame(sound: Path) -> None:
    data = open_data(sound)
    assert isinstance(data, Dataset)
    assert splits(sound) == ["train", "val"]
    assert (data.classes, len(data)) == (("cat", "dog"), 3)
    sample = data[0]
    assert (sample.id, sample.image.shape) == ("images/train/a.png", (3, 40, 60))
    boxes = sample.truth.instances.boxes.flatten().tolist()
    assert boxes == pytest.approx([24, 18, 36, 22, 51, 0, 60, 10])
    assert sample.truth.instances.labels.tolist() == [1, 0]
    assert int(sample.truth.label) == 0
    for index in (1, 2):
        assert data.truth(index).instances.boxes.shape == (0, 4)
    assert data.fields == {"label", "labels"} | {f"instances.{c}" for c in ("boxes", "labels", "area", "crowd")}
    assert len(open_data(sound / "data.yaml", "val")) == 1


def test_outlines(tmp_path: Path) -> None:
    document(tmp_path)
    put(tmp_path, "train/a", "0 0.1 0.1 0.5 0.1 0.5 0.6 0.1 0.6\n")
    put(tmp_path, "val/b", "0 0.1 0.1 0.5 0.1 0.5 0.6\n1 .5 .5 .1 .1\n")
    rows = open_data(tmp_path).truth(0).instances
    assert rows.boxes.flatten().tolist() == pytest.approx([6, 4, 30, 24])
    assert rows.area.tolist() == pytest.approx([480])
    assert rows.masks.areas().tolist() == [480]
    mixed = open_data(tmp_path, "val").truth(0).instances
    assert mixed.masked.tolist() == [True, False]
    assert mixed.masks.areas().tolist() == [240, 0]
    assert mixed.area.tolist() == pytest.approx([240, 24])


@pytest.mark.parametrize(("numbers", "marks"), [(2, ("", "", "")), (3, ("2", "1", "0"))])
def test_joints(numbers: int, marks: tuple[str, ...], tmp_path: Path) -> None:
    document(tmp_path, f"names: [person]\nkpt_shape: [3, {numbers}]\nflip_idx: [1, 0, 2]")
    places = zip(("0.5 0.5", "0.25 0.75", "0 0"), marks, strict=True)
    put(tmp_path, "train/a", "0 .5 .5 1 1 " + " ".join(f"{place} {mark}" for place, mark in places))
    put(tmp_path, "val/a")
    data = open_data(tmp_path)
    rows = data.truth(0).instances
    assert rows.keypoints.tolist() == [[[30, 20], [15, 30], [0, 0]]]
    assert rows.visible.tolist() == [[2, 2 if numbers == 2 else 1, 0]]
    assert (len(data.joints.names), data.joints.pairs) == (3, ((0, 1),))


def test_joints_of_coco(tmp_path: Path) -> None:
    document(tmp_path, "names: [person]\nkpt_shape: [17, 3]")
    put(tmp_path, "train/a", "0 .5 .5 1 1" + " .5 .5 2" * 17)
    put(tmp_path, "val/a")
    assert open_data(tmp_path).joints.names == COCO_NAMES


@pytest.mark.parametrize("names", ["{0: [left_dot, right_dot], 1: [left_dot, right_dot]}", "[left_dot, right_dot]"])
def test_names_and_constants_of_joints(names: str, tmp_path: Path) -> None:
    document(tmp_path, f"names: [cat, dog]\nkpt_shape: [2, 3]\nkpt_names: {names}\noks_sigmas: [.02, 1]")
    put(tmp_path, "train/a", "0 .5 .5 1 1" + " .5 .5 2" * 2)
    put(tmp_path, "val/a")
    found = open_data(tmp_path).joints
    assert (found.names, found.pairs, found.sigmas) == (("left_dot", "right_dot"), ((0, 1),), (0.02, 1))


BAD_LINES = [
    "0 .5 .5 .1",
    "0 .5 .5 .1 .1 .9",
    "0 .1 .1 .2 .2 .3 .3 .4",
    "2 .5 .5 .1 .1",
    "-1 .5 .5 .1 .1",
    "0.5 .5 .5 .1 .1",
    "cat .5 .5 .1 .1",
    "nan .5 .5 .1 .1",
    "0 30 20 10 10",
    "0 -.1 .5 .1 .1",
    "0 nan .5 .1 .1",
    "0 inf .5 .1 .1",
    "0 half .5 .1 .1",
    "0 .5 .5 0 .1",
    "0 .5 .5 .1 -.1",
    "0 .1 .1 .2 .2 .3 .3",
    "0 .1 .1 .2 .2 .3 1.3",
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_defects_of_a_line(line: str, tmp_path: Path) -> None:
    document(tmp_path)
    file = put(tmp_path, "train/a", f"0 .5 .5 .1 .1\n\n{line}\n1 .5 .5 .1 .1\n")
    put(tmp_path, "val/a")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.line) == (str(file), 3)
    told: list[DataError] = []
    data = open_yolo(tmp_path, "train", told.append)
    assert ([error.line for error in told], len(data.truth(0).instances)) == ([3], 2)


@pytest.mark.parametrize("line", ["0 .5 .5 1 1", "0 .5 .5 1 1 .5 .5 3 0 0 0", "0 .5 .5 1 1 .5 1.5 2 0 0 0"])
def test_defects_of_joints(line: str, tmp_path: Path) -> None:
    document(tmp_path, "names: [person]\nkpt_shape: [2, 3]")
    put(tmp_path, "train/a", line)
    put(tmp_path, "val/a")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ("names: []", "/names"),
        ("names: [cat, cat]", "/names"),
        ("names: {1: cat, 2: dog}", "/names"),
        ("names: 7", "/names"),
        ("nc: 3\nnames: [cat, dog]", "/nc"),
        ("names: [cat]\nkpt_shape: [17, 4]", "/kpt_shape"),
        ("names: [cat]\nkpt_shape: [2, 3]\nflip_idx: [1, 1]", "/flip_idx"),
        ("names: [cat]\nkpt_shape: [2, 3]\nkpt_names: {0: [a]}", "/kpt_names/0"),
        ("names: [cat]\nkpt_shape: [2, 3]\nkpt_names: [a, a]", "/kpt_names/1"),
        ("names: [cat]\nkpt_shape: [2, 3]\nkpt_names: [a, 7]", "/kpt_names/1"),
        ("names: [cat]\nkpt_shape: [2, 3]\nkpt_names: nose", "/kpt_names"),
        ("names: [cat, dog]\nkpt_shape: [2, 3]\nkpt_names: {0: [a, b], 1: [a, c]}", "/kpt_names/1"),
        ("names: [cat]\nkpt_shape: [2, 3]\noks_sigmas: [.1]", "/oks_sigmas"),
        ("names: [cat]\nkpt_shape: [2, 3]\noks_sigmas: [.1, 0]", "/oks_sigmas/1"),
    ],
)
def test_defects_of_the_document(more: str, pointer: str, tmp_path: Path) -> None:
    document(tmp_path, more)
    put(tmp_path, "train/a")
    put(tmp_path, "val/a")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.pointer, caught.value.path) == (pointer, str(tmp_path / "data.yaml"))


@pytest.mark.parametrize(
    ("line", "pointer", "said"),
    [
        ("images/absent", "/test", "no 'images/absent'"),
        ("[images/train, /etc]", "/test/1", "leads out of it to /etc"),
        ("3", "/test", "found 3"),
        ("images/val", "/test", "'images/val' of val shares"),
        ("images", "/test", "'images/train' of train shares"),
    ],
)
def test_a_broken_line_is_a_defect_of_its_split_alone(line: str, pointer: str, said: str, tmp_path: Path) -> None:
    document(tmp_path, f"names: [cat]\ntest: {line}")
    put(tmp_path, "train/a")
    put(tmp_path, "val/a")
    assert splits(tmp_path) == ["train", "val", "test"]
    assert len(open_data(tmp_path)) == len(open_data(tmp_path, "val")) == 1
    with pytest.raises(DataError) as caught:
        open_data(tmp_path, "test")
    assert (caught.value.pointer, caught.value.path) == (pointer, str(tmp_path / "data.yaml"))
    assert said in str(caught.value)
    assert ("--allow-outside" in str(caught.value.cure)) == ("/etc" in line)


def test_a_document_without_splits(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [cat]")
    with pytest.raises(DataError, match="train, val or test"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    "text", ["../train/images", "/home/somebody/set/train/images", "train\\images", "./train/images"]
)
def test_paths_of_other_machines(text: str, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(f"path: /data/elsewhere\ntrain: '{text}'\nnames: [cat]")
    save_picture(tmp_path / "train/images/a.png")
    (tmp_path / "train/labels").mkdir()
    (tmp_path / "train/labels/a.txt").write_text("0 .5 .5 1 1")
    data = open_data(tmp_path)
    assert (data.id(0), len(data.truth(0).instances)) == ("train/images/a.png", 1)


def test_lists_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("train: [train.txt, images/val]\nnames: [cat]")
    put(tmp_path, "train/a", "0 .5 .5 1 1")
    put(tmp_path, "val/b", "0 .5 .5 1 1")
    listing = tmp_path / "train.txt"
    listing.write_text("./images/train/a.png\n\n")
    assert [open_data(tmp_path).id(index) for index in range(2)] == ["images/train/a.png", "images/val/b.png"]
    listing.write_text("images/train/a.png\nimages/train/absent.png\n")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.line) == (str(listing), 2)


def test_folders_alone(tmp_path: Path) -> None:
    put(tmp_path / "a", "x", "0 .5 .5 1 1")
    with pytest.raises(DataError, match="names") as caught:
        open_data(tmp_path / "a")
    assert "classes.txt" in str(caught.value.cure)
    (tmp_path / "a/classes.txt").write_text("cat\n")
    assert open_data(tmp_path / "a").classes == ("cat",)
    put(tmp_path / "b", "valid/x", "0 .5 .5 1 1")
    (tmp_path / "b/labels/classes.txt").write_text("cat\n")
    assert splits(tmp_path / "b") == ["val"]
    for name in ("x.txt", "classes.txt"):
        save_picture(tmp_path / "c/x.png")
        (tmp_path / "c" / name).write_text("0 .5 .5 1 1" if name == "x.txt" else "cat")
    assert len(open_data(tmp_path / "c").truth(0).instances) == 1


def test_defects_of_files(sound: Path) -> None:
    (sound / "images/train/a.png").unlink()
    (sound / "images/train/b.png").write_bytes(b"")
    (sound / "labels/train/c.txt").write_bytes(b"\xff\xfe\n")
    told: list[DataError] = []
    with pytest.raises(DataError, match="found none"):
        open_yolo(sound, "train", told.append)
    assert sorted(Path(error.path or "").name for error in told) == ["a.txt", "b.png", "c.txt"]
    with pytest.raises(DataError):
        open_data(sound)


def test_yaml_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("colour: red")
    with pytest.raises(DataError, match="known format"):
        open_data(tmp_path)
