"""What a person types leads to their data, or to an error that says what could be typed."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from made import Memory, save_picture, write_coco
from saccade.core.errors import DataError, SaccadeError, UsageError
from saccade.data import open as opening
from saccade.data.formats.coco.reader import Coco
from saccade.data.formats.image_folder.reader import ImageFolder
from saccade.data.open import open_data, splits


def test_formats_are_recognised_and_named(tmp_path: Path) -> None:
    coco, folder = write_coco(tmp_path / "coco"), tmp_path / "folder"
    for name in ("train/a/1.png", "val/b/2.png"):
        save_picture(folder / name)
    assert isinstance(open_data(coco), Coco)
    assert isinstance(open_data(str(folder), "val"), ImageFolder)
    assert isinstance(open_data(f"coco:{coco}"), Coco)
    assert isinstance(open_data(f"coco:{coco}/annotations/instances_train.json"), Coco)
    assert len(open_data(f"folder:{folder}", "validation")) == 1
    assert (splits(coco), splits(f"folder:{folder}")) == (["train"], ["train", "val"])


def test_a_data_set_is_given_back() -> None:
    data = Memory(3)
    assert open_data(data) is data
    assert splits(data) == []


def test_an_unknown_split_lists_those_that_exist(tmp_path: Path) -> None:
    for name in ("train/a/1.png", "val/b/2.png"):
        save_picture(tmp_path / name)
    with pytest.raises(DataError, match="train, val") as caught:
        open_data(tmp_path, "tset")
    assert caught.value.path == str(tmp_path)


def test_data_of_one_split_are_used_whole(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/2.png"):
        save_picture(tmp_path / name)
    assert len(open_data(tmp_path)) == len(open_data(tmp_path, preferred="val")) == 2
    for split in ("val", "autumn"):
        with pytest.raises(DataError):
            open_data(tmp_path, split)


@pytest.mark.parametrize("source", ["absent", "coco:absent", "."])
def test_nothing_to_open(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        open_data(source)
    assert caught.value.cure


def test_what_was_looked_for_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert all(word in str(caught.value.cure) for word in ("COCO", "ImageFolder"))
    with pytest.raises(DataError, match="named format"):
        open_data(f"coco:{tmp_path}")


@pytest.mark.parametrize(
    "uri", ["scenes:count", "scenes:count=", "scenes:count=-1", "scenes:sized=9", "scenes:seed=1,seed=2"]
)
def test_malformed_scenes(uri: str) -> None:
    with pytest.raises(UsageError):
        open_data(uri)


def test_unknown_format_lists_the_known() -> None:
    with pytest.raises(UsageError, match=r"coco, .*folder, scenes"):
        open_data("coca:somewhere")


def test_scenes() -> None:
    train, val = (open_data("scenes:count=7,size=32,seed=3", split) for split in ("train", "val"))
    assert (len(train), len(val), splits("scenes")) == (7, 50, ["train", "val"])
    assert train[0].image.shape == (3, 32, 32)
    assert not {train.id(i) for i in range(7)} & {val.id(i) for i in range(50)}
    with pytest.raises(DataError):
        open_data("scenes", "test")


def read_pairs(path: Path, split: str) -> Memory:
    return Memory(len(split))


def pair_splits(path: Path) -> list[str]:
    return ["left", "right"] if (path / "pairs").exists() else []


class TestReadersOfOtherPackages:
    @pytest.fixture(autouse=True)
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = EntryPoint("pairs", f"{__name__}:read_pairs", "saccade.readers")
        monkeypatch.setattr(EntryPoint, "load", lambda self: read_pairs)
        monkeypatch.setattr(opening, "entry_points", lambda group: [entry] if group == "saccade.readers" else [])

    def test_by_name(self, tmp_path: Path) -> None:
        assert len(open_data(f"pairs:{tmp_path}", "anything")) == len("anything")
        assert splits(f"pairs:{tmp_path}") == []

    def test_by_evidence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(read_pairs, "splits", pair_splits, raising=False)
        (tmp_path / "pairs").touch()
        assert len(open_data(tmp_path, "right")) == 5
        save_picture(tmp_path / "a/1.png")
        assert len(open_data(tmp_path, "left")) == 4
        write_coco(tmp_path)
        with pytest.raises(SaccadeError) as caught:
            open_data(tmp_path)
        assert f"coco:{tmp_path} or pairs:{tmp_path}" in str(caught.value.cure)
