"""Annotations, lists and pictures of Pascal VOC are paired by whole names; two ways are refused with both."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.formats.voc.folders import marks_in
from saccade.data.formats.voc.reader import open_voc


def annotate(root: Path, name: str, filename: str | None = None, *pictures: str) -> None:
    """An annotation of one object, and pictures; by default one of its own name."""
    named = name + ".jpg" if filename is None else filename
    size = "<size><width>60</width><height>40</height></size>"
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    (root / "Annotations").mkdir(exist_ok=True)
    text = f"<annotation><filename>{named}</filename>{size}<object><name>cat</name>{box}</object></annotation>"
    (root / f"Annotations/{name}.xml").write_text(text)
    for picture in pictures or (f"{name}.jpg",):
        save_picture(root / "JPEGImages" / picture)


def read(root: Path, listed: str | None = None) -> tuple[list[str], list[DataError], tuple[str, ...]]:
    if listed is not None:
        (root / "ImageSets/Main").mkdir(parents=True)
        (root / "ImageSets/Main/train.txt").write_text(listed)
    told: list[DataError] = []
    data = open_voc(root, "train", told.append)
    return [Path(data.id(index)).name for index in range(len(data))], told, data.notes


@pytest.mark.parametrize(
    ("listed", "names", "faulty"),
    [
        ("cat (1)\ndog", ["dog.jpg"], [1]),
        ("cat (2)\ndog", ["cat (2).jpg", "dog.jpg"], []),
        ("cat 1\ndog -1", ["cat.jpg", "dog.jpg"], []),
        ("cat (2) 1\ndog  0", ["cat (2).jpg", "dog.jpg"], []),
        ("cat 1 2 3\ndog 1 1 1", ["cat.jpg", "dog.jpg"], []),
        ("cat.jpg\ndog.PNG", ["cat.jpg", "dog.jpg"], []),
        ("cat.v2\ndog", ["dog.jpg"], [1]),
        ("cat 1\ndog", ["dog.jpg"], [1]),
    ],
)
def test_a_list_names_whole_annotations(tmp_path: Path, listed: str, names: list[str], faulty: list[int]) -> None:
    for name in ("cat", "cat (2)", "dog"):
        annotate(tmp_path, name)
    found, told, _ = read(tmp_path, listed)
    assert found == names
    assert [error.line for error in told] == faulty


def test_a_listed_name_of_two_annotations_is_refused_with_both(tmp_path: Path) -> None:
    annotate(tmp_path, "a")
    annotate(tmp_path, "a.jpg")
    _, told, _ = read(tmp_path, "a.jpg\na")
    assert "a.jpg.xml and a.xml" in told[0].found


@pytest.mark.parametrize(
    ("filename", "pictures", "found"),
    [
        ("b.jpg", ("a.jpg", "b.jpg"), "a.jpg and b.jpg"),
        ("folder\\b.jpg", ("a.jpg", "b.jpg"), "a.jpg and b.jpg"),
        ("a", ("a.jpg", "a.png"), "a.jpg and a.png"),
        ("b.jpg", ("a.jpg",), "a.jpg"),
        ("b.jpg", ("b.jpg",), "b.jpg"),
        ("a.png", ("a.jpg", "a.png"), "a.png"),
        ("a.png", ("a.jpg",), "a.jpg"),
    ],
)
def test_the_picture_that_an_annotation_names(
    tmp_path: Path, filename: str, pictures: tuple[str, ...], found: str
) -> None:
    annotate(tmp_path, "a", filename, *pictures)
    annotate(tmp_path, "other")
    names, told, notes = read(tmp_path)
    if " and " in found:
        first, second = found.split(" and ")
        assert first in told[0].found
        assert second in told[0].found
        assert names == ["other.jpg"]
    else:
        assert (names, told) == ([found, "other.jpg"], [])
        assert len(notes) == (Path(filename).stem != Path(found).stem)


@pytest.mark.parametrize(
    ("lines", "count"), [(["a 1", "b -1"], 1), (["a 1 2", "b 1"], 1), (["a", "b 1"], 0), (["a b", "c d"], 0), ([], 0)]
)
def test_columns_behind_the_names(lines: list[str], count: int) -> None:
    assert marks_in(lines) == count
