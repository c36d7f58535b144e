"""Pascal VOC's format: what it says in our frame, and every defect with its line and object."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.voc.pixels import voc_colour
from saccade.data.formats.voc.reader import open_voc
from saccade.data.open import open_data, splits

SIZE = "<size><width>60</width><height>40</height><depth>3</depth></size>"


def thing(name: str = "cat", box: tuple[object, ...] = (1, 1, 10, 10), more: str = "") -> str:
    sides = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    return f"<object>\n<name>{name}</name>{more}\n<bndbox>{sides}</bndbox></object>"


def annotate(root: Path, name: str, *things: str, size: str = SIZE, folders: bool = True) -> Path:
    file = root / ("Annotations" if folders else ".") / f"{name}.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<annotation>\n<filename>{name}.png</filename>\n{size}\n" + "\n".join(things) + "\n</annotation>")
    save_picture(root / ("JPEGImages" if folders else ".") / f"{name}.png")
    return file


def listed(root: Path, split: str, text: str) -> None:
    (root / "ImageSets/Main").mkdir(parents=True, exist_ok=True)
    (root / f"ImageSets/Main/{split}.txt").write_text(text)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Three pictures in two splits; the first shows two objects, the last none."""
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    annotate(
        tmp_path, "a 1", thing("dog", (11, 6, 20, 15), part), thing("cat", (0, 31, 70, 40), "<difficult>1</difficult>")
    )
    annotate(tmp_path, "b", thing("bird", (5, 5, 5, 5)))
    annotate(tmp_path, "c")
    listed(tmp_path, "train", "a 1\nc\n\n")
    listed(tmp_path, "val", "b\n")
    listed(tmp_path, "cat_train", "a -1\nc -1\n")
    return tmp_path


def test_objects_in_our_frame(sound: Path) -> None:
    data = open_data(sound)
    assert isinstance(data, Dataset)
    assert splits(sound) == ["train", "val"]
    assert (data.classes, len(data)) == (("bird", "cat", "dog"), 2)
    sample = data[0]
    assert (sample.id, sample.image.shape) == ("JPEGImages/a 1.png", (3, 40, 60))
    rows = sample.truth.instances
    assert rows.boxes.tolist() == [[10, 5, 20, 15], [0, 30, 60, 40]]
    assert rows.labels.tolist() == [2, 1]
    assert rows.difficult.tolist() == [False, True]
    assert rows.area.tolist() == [100, 600]
    assert int(sample.truth.label) == 1
    assert sample.truth.labels.tolist() == [0, -1, 1]  # Of the cat, which is difficult, nobody asks.
    assert data.truth(1).labels.tolist() == [0, 0, 0]
    assert data.fields == {"label", "labels"} | {
        f"instances.{c}" for c in ("boxes", "labels", "area", "crowd", "difficult")
    }
    empty = data.truth(1)
    assert (empty.label, empty.instances.boxes.shape) == (None, (0, 4))
    assert open_data(sound, "val").truth(0).instances.boxes.tolist() == [[4, 4, 5, 5]]


def test_listed_classes(sound: Path) -> None:
    (sound / "classes.txt").write_text("dog\ncat\nbird\nfish\n")
    assert open_data(sound).truth(0).instances.labels.tolist() == [0, 1]
    (sound / "classes.txt").write_text("cats\nbird\ndog\n")
    with pytest.raises(DataError, match="'cat'") as caught:
        open_data(sound)
    assert (caught.value.line, caught.value.annotation_id) == (8, 2)
    assert caught.value.cure == "did you mean 'cats'?"


def test_other_layouts(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        annotate(tmp_path / "beside" / split, "a", thing(), folders=False)
    assert splits(tmp_path / "beside") == ["train", "val"]
    assert open_data(tmp_path / "beside", "val").id(0) == "valid/a.png"
    annotate(tmp_path / "whole", "a", thing(), size="")
    assert open_data(tmp_path / "whole").size(0) == (40, 60)
    annotate(tmp_path / "flat", "a", thing(), folders=False)
    assert open_data(tmp_path / "flat").id(0) == "a.png"
    annotate(tmp_path / "archive/VOCdevkit/VOC2012", "a", thing())
    assert len(open_data(f"voc:{tmp_path}/archive")) == 1


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (thing(box=(10, 1, 9, 10)), 6),
        (thing(box=("nan", 1, 9, 10)), 6),
        (thing(box=(61, 1, 70, 10)), 6),
        (thing(box=(1, -5, 9, 0)), 6),
        (thing(name=""), 5),
        (thing(more="<difficult>perhaps</difficult>"), 5),
        ("<object>\n<name>cat</name></object>", 4),
        ("<object>\n<bndbox/></object>", 5),
    ],
)
def test_defects_of_an_object(wrong: str, line: int, tmp_path: Path) -> None:
    file = annotate(tmp_path, "a", wrong, thing())
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    error = caught.value
    assert (error.path, error.line, error.annotation_id) == (str(file), line, 1)
    told: list[DataError] = []
    assert len(open_voc(tmp_path, "train", told.append).truth(0).instances) == 1
    assert [one.line for one in told] == [line]


@pytest.mark.parametrize(
    "size",
    [
        "<size><width>0</width><height>40</height></size>",
        "<size><width>60</width></size>",
        "<size><width>6.5</width><height>40</height></size>",
        "<size><width>100000</width><height>100000</height></size>",
    ],
)
def test_defects_of_the_size(size: str, tmp_path: Path) -> None:
    annotate(tmp_path, "a", size=size)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert caught.value.line == 3


def test_a_size_that_is_not_the_pictures(tmp_path: Path) -> None:
    annotate(tmp_path, "a", size=SIZE.replace("60", "61"))
    with pytest.raises(DataError, match="61x40"):
        open_data(tmp_path)[0]


@pytest.mark.parametrize("text", ["a\nabsent\n", "a\na\n", "a\n../a\n", "a\n/etc/a\n"])
def test_defects_of_a_list(text: str, tmp_path: Path) -> None:
    annotate(tmp_path, "a", thing())
    listed(tmp_path, "train", text)
    with pytest.raises(DataError):
        open_data(tmp_path)
    told: list[DataError] = []
    assert len(open_voc(tmp_path, "train", told.append)) == len(told) == 1


def test_defects_of_a_file(tmp_path: Path) -> None:
    annotate(tmp_path, "a", thing())
    annotate(tmp_path, "b", thing("dog")).write_text("<annotation>\n<object>")
    annotate(tmp_path, "c").write_text("<rss/>")
    annotate(tmp_path, "d")
    (tmp_path / "JPEGImages/d.png").unlink()
    told: list[DataError] = []
    assert open_voc(tmp_path, "train", told.append).classes == ("cat",)
    assert [(Path(one.path or "").stem, one.line) for one in told] == [("b", 2), ("c", 1), ("d", 2)]
    with pytest.raises(DataError):
        open_data(tmp_path)


def test_nothing_but_defects(tmp_path: Path) -> None:
    annotate(tmp_path, "a").write_text("")
    with pytest.raises(DataError, match="found none"):
        open_voc(tmp_path, "train", [].append)


def drawn(root: Path, folder: str, values: np.ndarray) -> None:
    path = root / folder / "a.png"
    path.parent.mkdir(exist_ok=True)
    image = Image.fromarray(values)
    if values.ndim == 2:
        image.putpalette([channel for number in range(256) for channel in voc_colour(number)])
    image.save(path)


@pytest.fixture
def pixels(tmp_path: Path) -> tuple[Path, np.ndarray]:
    annotate(tmp_path, "a", thing("cat", (1, 1, 10, 10)), thing("dog", (21, 1, 30, 10)))
    annotate(tmp_path, "b", thing("cat"))
    values = np.zeros((40, 60), np.uint8)
    values[:10, :10], values[:10, 20:30], values[10, :10] = 1, 2, 255
    drawn(tmp_path, "SegmentationClass", values)
    drawn(tmp_path, "SegmentationObject", values)
    return tmp_path, values


def test_pixels(pixels: tuple[Path, np.ndarray]) -> None:
    root, values = pixels
    data = open_data(root)
    assert {"semantic", "instances.masks"} <= data.fields
    assert data.vocabularies["semantic"] == ("cat", "dog", "background")
    truth = data.truth(0)
    assert truth.semantic[[0, 0, 10, 39], [0, 20, 0, 59]].tolist() == [0, 1, 255, 2]
    assert truth.instances.masks.boxes().tolist() == truth.instances.boxes.tolist()
    assert (data.truth(1).semantic, data.truth(1).instances.masks) == (None, None)
    palette = np.array([voc_colour(number) for number in range(256)], np.uint8)
    drawn(root, "SegmentationClass", palette[values])
    assert (open_data(root).truth(0).semantic == truth.semantic).all()


def test_defects_of_pixels(pixels: tuple[Path, np.ndarray]) -> None:
    root, values = pixels
    data = open_data(root)
    for folder in ("SegmentationClass", "SegmentationObject"):
        wrong = values.copy()
        wrong[30, :7] = 9
        drawn(root, folder, wrong)
        with pytest.raises(DataError, match=r"9 \(7 pixels\)") as caught:
            data.truth(0)
        assert caught.value.path == str(root / folder / "a.png")
        drawn(root, folder, values[:, :50])
        with pytest.raises(DataError, match="50x40"):
            data.truth(0)
        drawn(root, folder, values)


def test_palette() -> None:
    assert [voc_colour(n) for n in (0, 1, 2, 15, 255)] == [
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (192, 128, 128), (224, 224, 192)]  # fmt: skip


@pytest.mark.real_data
def test_blood_cells(data_root: Path) -> None:
    root = data_root / "bccd"
    told: list[DataError] = []
    train, val = (open_voc(root, split, told.append) for split in ("train", "val"))
    assert (len(train), len(val), told) == (205, 87, [])
    assert train.classes == val.classes == ("Platelets", "RBC", "WBC")
    assert train[0].truth.instances.boxes.shape[1] == 4
