"""Names that lead out of the data's folder: refused, unless the user allows them."""

import json
from pathlib import Path
from threading import Thread

import pytest

from made import coco_content, save_picture, write_coco
from saccade.core.errors import DataError
from saccade.data.open import open_data, splits
from saccade.safe_io.paths import leaving_allowed, may_leave, plain_name


def coco_elsewhere(root: Path, name: str) -> Path:
    content = coco_content()
    content["images"][1]["file_name"] = name
    write_coco(root)
    (root / "annotations/instances_train.json").write_text(json.dumps(content))
    return root


@pytest.mark.parametrize("kind", ["climbing", "absolute", "link"])
def test_coco(kind: str, tmp_path: Path) -> None:
    save_picture(tmp_path / "elsewhere/x.png")
    names = {"climbing": "../../elsewhere/x.png", "absolute": str(tmp_path / "elsewhere/x.png"), "link": "x.png"}
    root = coco_elsewhere(tmp_path / "data", names[kind])
    if kind == "link":
        (root / "train/x.png").symlink_to(tmp_path / "elsewhere/x.png")
    with pytest.raises(DataError, match="allow-outside"):
        open_data(root)[1]
    data = open_data(root, allow_outside=True)
    assert data[1].image.shape == (3, 40, 60)
    assert data.path(1).resolve() == tmp_path / "elsewhere/x.png"
    assert not leaving_allowed()


def test_tables(tmp_path: Path) -> None:
    save_picture(tmp_path / "elsewhere/x.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.csv").write_text(f"file,label\n{tmp_path}/elsewhere/x.png,ant\n")
    with pytest.raises(DataError, match="absolute"):
        open_data(tmp_path / "data")
    assert open_data(tmp_path / "data", allow_outside=True)[0].image.shape == (3, 40, 60)


def test_yolo(tmp_path: Path) -> None:
    save_picture(tmp_path / "elsewhere/images/x.png")
    labels = tmp_path / "elsewhere/labels/x.txt"
    labels.parent.mkdir()
    labels.write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/data.yaml").write_text("path: ../elsewhere\ntrain: images\nnames: [ant]\n")
    with pytest.raises(DataError, match="expected"):
        open_data(tmp_path / "data")
    assert splits(tmp_path / "data", allow_outside=True) == ["train"]
    data = open_data(tmp_path / "data", allow_outside=True)
    assert data[0].truth.instances.boxes.tolist() == [[15, 10, 45, 30]]


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_no_name_stays_no_name(name: str) -> None:
    with may_leave(True), pytest.raises(DataError, match="no name"):
        plain_name(name)


def test_what_one_thread_may_another_may_not() -> None:
    seen: list[bool] = []
    with may_leave(True):
        thread = Thread(target=lambda: seen.append(leaving_allowed()))
        thread.start()
        thread.join()
    assert seen == [False]
