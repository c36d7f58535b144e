"""Layouts by what lies in them: two readings are refused with both; nothing takes another's place."""

import json
from pathlib import Path

import pytest
from PIL import Image

from made import coco_content, save_picture, write_coco
from saccade.core.errors import DataError, SaccadeError, UsageError
from saccade.data.datasets.splits.train_val import DataOptions, open_train_val
from saccade.data.left_out import reading_notes
from saccade.data.open import described, open_data, splits

XML = """<annotation><size><width>60</width><height>40</height></size><object><name>cat</name>
<bndbox><xmin>10</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"""
COCO = json.dumps(coco_content())
LABELS = "0 .5 .5 .1 .1\n"


def write(root: Path, *names: str) -> Path:
    """Pictures, and other files with what their suffix promises."""
    texts = {
        ".xml": XML,
        ".txt": LABELS,
        ".json": COCO,
        ".csv": "id,kind\n1,cat\n",
        ".py": "x = 1\n",
        ".yaml": "a: 1\n",
    }
    for seed, name in enumerate(names):
        file = root / name
        if "cvat" in name:
            file.write_text("<annotations><version>1.1</version></annotations>")
        elif file.suffix.lower() in texts or file.suffix == ".jsonl":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts.get(file.suffix.lower(), "{}\n"))
        else:
            save_picture(file, seed=seed)
    return root


AMBIGUOUS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a class called train, pictures below": (
        ("bus/cam0/1.png", "car/cam1/1.png", "train/cam0/1.png"),
        ("folder:ROOT/train", "classes:ROOT"),
    ),
    "a class called test, flat": (("tube/1.png", "test/1.png"), ("test/CLASS", "classes:ROOT")),
    "flat splits": (("train/cat.1.png", "test1/1.png"), ("train/CLASS", "classes:ROOT")),
    "a flat train beside a sorted val": (("train/1.png", "val/cat/1.png", "val/dog/1.png"), ("classes:ROOT",)),
    "Kaggle's folders within themselves": (
        ("seg_train/seg_train/sea/1.png", "seg_train/seg_train/ice/1.png", "seg_pred/seg_pred/1.png"),
        ("folder:ROOT/seg_train/seg_train", "classes:ROOT"),
    ),
    "one folder around all": (("set/cat/1.png", "set/dog/1.png"), ("folder:ROOT/set", "classes:ROOT")),
    "splits in classes": (("cat/train/1.png", "dog/train/1.png"), ("folder:ROOT/cat", "classes:ROOT")),
    "val and validation": (("train/a/1.png", "val/a/1.png", "validation/a/1.png"), ("val and validation",)),
    "labels of another folder": (("pics/1.png", "text/1.txt", "more/2.png"), ("labels/*.txt", "folder:ROOT")),
    "LabelMe's files": (("pics/1.png", "told/1.json"), ("told", "folder:ROOT")),
    "CVAT's file": (("photos/1.png", "annotations.cvat.xml"), ("datumaro:cvat:ROOT",)),
    "VOC one level down": (
        ("BCCD/JPEGImages/1.png", "BCCD/Annotations/1.xml", "dataset/x.png", "scripts/a.py"),
        ("voc:ROOT/BCCD", "folder:ROOT"),
    ),
    "VOC alone in a folder": (("BCCD/JPEGImages/1.png", "BCCD/Annotations/1.xml"), ("voc:ROOT/BCCD",)),
    "VOC two levels down": (("a/b/JPEGImages/1.png", "a/b/Annotations/1.xml"), ("voc:ROOT/a/b",)),
    "COCO of another name": (("pics/7.png", "labels/all.json"), ("coco:ROOT/labels/all.json",)),
    "a table beside flat splits": (("train/1.png", "test/2.png", "labels.csv"), ("labels.csv", "id, kind")),
    "a table that names nothing known": (("images/1.png", "labels.csv"), ("labels.csv", "id, kind")),
}


def test_masks_of_other_names_are_no_class(tmp_path: Path) -> None:
    write(tmp_path, *(f"photos/{n}.png" for n in range(3)))
    (tmp_path / "truth").mkdir()
    for n in range(3):
        Image.new("L", (60, 40), n).save(tmp_path / f"truth/{n}.png")
    with pytest.raises(DataError, match=r"(?s)masks in truth.*images/.*folder:"):
        open_data(tmp_path)


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_two_readings_are_refused_with_what_to_type_for_each(name: str, tmp_path: Path) -> None:
    files, told = AMBIGUOUS[name]
    write(tmp_path, *files)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert caught.value.cure
    assert [one for one in told if one.replace("ROOT", str(tmp_path)) not in str(caught.value)] == []


READ: dict[str, tuple[tuple[str, ...], list[str], tuple[str, ...]]] = {
    "VOC by its files": (("images/1.png", "annots/1.xml"), ["train"], ("cat",)),
    "VOC by its files, no name known": (("photos/1.png", "boxes/1.XML"), ["train"], ("cat",)),
    "VOC in splits by its files": (("train/pics/1.png", "train/xs/1.xml"), ["train"], ("cat",)),
    "YOLO in capitals": (("Images/train/1.JPG", "Labels/train/1.TXT"), ["train"], ("cat",)),
    "YOLO in capitals, in splits": (("train/IMAGES/1.PNG", "train/LABELS/1.txt"), ["train"], ("cat",)),
    "classes of an underscore": (("_background/1.png", "cat/1.png"), ["train"], ("_background", "cat")),
    "folders without pictures are no classes": (("cat/1.png", "dog/1.png", "docs/a.py"), ["train"], ("cat", "dog")),
    "a run and predictions are no classes": (
        ("cat/1.png", "dog/1.png", "runs/a/config.yaml", "runs/a/metrics.jsonl", "runs/a/look/1.png",
         "out/predictions.json", "out/drawn/1.png"), ["train"], ("cat", "dog")),
    "test without labels": (("train/a/1.png", "train/b/1.png", "test/1.png"), ["train"], ("a", "b")),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_content_decides(name: str, tmp_path: Path) -> None:
    files, parts, classes = READ[name]
    write(tmp_path, *files)
    if "YOLO" in name:
        (tmp_path / "classes.txt").write_text("cat\n")
    data = open_data(tmp_path)
    assert (splits(tmp_path), tuple(data.classes)) == (parts, classes)
    if "VOC" in name or "YOLO" in name:
        assert len(data.truth(0).instances) == 1  # pyright: ignore[reportArgumentType]


def test_the_classes_reading_takes_every_folder(tmp_path: Path) -> None:
    write(tmp_path, "bus/cam0/1.png", "car/1.png", "train/cam0/1.png", "train/cam1/1.png")
    assert (open_data(f"classes:{tmp_path}").classes, len(open_data(f"classes:{tmp_path}"))) == (
        ("bus", "car", "train"),
        4,
    )
    assert open_data(f"folder:{tmp_path}/train").classes == ("cam0", "cam1")


@pytest.mark.parametrize(
    "files",
    [
        ("images/val/1.png", "images/validation/1.png", "labels/val/1.txt", "labels/validation/1.txt"),
        ("val/1.png", "val/1.xml", "valid/1.png", "valid/1.xml"),
        ("val/images/1.png", "val/masks/1.png", "validation/images/1.png", "validation/masks/1.png"),
        ("JPEGImages/1.png", "Annotations/1.xml", "ImageSets/Main/val.txt", "ImageSets/Main/dev.txt"),
    ],
    ids=["yolo", "voc", "masks", "voc lists"],
)
def test_one_split_has_one_folder_in_every_format(files: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"split 'val'.*two, "):
        open_data(write(tmp_path, *files), "val")


def test_tables_that_are_not_understood_are_mentioned(tmp_path: Path) -> None:
    write(tmp_path, "cat/1.png", "dog/1.png", "meta.csv")
    assert any("meta.csv" in note and "id, kind" in note for note in reading_notes([open_data(tmp_path)]))


@pytest.mark.parametrize("split", ["test", "val", "testing"])
def test_a_split_that_is_not_there_is_refused(split: str, tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png", "train/b/1.png", "test/1.png")
    with pytest.raises(DataError, match="a split among train"):
        open_data(tmp_path, split)
    with pytest.raises(DataError, match="a split among train"):
        open_train_val(tmp_path, split, DataOptions())
    assert len(open_data(tmp_path, preferred="val")) == 2  # Nobody asked: data of one part are used whole.


def test_where_the_usual_split_is_not_there_the_flag_for_another_is_told(tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/1.png")
    with pytest.raises(DataError, match="found 'val', which is taken where none is named") as refused:
        open_data(tmp_path, preferred="val")
    assert refused.value.cure == "ask for 'train' or 'test' (--split test, where the command takes it)"
    with pytest.raises(DataError) as refused:
        open_data(tmp_path, "val")
    assert refused.value.cure == "ask for 'train' or 'test'"


def test_a_folder_of_a_built_in_name_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "scenes/cat/1.png", "scenes/dog/1.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"(?s)\./scenes.*scenes:"):
        open_data("scenes")
    assert open_data("./scenes").classes == open_data(Path("scenes")).classes == ("cat", "dog")
    assert len(open_data("scenes:", "val")) > 2
    assert (described(Path("scenes")), described("scenes:")) == ("./scenes", "scenes:")


def test_a_uri_that_is_also_a_file_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_coco(tmp_path / "set")
    (tmp_path / "coco:set").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SaccadeError, match=r"\./coco:set"):
        open_data("coco:set")


def test_a_json_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    save_picture(tmp_path / "images/a.png")
    person = {"image": "a.png", "joints": [[5, 5]] * 16, "joints_vis": [1] * 16, "center": [9, 9], "scale": 0.1}
    persons, results = tmp_path / "annot/valid.json", tmp_path / "results.json"
    persons.parent.mkdir()
    persons.write_text("\n " + json.dumps([person]))
    assert open_data(persons).fields >= {"pose", "person.scale"}
    results.write_text(json.dumps([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]))
    with pytest.raises(DataError, match="data of a known format"):
        open_data(results)
    broken = tmp_path / "broken.json"
    broken.write_text('{"images": []}')
    with pytest.raises(DataError, match="categories"):  # What begins as a document is refused as one.
        open_data(broken)
