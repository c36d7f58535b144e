"""What lies near the data and is not read is counted and named by all who read: checks, trainings, conversions."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from made import save_picture, write_coco
from saccade.core.errors import DataError
from saccade.data.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.open import open_data
from saccade.training.settings import TrainSettings
from saccade.training.setup.data import open_training_data


def sound(root: Path) -> Path:
    for name in ("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/dog/1.png"):
        save_picture(root / name, seed=sum(map(ord, name)))
    return root


def put(name: str, suffix: str = ".png") -> Callable[[Path], object]:
    """Puts a picture under a name that may promise something else."""

    def add(root: Path) -> None:
        save_picture(root / f"made{suffix}", seed=77)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"made{suffix}").rename(root / name)

    return add


def link(root: Path) -> None:
    save_picture(root.parent / "elsewhere/5.png", seed=77)
    (root / "train/cat/more").symlink_to(root.parent / "elsewhere")


# What is put near the data, the name that must be said, and whether it is a defect.
CASES: dict[str, tuple[Callable[[Path], object], str, bool]] = {
    "HEIC": (put("train/cat/2.HEIC"), "train/cat/2.HEIC", True),
    "camera raw": (put("val/dog/2.NEF"), "val/dog/2.NEF", True),
    "Photoshop": (put("train/dog/2.psd"), "train/dog/2.psd", True),
    "no suffix": (put("train/dog/photo"), "train/dog/photo", True),
    "a suffix nobody knows": (put("train/dog/a.jpg_large", ".jpg"), "train/dog/a.jpg_large", True),
    "loose in a split": (put("train/loose.png"), "train/loose.png", True),
    "loose in the data": (put("loose.png"), "loose.png", True),
    "a folder beside the splits": (put("extra/a/1.png"), "extra/a/1.png", True),
    "behind a link": (link, "train/cat/more", True),
    "a split without classes": (put("test/1.png"), "test/1.png", False),
    "a hidden folder": (put("train/.old/1.png"), "train/.old/1.png", False),
    "a hidden file": (put("train/cat/._1.png"), "train/cat/._1.png", False),
}


@pytest.mark.parametrize("name", CASES)
def test_every_reader_of_data_names_what_it_leaves_out(name: str, tmp_path: Path) -> None:
    add, called, is_defect = CASES[name]
    root = sound(tmp_path / "data")
    add(root)
    checked = check_data(root, workers=0)
    assert [str(Path(str(one.path)).relative_to(root)) for one in checked.defects] == ([called] if is_defect else [])
    assert is_defect or any(called in note and "1 picture" in note for note in checked.notes)
    opened = open_training_data(str(root), None, TrainSettings())
    assert any(called in note and "1 " in note for note in opened.notes)
    if is_defect:
        with pytest.raises(DataError, match=f"left_out: 1 .*{called}"):
            convert(root, tmp_path / "out", "folder")
    written = convert(root, tmp_path / "out", "folder", allow=["left_out"])
    assert sum(written.pictures.values()) == 4
    assert any(called in note for note in written.notes)


def test_nothing_is_said_where_nothing_is_left_out(tmp_path: Path) -> None:
    root = sound(tmp_path / "data")
    for name in ("train/notes.txt", "train/cat/Thumbs.db", "README"):
        (root / name).write_text("no picture")
    assert check_data(root, workers=0).defects == []
    assert open_training_data(str(root), None, TrainSettings()).notes == ()
    assert convert(root, tmp_path / "out", "folder").notes == ()


@pytest.mark.parametrize("suffix", [".jfif", ".JFIF", ".jpe", ".jif", ".pjpeg", ".JPG", ".dib", ".pnm"])
def test_every_spelling_of_a_read_format_is_read(suffix: str, tmp_path: Path) -> None:
    form = {".dib": "BMP", ".pnm": "PPM"}.get(suffix, "JPEG")
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (9, 6)).save(tmp_path / f"cat/1{suffix}", form)
    data = open_data(f"classes:{tmp_path}")
    assert data[0].image.shape == (3, 6, 9)


def test_formats_with_documents_tell_too(tmp_path: Path) -> None:
    root = write_coco(tmp_path)
    put("train/9.heic")(root)
    put("spare/8.png")(root)
    checked = check_data(root, workers=0)
    assert [Path(str(one.path)).name for one in checked.defects] == ["9.heic"]
    assert any("spare/8.png" in note for note in checked.notes)
