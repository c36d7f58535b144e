"""Pictures beside masks: the class of each pixel, and every value that is none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.masks.reader import MaskFolder, open_masks
from saccade.data.open import open_data, splits

VALUES = np.zeros((40, 60), np.uint8)
VALUES[:, 20:40], VALUES[:, 40:] = 1, 255
PALETTE = np.array([(10, 20, 30), (200, 0, 0), *[(0, 0, 0)] * 254], np.uint8)


def put_mask(path: Path, values: np.ndarray = VALUES, palette: np.ndarray | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(values)
    if palette is not None:
        image.putpalette(palette.flatten().tolist())
    image.save(path)
    return path


def put(root: Path, picture: str = "images/a.png", mask: str = "masks/a.png", classes: str = "road\ncar\n") -> Path:
    save_picture(root / picture)
    (root / "classes.txt").write_text(classes)
    return put_mask(root / mask)


def found(data: MaskFolder, index: int = 0) -> list[int]:
    return data.truth(index).semantic[0, [0, 20, 59]].tolist()


def test_numbers(tmp_path: Path) -> None:
    put(tmp_path)
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), data.classes, data.fields) == (["train"], ("road", "car"), {"semantic"})
    sample = data[0]
    assert (sample.id, sample.image.shape) == ("images/a.png", (3, 40, 60))
    assert sample.truth.semantic.dtype.is_floating_point is False
    assert (sample.truth.semantic.numpy() == VALUES).all()
    assert (data.truth(0).semantic == sample.truth.semantic).all()
    assert (data.classes_of(0), data.size(0)) == ({0, 1}, (40, 60))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_depths_and_palettes(kind: type, tmp_path: Path) -> None:
    mask = put(tmp_path)
    put_mask(mask, VALUES.astype(kind))
    assert found(open_data(tmp_path)) == [0, 1, 255]
    put_mask(mask, VALUES, PALETTE)
    assert found(open_data(tmp_path)) == [0, 1, 255]


def test_colours(tmp_path: Path) -> None:
    mask = put(tmp_path, classes="void 0 0 0\ncar 200 0 0\nwide road 10 20 30\n")
    for written in (lambda: put_mask(mask, PALETTE[VALUES]), lambda: put_mask(mask, VALUES, PALETTE)):
        written()
        data = open_data(tmp_path)
        assert data.classes == ("car", "wide road")
        assert found(data) == [1, 0, 255]
    put_mask(mask, np.dstack([PALETTE[VALUES], np.full((40, 60), 9, np.uint8)]))
    assert found(open_data(tmp_path)) == [1, 0, 255]


def test_black_and_white(tmp_path: Path) -> None:
    mask = put(tmp_path)
    put_mask(mask, np.where(VALUES == 1, 255, 0).astype(np.uint8))
    with pytest.raises(DataError, match="255 is ignored") as caught:
        open_data(tmp_path)
    assert "car 255 255 255" in str(caught.value.cure)
    (tmp_path / "classes.txt").write_text("road 0 0 0\ncar 255 255 255")
    assert found(open_data(tmp_path)) == [0, 1, 0]


@pytest.mark.parametrize(
    ("picture", "mask", "split"),
    [
        ("train/images/a.png", "train/labels/a.png", "train"),
        ("images/validation/a.png", "annotations/validation/a.png", "val"),
        ("test/a.jpg", "testannot/a.png", "test"),
        ("val/a.jpg", "val_labels/a_L.png", "val"),
        ("images/deep/a.jpg", "masks/deep/a_mask.png", "train"),
    ],
)
def test_layouts(picture: str, mask: str, split: str, tmp_path: Path) -> None:
    put(tmp_path, picture, mask)
    assert splits(tmp_path) == [split]
    assert open_data(f"masks:{tmp_path}", split).id(0) == picture


def test_unknown_numbers(tmp_path: Path) -> None:
    mask = put(tmp_path)
    for kind in (np.uint8, np.uint16):
        wrong = VALUES.astype(kind)
        wrong[:3, 0], wrong[39, 0] = 7, 30
        put_mask(mask, wrong)
        data = open_data(tmp_path)
        with pytest.raises(DataError, match=r"0\.\.1, 255, found 7 \(3 pixels\), 30 \(1 pixels\)") as caught:
            data.truth(0)
        assert caught.value.path == str(mask)


def test_unknown_colours(tmp_path: Path) -> None:
    mask = put(tmp_path, classes="road 10 20 30\ncar 200 0 0\n")
    put_mask(mask, PALETTE[VALUES])
    with pytest.raises(DataError, match=r"\(0, 0, 0\) \(800 pixels\)"):
        open_data(tmp_path).truth(0)
    (tmp_path / "classes.txt").write_text("road\ncar\n")
    with pytest.raises(DataError, match="no colours are listed"):
        open_data(tmp_path).truth(0)


def test_another_size(tmp_path: Path) -> None:
    mask = put_mask(put(tmp_path), VALUES[:, :50])
    for read in (lambda: open_data(tmp_path).truth(0), lambda: open_data(tmp_path)[0]):
        with pytest.raises(DataError, match=r"60x40.*50x40") as caught:
            read()
        assert caught.value.path == str(mask)


@pytest.mark.parametrize("data", [b"", b"text", b"cut"])
def test_masks_that_cannot_be_read(data: bytes, tmp_path: Path) -> None:
    mask = put(tmp_path)
    mask.write_bytes(mask.read_bytes()[:60] if data == b"cut" else data)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path).truth(0)
    assert caught.value.path == str(mask)


def test_jpeg_under_a_png_name(tmp_path: Path) -> None:
    mask = put(tmp_path)
    Image.fromarray(VALUES).save(mask, "JPEG")
    with pytest.raises(DataError, match="exact values"):
        open_data(tmp_path).truth(0)


def test_pictures_and_masks_without_partners(tmp_path: Path) -> None:
    put(tmp_path)
    save_picture(tmp_path / "images/b.png")
    put_mask(tmp_path / "masks/c.png")
    told: list[DataError] = []
    assert len(open_masks(tmp_path, "train", told.append)) == 1
    assert [Path(error.path or "").name for error in told] == ["b.png", "c.png"]
    with pytest.raises(DataError):
        open_data(tmp_path)


@pytest.mark.parametrize(
    ("classes", "line"), [("road\ncar\nroad\n", 3), ("road 1 1 1\ncar 1 1 1\n", 2), ("\n\n", None), ("a\n\xff\n", 2)]
)
def test_defects_of_the_list(classes: str, line: int | None, tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "classes.txt").write_bytes(classes.encode("latin-1"))
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "classes.txt"), line)


def test_no_list(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "classes.txt").unlink()
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert "classes.txt" in str(caught.value.cure)


@pytest.mark.real_data
def test_streets(data_root: Path) -> None:
    train, val = (open_data(data_root / "camvid", split) for split in ("train", "val"))
    assert (len(train), len(val), len(train.classes)) == (367, 101, 11)
    assert train[0].truth.semantic.shape == (360, 480)
    assert train.truth(5).semantic.unique().max() == 255
