"""Forms that data take in the wild: other spellings, folders, encodings and tools than the formats' own."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.check import check_data
from saccade.data.open import open_data, splits

BOX = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"


def voc(*, name: str = "cat", head: str = "", size: str = "", file: str = "a.png") -> str:
    return f"{head}<annotation><filename>{file}</filename>{size}<object><name>{name}</name>{BOX}</object></annotation>"


def written(root: Path, files: dict[str, str | bytes]) -> Path:
    """Texts, and pictures where nothing is given."""
    for seed, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        else:
            save_picture(path, seed=seed)
    return root


@pytest.mark.parametrize("picture", ["a.Png", "a.PNG", "a.JPG", "a.jPeG"])
def test_suffixes_in_any_spelling(picture: str, tmp_path: Path) -> None:
    data = open_data(written(tmp_path, {"Annotations/a.xml": voc(), f"JPEGImages/{picture}": ""}))
    assert data.id(0) == f"JPEGImages/{picture}"
    assert len(data[0].truth.instances.boxes) == 1


def test_a_name_from_windows(tmp_path: Path) -> None:
    text = voc(file="C:\\data\\other.png")
    assert (
        open_data(written(tmp_path, {"Annotations/a.xml": text, "JPEGImages/other.png": ""})).id(0)[-9:] == "other.png"
    )


def test_folders_below_the_annotations(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"Annotations/s/a.xml": voc(), "JPEGImages/s/a.png": ""}
    files |= {"Annotations/t/a.xml": voc(name="dog"), "JPEGImages/t/a.png": ""}
    data = open_data(written(tmp_path, files))
    assert [data.id(place) for place in range(2)] == ["JPEGImages/s/a.png", "JPEGImages/t/a.png"]
    assert data.classes == ("cat", "dog")


def test_two_annotations_of_one_picture(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"Annotations/{name}/a.xml": voc() for name in "st"}
    with pytest.raises(DataError, match="of its own") as caught:
        open_data(written(tmp_path, files | {"JPEGImages/a.png": ""}))
    assert str(caught.value.path).endswith("t/a.xml")


def test_two_years_of_voc_are_not_taken_for_classes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for year in ("VOC2007", "VOC2012"):
        files |= {f"VOCdevkit/{year}/Annotations/a.xml": voc(), f"VOCdevkit/{year}/JPEGImages/a.png": ""}
    with pytest.raises(DataError, match="VOC2007, VOC2012"):
        open_data(written(tmp_path, files))
    assert len(open_data(tmp_path / "VOCdevkit/VOC2012")) == 1


def test_pictures_of_another_format_are_no_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="known format"):
        open_data(written(tmp_path, {"images/a.png": "", "masks/a.jpg": ""}))


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "shift_jis", "euc-kr", "windows-1252", "ISO-8859-1"])
def test_declared_encodings(encoding: str, tmp_path: Path) -> None:
    name = {"windows-1252": "chât", "ISO-8859-1": "chât", "euc-kr": "개"}.get(encoding, "猫")
    text = voc(name=name, head=f'<?xml version="1.0" encoding="{encoding}"?>').encode(encoding)
    assert open_data(written(tmp_path, {"Annotations/a.xml": text, "JPEGImages/a.png": ""})).classes == (name,)


def test_bytes_of_another_encoding_say_so(tmp_path: Path) -> None:
    text = voc(name="chât").encode("latin-1")
    with pytest.raises(DataError) as caught:
        open_data(written(tmp_path, {"Annotations/a.xml": text, "JPEGImages/a.png": ""}))
    assert "encoding" in str(caught.value.cure)
    head = b'<?xml version="1.0" encoding="gbk"?>\n'
    written(tmp_path, {"Annotations/a.xml": head + b"<annotation>\xff\xff</annotation>"})
    with pytest.raises(DataError, match="gbk") as caught:
        open_data(tmp_path)
    assert (caught.value.line, caught.value.path) == (2, str(tmp_path / "Annotations/a.xml"))


def test_a_picture_of_no_declared_size_keeps_its_objects_in_a_check(tmp_path: Path) -> None:
    text = voc(size="<size><width>0</width><height>0</height></size>")
    checked = check_data(written(tmp_path, {"Annotations/a.xml": text, "JPEGImages/a.png": ""}), workers=0)
    assert len(checked.defects) == 1
    assert len(checked.parts[0].data.truth(0).instances.boxes) == 1


def test_trainval_shares_its_pictures_and_a_leak_is_told_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"Annotations/{name}.xml": voc(file=f"{name}.png") for name in "abc"}
    files |= {f"JPEGImages/{name}.png": "" for name in "abc"}
    lists = {"train": "a\n", "val": "b\n", "trainval": "a\nb\n", "test": "c\n"}
    written(tmp_path, files | {f"ImageSets/Main/{name}.txt": text for name, text in lists.items()})
    assert check_data(tmp_path, workers=0).defects == []
    (tmp_path / "ImageSets/Main/test.txt").write_text("c\na\n")
    (defect,) = check_data(tmp_path, workers=0).defects
    assert str(defect.path).endswith("a.png")


YOLO: dict[str, str | bytes] = {"images/train/a.png": "", "labels/train/a.txt": "0 .5 .5 .2 .2\n"}


def test_a_yaml_file_of_another_name(tmp_path: Path) -> None:
    text = "path: ../datasets/coco8\ntrain: images/train\nnames:\n  0: cat\n"
    assert open_data(written(tmp_path, YOLO | {"coco8.yaml": text, "other.yml": "a: 1\n"})).classes == ("cat",)


@pytest.mark.parametrize(("names", "pointer"), [("[no, yes]", "/names/0"), ("{0: cat, 1: on}", "/names/1")])
def test_names_that_yaml_takes_for_truth_values(names: str, pointer: str, tmp_path: Path) -> None:
    root = written(tmp_path, YOLO | {"data.yaml": f"train: images/train\nnames: {names}\n"})
    with pytest.raises(DataError, match="name of a class") as caught:
        open_data(root)
    assert caught.value.pointer == pointer
    (root / "data.yaml").write_text("train: images/train\nnames: ['no', 'yes', 3]\n")
    assert open_data(root).classes == ("no", "yes", "3")


def test_a_yaml_file_without_names_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'names'"):
        open_data(written(tmp_path, YOLO | {"data.yaml": "train: images/train\n"}))


def test_tables_of_other_tools(tmp_path: Path) -> None:
    pictures: dict[str, str | bytes] = {"a.png": "", "b.png": ""}
    root = written(tmp_path, pictures | {"train.tsv": "img_path\tclass_name\na.png\tcat\nb.png\tdog, big\n"})
    assert splits(root) == ["train"]
    assert open_data(root).classes == ("cat", "dog, big")
    (root / "train.tsv").unlink()
    written(root, {"train.csv": "file,cat,dog\na.png,1.0,0.0\nb.png,,1.0\n"})
    assert [open_data(root).truth(place).labels.tolist() for place in range(2)] == [[1, 0], [-1, 1]]
    written(root, {"train.csv": "file,label\na.png,chât\n".encode("latin-1")})
    with pytest.raises(DataError, match="UTF-8") as caught:
        open_data(root)
    assert caught.value.line == 2


def test_names_in_two_forms_of_accents(tmp_path: Path) -> None:
    written(tmp_path, {"train/e\u0301t\u00e9/a.png": "", "train/\u00e9t\u00e9/b.png": "", "train/x/c.png": ""})
    assert any("form of accents" in note for note in check_data(tmp_path, workers=0).notes)
