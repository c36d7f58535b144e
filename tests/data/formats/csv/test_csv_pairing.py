"""What a table names and does not read is said; a name that fits two pictures is refused with both."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.formats.csv.reader import open_csv


def read(root: Path, text: str, *pictures: str) -> tuple[list[str], tuple[str, ...]]:
    for picture in pictures:
        save_picture(root / picture)
    (root / "train.csv").write_text(text)
    data = open_csv(root, "train")
    return [data.id(index) for index in range(len(data))], data.notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label,width,pose,truncated\na.png,cat,9,up,0\n", "the columns width, pose, truncated"),
        ("file,x1,y1,x2,y2,label,height\na.png,1,1,9,9,cat,40\n", "the column height"),
        ("file,cat,dog,id\na.png,1,0,7\n", "the column id"),
        ("file,label,tags\na.png,cat,wet\n", "the column tags"),
    ],
)
def test_columns_that_are_not_read_are_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in read(tmp_path, text, "a.png")[1][0]


def test_backslashes_are_read_and_said(tmp_path: Path) -> None:
    names, notes = read(tmp_path, "file,label\nsub\\a.png,cat\n", "images/sub/a.png")
    assert names == ["images/sub/a.png"]
    assert "is read as / in 1 rows" in notes[0]


@pytest.mark.parametrize("own", [False, True])
def test_a_name_of_two_pictures(tmp_path: Path, own: bool) -> None:
    pictures = ["images/a.png", "train/a.png", *["a.png"] * own]
    if own:  # Its whole name, from the table's folder, is that of one.
        assert read(tmp_path, "file,label\na.png,cat\n", *pictures)[0] == ["a.png"]
    else:
        with pytest.raises(DataError, match=r"images/a\.png and train/a\.png"):
            read(tmp_path, "file,label\na.png,cat\n", *pictures)
