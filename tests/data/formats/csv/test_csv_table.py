"""Tables in CSV: a class, many classes or boxes by the header, and every defect with its line."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.csv.reader import open_csv
from saccade.data.open import open_data, splits


def put(root: Path, text: str, name: str = "train.csv") -> Path:
    for picture in ("a", "b c"):
        save_picture(root / f"images/{picture}.png")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def test_a_class(tmp_path: Path) -> None:
    put(tmp_path, 'file,label\na.png,dog\n"b c.png","10"\n')
    put(tmp_path, "\ufefffilename;class\r\nimages/a.png;9\r\n", "val.csv")
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert splits(tmp_path) == ["train", "val"]
    assert (data.classes, data.fields, len(data)) == (("9", "10", "dog"), {"label"}, 2)
    assert [int(data.truth(index).label) for index in range(2)] == [2, 1]
    assert (data[1].id, data[1].image.shape, data.size(0)) == ("images/b c.png", (3, 40, 60), (40, 60))
    assert (int(open_data(tmp_path, "val").truth(0).label), data.classes_of(0)) == (0, {2})


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,dog; cat\nb c.png,\n",
        "image,tags\na.png,cat|dog\nb c.png,\n",
        "filename,bird,cat,dog\na.png,0,1,1\nb c.png,0,0,0\n",
    ],
)
def test_many_classes(text: str, tmp_path: Path) -> None:
    put(tmp_path, text)
    if "bird" not in text:
        (tmp_path / "classes.txt").write_text("bird\ncat\ndog")
    data = open_data(tmp_path)
    assert (data.classes, data.fields) == (("bird", "cat", "dog"), {"labels"})
    assert [data.truth(index).labels.tolist() for index in range(2)] == [[0, 1, 1], [0, 0, 0]]
    assert data.classes_of(0) == {1, 2}


def test_unknown_states(tmp_path: Path) -> None:
    put(tmp_path, "file,cat,dog\na.png,,1\nb c.png,-1,0\n")
    data = open_data(tmp_path)
    assert [data.truth(index).labels.tolist() for index in range(2)] == [[-1, 1], [-1, 0]]


def test_boxes(tmp_path: Path) -> None:
    rows = "a.png,1.5,2,10,20,dog\nb c.png,,,,,\na.png,-3,0,70,40,cat\n"
    put(tmp_path, f"file,x1,y1,x2,y2,label\n{rows}")
    data = open_data(tmp_path)
    assert (data.classes, len(data)) == (("cat", "dog"), 2)
    rows = data.truth(0).instances
    assert (rows.boxes.tolist(), rows.labels.tolist()) == ([[1.5, 2, 10, 20], [0, 0, 60, 40]], [1, 0])
    assert data.truth(1).instances.boxes.shape == (0, 4)
    assert data[0].id == "images/a.png"


def test_a_column_of_splits(tmp_path: Path) -> None:
    put(tmp_path, "file,label,split\na.png,dog,train\nb c.png,cat,valid\n", "all.csv")
    assert splits(tmp_path) == ["train", "val"]
    data = open_data(tmp_path, "val")
    assert (data.classes, data.id(0), len(data)) == (("cat", "dog"), "images/b c.png", 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("file,label\na.png,dog\n\nb c.png\n", 4),
        ("file,label\na.png,dog\na.png,dog\n", 3),
        ("file,label\na.png,dog\nabsent.png,dog\n", 3),
        ("file,label\na.png,dog\n../a.png,dog\n", 3),
        ("file,label\na.png,dog\n/etc/passwd,dog\n", 3),
        ("file,label\na.png,dog\n,dog\n", 3),
        ("file,label\na.png,dog\nb c.png,\n", 3),
        ("file,label,split\na.png,dog,train\nb c.png,dog,\n", 3),
        ("file,cat\na.png,1\nb c.png,2\n", 3),
        *(
            (f"file,xmin,ymin,xmax,ymax,class\na.png,1,1,2,2,dog\n{row}\n", 3)
            for row in (
                "a.png,1,1,1,2,dog",
                "a.png,1,1,nan,2,dog",
                "a.png,70,1,80,2,dog",
                "a.png,1,1,2,2,",
                "a.png,x,1,2,2,dog",
            )
        ),
    ],
)
def test_defects_of_a_row(text: str, line: int, tmp_path: Path) -> None:
    file = put(tmp_path, text)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.line) == (str(file), line)
    told: list[DataError] = []
    assert len(open_csv(tmp_path, "train", told.append)) == 1
    assert [error.line for error in told] == [line]


def test_open_quotes(tmp_path: Path) -> None:
    file = put(tmp_path, 'file,label\na.png,dog\n"b c.png,dog\n')
    with pytest.raises(DataError, match="CSV") as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.line) == (str(file), 3)


def test_a_class_off_the_list(tmp_path: Path) -> None:
    put(tmp_path, "file,label\na.png,dog\nb c.png,cow\n")
    (tmp_path / "classes.txt").write_text("cat\ndog")
    with pytest.raises(DataError, match="'cow'") as caught:
        open_data(tmp_path)
    assert caught.value.line == 3


def test_two_tables_of_one_split(tmp_path: Path) -> None:
    file = put(tmp_path, "file,label\na.png,dog\n")
    put(tmp_path, "file,label\na.png,dog\n", "labels_train.csv")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert f"csv:{file}" in str(caught.value.cure)
    assert len(open_data(f"csv:{file}")) == 1


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "name,r,g,b\ncar,1,2,3\n", "file\na.png\n", "file,note\na.png,good\n"]
)
def test_tables_of_something_else(text: str, tmp_path: Path) -> None:
    put(tmp_path, text)
    with pytest.raises(DataError, match="expected data of the named format, found none"):
        open_data(f"csv:{tmp_path}")
