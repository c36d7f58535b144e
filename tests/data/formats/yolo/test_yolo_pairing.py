"""Pictures, lists and labels of YOLO are paired by whole names; what fits in two ways is refused with both."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.formats.yolo.reader import open_yolo
from saccade.data.open import open_data


def put(root: Path, *names: str) -> None:
    for number, name in enumerate(names):
        save_picture(root / name)
        labels = root / name.replace("images/", "labels/")
        labels.parent.mkdir(parents=True, exist_ok=True)
        labels.with_suffix(".txt").write_text(f"{number % 2} .5 .5 .5 .5")


def read(
    root: Path, lines: str, yaml: str = "train: train.txt\nnames: [nut, bolt]"
) -> tuple[list[str], list[DataError]]:
    (root / "data.yaml").write_text(yaml)
    (root / "train.txt").write_text(lines)
    told: list[DataError] = []
    data = open_yolo(root, "train", told.append)
    return [data.id(index) for index in range(len(data))], told


@pytest.mark.parametrize(
    ("lines", "names", "faulty"),
    [
        ("/data/set/1.png\n/data/set/a/1.png\n/data/set/b/1.png", ["1.png", "a/1.png"], [3]),
        ("/x/a/1.png\n/x/a/2.png", ["a/1.png", "a/2.png"], []),
        ("a/1.png\nb/1.png\n1.png", ["a/1.png", "1.png"], [2]),
        ("C:\\set\\a\\1.png\r\nC:\\set\\a\\2.png", ["a/1.png", "a/2.png"], []),
        ("data/obj/a/1.png\ndata/obj/a/2.png", ["a/1.png", "a/2.png"], []),
        ("/one/a/1.png\n/one/a/2.png\n/two/1.png", ["a/1.png", "a/2.png", "1.png"], []),
        ("./a/1.png\na/1.png", ["a/1.png"], [2]),
        ("/x/1.png\n1.png", ["1.png"], [2]),
    ],
)
def test_a_list_is_read_by_one_beginning(tmp_path: Path, lines: str, names: list[str], faulty: list[int]) -> None:
    put(tmp_path, "1.png", "a/1.png", "a/2.png")
    found, told = read(tmp_path, lines)
    assert sorted(found) == sorted(names)
    assert [error.line for error in told] == faulty


def test_a_list_that_fits_in_two_ways_is_refused_with_both(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "a/1.png")
    with pytest.raises(DataError, match=r"a/1\.png or 1\.png|1\.png or a/1\.png") as caught:
        read(tmp_path, "/x/a/1.png")
    assert caught.value.line == 1


def test_what_was_taken_off_is_said(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "a/2.png")
    (tmp_path / "data.yaml").write_text("train: train.txt\nnames: [nut, bolt]")
    (tmp_path / "train.txt").write_text("D:\\set\\a\\1.png\nD:\\set\\a\\2.png")
    first, second = open_yolo(tmp_path, "train").notes
    assert "D:/set is taken off the paths of 2 lines" in first
    assert "\\ is read as /" in second


def test_a_list_that_leads_out_points_to_the_flag(tmp_path: Path) -> None:
    put(tmp_path / "set", "1.png")
    save_picture(tmp_path / "2.png")
    _, told = read(tmp_path / "set", f"1.png\n{tmp_path / '2.png'}")
    assert ["--allow-outside" in str(error.cure) for error in told] == [True]


def test_two_splits_of_one_folder(tmp_path: Path) -> None:
    put(tmp_path, "images/1.png")
    (tmp_path / "data.yaml").write_text("train: ../train/images\nval: ../valid/images\nnames: [nut]")
    data = open_data(tmp_path)
    said = [f"data.yaml: '../{name}/images' is read as 'images'" for name in ("train", "valid")]
    assert list(getattr(data, "notes", ())) == said
    with pytest.raises(DataError, match=r"'\.\./train/images' of train") as caught:
        open_data(tmp_path, "val")
    assert "--val 0.2" in str(caught.value.cure)


def test_two_pictures_of_one_label_file(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "images/b.png")
    save_picture(tmp_path / "images/a.bmp")
    (tmp_path / "classes.txt").write_text("nut\nbolt")
    told: list[DataError] = []
    data = open_yolo(tmp_path, "train", told.append)
    assert [data.id(index) for index in range(len(data))] == ["images/a.bmp", "images/b.png"]
    assert [error.found for error in told] == ["the labels of images/a.bmp and images/a.png"]


def test_a_place_that_fits_twice_by_its_tail_is_refused_with_both(tmp_path: Path) -> None:
    put(tmp_path, "set/images/1.png", "images/1.png")
    (tmp_path / "data.yaml").write_text("train: /home/me/set/images\nnames: [nut, bolt]")
    with pytest.raises(DataError, match="set/images or images"):
        open_data(tmp_path)


def test_windows_paths(tmp_path: Path) -> None:
    put(tmp_path, "images/train/1.png")
    text = "\ufeffpath: {}\r\ntrain: images\\train\r\nnames: [nut]\r\n"
    (tmp_path / "data.yaml").write_text(text.format("'C:\\Users\\me\\data'"), "utf-8")
    assert open_data(tmp_path).id(0) == "images/train/1.png"
    (tmp_path / "data.yaml").write_text(text.format('"C:\\Users\\me\\data"'), "utf-8")
    with pytest.raises(DataError, match="escape") as caught:
        open_data(tmp_path)
    assert "single quotes" in str(caught.value.cure)
