"""Folders of classes, with splits and without."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.image_folder.reader import open_folder, splits


def test_splits_share_the_classes_of_all(tmp_path: Path) -> None:
    for name in (
        "train/bees/1.png",
        "train/ants/é b.png",
        "train/ants/sub/0.png",
        "valid/wasps/x.JPG",
        "test/ants/q.png",
    ):
        save_picture(tmp_path / name)
    (tmp_path / "train/ants/notes.txt").write_text("no picture")
    (tmp_path / "train/ants/.hidden.png").write_text("no picture")
    assert splits(tmp_path) == ["train", "val", "test"]
    train, val = open_folder(tmp_path, "train"), open_folder(tmp_path, "val")
    assert isinstance(train, Dataset)
    assert train.classes == val.classes == ("ants", "bees", "wasps")
    assert [train.id(i) for i in range(len(train))] == [
        "train/ants/sub/0.png",
        "train/ants/é b.png",
        "train/bees/1.png",
    ]
    assert [int(train.truth(i).label) for i in range(3)] == [0, 0, 1]
    sample = val[0]
    assert (sample.id, sample.image.shape, int(sample.truth.label)) == ("valid/wasps/x.JPG", (3, 40, 60), 2)
    assert val.size(0) == (40, 60)
    assert train.classes_of(2) == {1}
    assert sample.truth.present() == train.fields


def test_without_splits_it_is_one(tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/2.png", "dog/3.png"):
        save_picture(tmp_path / name)
    assert splits(tmp_path) == ["train"]
    assert len(open_folder(tmp_path, "train")) == 3


def test_a_class_without_pictures_keeps_its_label(tmp_path: Path) -> None:
    save_picture(tmp_path / "train/b/1.png")
    (tmp_path / "train/a").mkdir()
    data = open_folder(tmp_path, "train")
    assert data.classes == ("a", "b")
    assert int(data.truth(0).label) == 1


def test_nothing_there(tmp_path: Path) -> None:
    assert splits(tmp_path) == []
    assert splits(tmp_path / "absent") == []
    with pytest.raises(DataError, match="found none"):
        open_folder(tmp_path, "train")


def test_a_picture_that_vanished_is_named(tmp_path: Path) -> None:
    save_picture(tmp_path / "a/1.png")
    data = open_folder(tmp_path, "train")
    (tmp_path / "a/1.png").unlink()
    with pytest.raises(DataError) as caught:
        data[0]
    assert caught.value.path == str(tmp_path / "a/1.png")


@pytest.mark.real_data
def test_hymenoptera(data_root: Path) -> None:
    train, val = (open_folder(data_root / "hymenoptera", split) for split in ("train", "val"))
    assert (len(train), len(val), train.classes) == (243, 77, ("ants", "bees"))
    for index in range(0, len(train), 40):
        assert train.size(index) == tuple(train[index].image.shape[1:])
