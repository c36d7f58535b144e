"""Files of every format, chopped and garbled: rows that say what and where, never a traceback."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made import save_picture, write_coco
from saccade.data.check import check_data
from saccade.data.formats.common import image_files as pictured


def coco(root: Path) -> Path:
    return write_coco(root) / "annotations" / "instances_train.json"


def voc(root: Path) -> Path:
    save_picture(root / "JPEGImages" / "1.png")
    (root / "Annotations").mkdir()
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>30</ymax></bndbox>"
    size = "<size><width>60</width><height>40</height></size>"
    (root / "Annotations" / "1.xml").write_text(
        f"<annotation>{size}<object><name>ant</name>{box}</object></annotation>"
    )
    return root / "Annotations" / "1.xml"


def yolo_yaml(root: Path) -> Path:
    save_picture(root / "images" / "1.png")
    (root / "labels").mkdir()
    (root / "labels" / "1.txt").write_text("0 .5 .5 .2 .2\n1 .1 .1 .2 .2 .3 .1\n")
    (root / "data.yaml").write_text("names: [ant, bee]\ntrain: images\nnc: 2\n")
    return root / "data.yaml"


def yolo_lines(root: Path) -> Path:
    return yolo_yaml(root).parent / "labels" / "1.txt"


def csv(root: Path) -> Path:
    save_picture(root / "1.png")
    (root / "train.csv").write_text('file,x1,y1,x2,y2,label\n"1.png",1,2,30,30,ant\n1.png,3,4,10,10,"bee"\n')
    return root / "train.csv"


def mask(root: Path) -> Path:
    save_picture(root / "images" / "1.png")
    (root / "masks").mkdir()
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(root / "masks" / "1.png")
    (root / "classes.txt").write_text("sky\nroad\n")
    return root / "masks" / "1.png"


@pytest.mark.parametrize("make", [coco, voc, yolo_yaml, yolo_lines, csv, mask])
def test_damage_gives_rows(make: Callable[[Path], Path], tmp_path: Path):
    file = make(tmp_path)
    assert check_data(tmp_path, workers=0).defects == []
    whole, dice = file.read_bytes(), random.Random(0)
    bad = 0
    for turn in range(24):
        damaged = bytearray(whole[: len(whole) * turn // 12] if turn < 12 else whole)
        for _ in range(3 if turn >= 12 else 0):
            damaged[dice.randrange(len(damaged))] = dice.choice(b'09"{}[],.<>/- \n\x00\xff')
        file.write_bytes(damaged)
        defects = check_data(tmp_path, workers=0).defects
        assert all(defect.found and defect.expected and defect.cure for defect in defects)
        bad += bool(defects)
    assert bad >= 12


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("left", [200, 0.5, -2])
def test_pictures_cut_anywhere_are_found(suffix: str, left: float, tmp_path: Path):
    file = tmp_path / "photos" / "a" / f"x.{suffix}"
    save_picture(file)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * left) if left == 0.5 else int(left)])
    (defect,) = check_data(tmp_path / "photos", workers=0).defects
    assert defect.path == str(file)


def test_a_mask_that_lacks_its_end_is_cut(tmp_path: Path):
    file = mask(tmp_path)
    file.write_bytes(file.read_bytes()[:-2])
    (defect,) = check_data(tmp_path, workers=0).defects
    assert (defect.path, defect.expected) == (str(file), "a whole PNG")


def test_films_and_tiny_pictures_are_noted(tmp_path: Path):
    folder = tmp_path / "a"
    folder.mkdir()
    frames = [Image.effect_noise((30, 30), 10 * k) for k in range(1, 4)]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:])
    save_picture(folder / "tiny.png", 4, 9)
    checked = check_data(tmp_path, workers=0)
    assert checked.defects == []
    assert checked.notes[0].startswith("train: one class alone, a")
    assert checked.notes[1:] == [
        "1 picture: 3 frames found, the first one is used: a/film.gif",
        "1 picture with a side below 16 pixels: a/tiny.png",
    ]


def test_a_picture_that_several_samples_show_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_picture(tmp_path / "1.png")
    (tmp_path / "train.csv").write_text("file,label\n1.png,ant\n")
    (tmp_path / "val.csv").write_text("file,label\n1.png,ant\n")
    read: list[Path] = []
    read_picture = pictured.read_picture

    def counted(path: Path, *rest: object, **named: object) -> object:
        read.append(path)
        return read_picture(path, *rest, **named)

    monkeypatch.setattr(pictured, "read_picture", counted)
    (defect,) = check_data(tmp_path, workers=0).defects
    assert defect.found == "the same file as 1.png of train"
    assert read == [tmp_path / "1.png"]
