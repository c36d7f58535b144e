"""Files that must be exported or completed first are named, with what to do; they never stand in the way of others."""

import json
from pathlib import Path

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.open import open_data, splits

STUDIO = [{"id": 1, "data": {"image": "/data/upload/1.png"}, "annotations": [{"result": [{"from_name": "label"}]}]}]
VIA = {"1.png123": {"filename": "1.png", "regions": [{"shape_attributes": {"name": "rect"}}]}}
CVAT = '<annotations><version>1.1</version><image id="0" name="1.png"><box label="a"/></image></annotations>'


@pytest.mark.parametrize(
    ("name", "text", "said", "cure"),
    [
        ("tasks.json", json.dumps(STUDIO), "Label Studio", "export it as COCO"),
        ("images/tasks.json", json.dumps(STUDIO), "Label Studio", "export it as COCO"),
        ("via.json", json.dumps(VIA), "VIA", "COCO"),
        ("annotations.xml", CVAT, "CVAT's own form", "datumaro:cvat:DIR"),
        ("a.tfrecord", "", "TensorFlow", "COCO"),
        ("train.csv", "1.png,1,2,10,20,cat\n", "a row: '1.png,1,2,10,20,cat'", "'file,x1,y1,x2,y2,label'"),
        ("train.csv", "cat;1.png\ndog;1.png\n", "a row", "'label;file'"),
        ("train.tsv", "images\\1.png\t3\n", "a row", "'file\\tlabel'"),
        ("list.txt", "images/1.png,1,2,10,20,0\n", "a row", "SPLIT.csv"),
        ("train.csv", "file,label\n1.png,cat\n".encode("utf-16"), "UTF-16", "iconv"),
        ("result.json", json.dumps({"images": []}).encode("utf-16"), "UTF-16", "iconv"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_read_is_named(tmp_path: Path, name: str, text: str | bytes, said: str, cure: str) -> None:
    save_picture(tmp_path / "images/1.png")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert splits(tmp_path) == ["train"]
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert said in caught.value.found
    assert cure in str(caught.value.cure)
    assert caught.value.path == str(tmp_path / name)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "some notes, on 1.png\nmore\n", "", "file,label\n1.png,cat\n"])
def test_other_texts_are_not_accused(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.txt").write_text(text)
    with pytest.raises(DataError, match="known format"):
        open_data(tmp_path)


def test_what_is_read_goes_before(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        save_picture(tmp_path / name / "1.png")
    (tmp_path / "a.tfrecord").touch()
    assert open_data(tmp_path).classes == ("cat", "dog")
