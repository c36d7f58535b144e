"""Each form of data that gives classes of pixels is checked, drawn and learnt from by one command."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from scipy.sparse import csc_matrix

from made import coco_content, save_picture, write_coco
from saccade.cli import main
from saccade.data.formats.voc.pixels import voc_colour
from saccade.data.open import open_data

SIZE = (40, 60)
SMALL = ["--width", "0.0625", "--size", "32", "--padding", "same", "--steps", "2", "--batch", "2", "--workers", "0"]
CAT = """<annotation><filename>{0}.png</filename><size><width>60</width><height>40</height><depth>3</depth></size>
<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object>
</annotation>"""


def pixels() -> np.ndarray:
    """Background, a thing of class 1 and its rim, which nobody knows."""
    values = np.zeros(SIZE, np.uint8)
    values[:21, :21], values[:20, :20] = 255, 1
    return values


def coco(root: Path) -> str:
    content = coco_content()
    content["annotations"] = [one for one in content["annotations"] if "segmentation" in one and not one["iscrowd"]]
    for one in content["annotations"]:
        one["bbox"] = one["bbox"] if one["id"] == 11 else [50, 30, 10, 10]
    write_coco(root, content)
    return f"coco:{root}"


def voc(root: Path) -> str:
    palette = [part for number in range(256) for part in voc_colour(number)]
    (root / "Annotations").mkdir()
    (root / "SegmentationClass").mkdir()
    for name, listed in (("Main", "0 1 2 3"), ("Segmentation", "0 1")):
        (root / "ImageSets" / name).mkdir(parents=True)
        (root / "ImageSets" / name / "train.txt").write_text(listed.replace(" ", "\n"))
    for number in range(4):
        save_picture(root / f"JPEGImages/{number}.png", seed=number)
        (root / f"Annotations/{number}.xml").write_text(CAT.format(number))
    for number in range(2):
        image = Image.fromarray(pixels())
        image.putpalette(palette)
        image.save(root / f"SegmentationClass/{number}.png")
    return f"voc:{root}/ImageSets/Segmentation"


def context(root: Path) -> str:
    (root / "trainval").mkdir()
    values = pixels().astype(np.uint16)
    values[values == 255] = 0  # no class, which is ignored
    values[30:] = 2
    for number in range(2):
        save_picture(root / f"JPEGImages/{number}.png", seed=number)
        savemat(root / f"trainval/{number}.mat", {"LabelMap": values})
    (root / "labels.txt").write_text("1: cat\n2: floor\n3: wall\n")
    (root / "59_labels.txt").write_text("1: cat\n2: floor\n")
    return f"context:{root}"


def sbd(root: Path) -> str:
    (root / "cls").mkdir()
    edges = np.empty((20, 1), object)
    for k in range(20):
        edges[k, 0] = csc_matrix(np.zeros(SIZE))
    for number in range(2):
        save_picture(root / f"img/{number}.png", seed=number)
        record = {"Segmentation": pixels(), "Boundaries": edges, "CategoriesPresent": [[1]]}
        savemat(root / f"cls/{number}.mat", {"GTcls": record})
    return f"sbd:{root}"


FORMS: dict[str, tuple[Callable[[Path], str], int, set[str]]] = {
    "coco": (coco, 3, {"ant", "bee", "cat", "background"}),
    "voc": (voc, 2, {"cat", "background"}),
    "context": (context, 2, {"cat", "floor", "background"}),
    "sbd": (sbd, 2, {"aeroplane", "dog", "background"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_checked_drawn_and_learnt_by_one_command(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, count, names = FORMS[form]
    (root := tmp_path / "data").mkdir()
    data = made(root)
    assert len(open_data(data)) == count
    assert main(["data", "check", data]) == 0
    assert "no defects" in capsys.readouterr().out
    sheet = tmp_path / "sheet.png"
    assert main(["data", "draw", data, "--system", "unet", "--size", "32", "--out", str(sheet)]) == 0
    with Image.open(sheet) as drawn:
        colours = np.asarray(drawn.convert("RGB")).reshape(-1, 3)
        assert len(np.unique(colours, axis=0)) > 100
    out = tmp_path / "run"
    assert main(["train", "unet", "--data", data, "--out", str(out), *SMALL]) == 0
    said = "".join(capsys.readouterr())
    assert ("painted from the objects' masks" in said) == (form == "coco")
    assert names <= set((out / "config.yaml").read_text().replace("- ", "").replace(" ", "").split("\n"))
    if form == "coco":
        assert main(["evaluate", str(out), "--data", data, "--json"]) == 0
        assert '"miou"' in capsys.readouterr().out
