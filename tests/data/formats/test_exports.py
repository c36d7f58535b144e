"""What annotation tools export as YOLO and Pascal VOC opens at once; their COCO is tried beside COCO's own tests."""

from pathlib import Path

import pytest

from made import save_picture
from saccade.data.check.check import check_data
from saccade.data.open import open_data, splits

BOX = "<bndbox><xmin>1.5</xmin><ymin>2</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"
XML = (
    "<annotation><folder></folder><filename>a.png</filename><source><database>Unknown</database></source>"
    "<size><width>60</width><height>40</height><depth></depth></size><segmented>0</segmented>"
    f"<object><name>nut</name><occluded>0</occluded><difficult>0</difficult>{BOX}</object></annotation>"
)
LINE = "0 0.5 0.5 0.2 0.2\n"

EXPORTS = {
    "label-studio-yolo": (
        "images/a.png",
        {"labels/a.txt": LINE, "classes.txt": "nut\nbolt\n", "notes.json": '{"categories": [], "info": {}}'},
    ),
    "label-studio-voc": ("images/a.png", {"Annotations/a.xml": XML}),
    "cvat-yolo": (
        "obj_train_data/a.png",
        {
            "obj_train_data/a.txt": LINE,
            "obj.names": "nut\nbolt\n",
            "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
            "train.txt": "data/obj_train_data/a.png\n",
        },
    ),
    "cvat-ultralytics": (
        "images/train/a.png",
        {
            "labels/train/a.txt": LINE,
            "data.yaml": "names:\n  0: nut\n  1: bolt\npath: .\ntrain: train.txt\n",
            "train.txt": "data/images/train/a.png\n",
        },
    ),
    "cvat-voc": (
        "JPEGImages/a.png",
        {
            "Annotations/a.xml": XML,
            "ImageSets/Main/default.txt": "a\n",
            "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\nnut:1,2,3::\n",
        },
    ),
    "roboflow-yolo": (
        "train/images/a.png",
        {
            "train/labels/a.txt": LINE,
            "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\n"
            "names: ['nut', 'bolt']\n",
        },
    ),
    "roboflow-voc": ("train/a.png", {"train/a.xml": XML}),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_opens_at_once(tmp_path: Path, name: str) -> None:
    picture, files = EXPORTS[name]
    save_picture(tmp_path / picture)
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    data = open_data(tmp_path)
    assert (data.id(0), len(data), data.classes[0]) == (picture, 1, "nut")
    assert len(data.truth(0).instances or ()) == 1
    if name == "roboflow-yolo":  # Splits that were not taken along are told when they are asked for.
        assert splits(tmp_path) == ["train", "val", "test"]
        assert len(check_data(tmp_path, quick=True, workers=0).defects) == 2
    else:
        assert len(splits(tmp_path)) == 1
        assert check_data(tmp_path, workers=0).defects == []
