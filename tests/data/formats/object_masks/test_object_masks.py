"""Pictures beside maps of their objects: holes and parts stay, and what no other format can hold is said."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from made import save_picture
from saccade.cli import main
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.data.convert.convert import convert
from saccade.data.open import open_data
from saccade.runtime.predict.polygons import write_polygons

# Of 40 x 60 pixels: a ring with an island in its hole, of one number; another object in the hole; two parts; a corner.
IDS = np.zeros((40, 60), np.uint8)
IDS[4:24, 4:24], IDS[8:20, 8:20], IDS[10:12, 10:12], IDS[14:18, 13:18] = 1, 0, 1, 2
IDS[30:35, 5:9], IDS[28:33, 40:50], IDS[38:, 58:] = 3, 3, 7


def made(root: Path, values: np.ndarray = IDS, mask: str = "masks/a.png", picture: str = "images/a.png") -> Path:
    save_picture(root / picture)
    (root / mask).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(root / mask)
    return root


def dense(source: str, index: int = 0) -> torch.Tensor:
    return open_data(source, allow_outside=True).truth(index).instances.masks.dense()


WANTED = torch.from_numpy(np.stack([number == IDS for number in (1, 2, 3, 7)]))


def test_each_number_is_one_object_with_its_holes_and_parts(tmp_path: Path) -> None:
    data = open_data(f"object_masks:{made(tmp_path)}")
    rows = data.truth(0).instances
    assert torch.equal(rows.masks.dense(), WANTED)
    assert rows.boxes.tolist() == [[4, 4, 24, 24], [13, 14, 18, 18], [5, 28, 50, 35], [58, 38, 60, 40]]
    assert rows.area.tolist() == [int((number == IDS).sum()) for number in (1, 2, 3, 7)]
    assert (data.classes, rows.labels.tolist(), rows.crowd.any().item()) == (("object",), [0] * 4, False)
    (tmp_path / "classes.txt").write_text("person\n")
    assert open_data(f"object_masks:{tmp_path}").classes == ("person",)


@pytest.mark.parametrize("kind", ["colours", "palette", "16 bits"])
def test_a_colour_an_object(kind: str, tmp_path: Path) -> None:
    made(tmp_path)
    if kind == "palette":
        image = Image.fromarray(IDS)
        image.putpalette([0, 0, 0, *range(1, 25)])
        image.save(tmp_path / "masks/a.png")
    else:
        colours = np.stack([IDS * 20, IDS * 3, IDS], 2)
        Image.fromarray(colours if kind == "colours" else IDS.astype(np.uint16) * 300).save(tmp_path / "masks/a.png")
    assert torch.equal(dense(f"object_masks:{tmp_path}"), WANTED)


def test_penn_fudan_s_own_names(tmp_path: Path) -> None:
    made(tmp_path, mask="PedMasks/FudanPed1_mask.png", picture="PNGImages/FudanPed1.png")
    assert torch.equal(dense(f"object_masks:{tmp_path}"), WANTED)
    with pytest.raises(DataError, match=r"object_masks:"):
        open_data(tmp_path)


def test_a_picture_may_show_nothing_and_255_is_ignored(tmp_path: Path) -> None:
    made(tmp_path, IDS * 0)
    rows = open_data(f"object_masks:{tmp_path}").truth(0).instances
    assert (len(rows), rows.boxes.shape, len(rows.masks)) == (0, (0, 4), 0)
    values = IDS.copy()
    values[0:3, 30:40] = 255
    made(tmp_path, values)
    data = open_data(f"object_masks:{tmp_path}")
    rows = data.truth(0).instances
    assert rows.is_ignored.tolist() == [False] * 4 + [True]
    assert data.classes_of(0) == {0}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((IDS > 0) * np.uint8(255), "0 and 255 alone"),
        (IDS[:20], "60x40"),
        (np.random.default_rng(0).integers(0, 200, (40, 60)).astype(np.uint8), "all lie everywhere"),
    ],
    ids=["black and white", "another size", "noise"],
)
def test_what_is_no_map_of_objects_is_refused(values: np.ndarray, message: str, tmp_path: Path) -> None:
    data = open_data(f"object_masks:{made(tmp_path, values)}")
    with pytest.raises(DataError, match=message):
        data.truth(0)


def test_several_classes_are_refused(tmp_path: Path) -> None:
    (made(tmp_path) / "classes.txt").write_text("person\ncar\n")
    with pytest.raises(DataError, match="one class"):
        open_data(f"object_masks:{tmp_path}")


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"object_masks:{made(tmp_path / 'in')}"
    assert main(["data", "check", source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["data", "draw", source, "--out", str(tmp_path / "drawn.png")]) == 0
    assert main(["data", "convert", source, f"{tmp_path}/out", "--to", "yolo"]) == 1
    said = capsys.readouterr().err
    assert "holes" in said
    assert "parts" in said


@pytest.mark.parametrize("form", ["coco", "voc"])
def test_objects_with_holes_and_parts_come_back(form: str, tmp_path: Path) -> None:
    data = open_data(f"object_masks:{made(tmp_path / 'in')}")
    convert(data, tmp_path / "out", form, allow=["areas"] if form == "voc" else ())
    assert torch.equal(dense(f"{form}:{tmp_path}/out"), WANTED)


def test_labelme_and_coco_of_predictions_hold_holes_and_parts(tmp_path: Path) -> None:
    """Holes are told by a line that leads to them and back, so that no polygon needs an inside."""
    save_picture(tmp_path / "a.png")
    masks = Masks.from_dense(WANTED)
    rows = Instances(masks.boxes(), torch.zeros(4, dtype=torch.int64), torch.ones(4), masks)
    prediction = Annotation(instances=rows)
    names = Vocabularies.of({"instances": ["person"]})
    write_polygons(prediction, tmp_path / "a.png", tmp_path, "a", (40, 60), names)
    found = dense(f"labelme:{tmp_path}/polygons")
    assert len(found) == 4
    assert all(any(torch.equal(one, mask) for one in found) for mask in WANTED)
