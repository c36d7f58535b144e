"""Objects cut out of their pictures: the picture's own pixels in the mask, nothing around it, a file a row."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from blob_system import blob_system
from helpers import CLASSES
from pixel_systems import pixel_system
from saccade.cli import main
from saccade.core.annotation import Instances
from saccade.core.errors import ConfigError
from saccade.core.masks import Masks
from saccade.runtime.files.cutouts import Cutter
from saccade.runtime.files.inputs import unique_names
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images import windowed_tiff

BOTH = PredictSettings(threshold=0.1, drawn=False, cutouts=True, box_crops=True)


def picture() -> np.ndarray[Any, Any]:
    """Two patches above half on noise below: an L of 10 x 8 pixels, whose corner is not of it, and a square."""
    image = np.random.default_rng(0).integers(0, 100, (40, 60, 3), np.uint8)
    bright = np.random.default_rng(1).integers(150, 255, (40, 60, 3), np.uint8)
    shape = np.zeros((40, 60), bool)
    shape[5:13, 10:20], shape[5:9, 15:20], shape[25:30, 40:45] = True, False, True
    return np.where(shape[..., None], bright, image)


def predicted(file: Path, out: Path, settings: PredictSettings = BOTH, **how: Any) -> dict[str, Any]:
    predict_files(Predictor(blob_system(), **how), [file], out, settings)
    (entry,) = json.loads((out / "predictions.json").read_text())
    return entry["instances"]


def read(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def check_cutouts(rows: dict[str, Any], out: Path, image: np.ndarray[Any, Any]) -> None:
    assert len(rows["boxes"]) == 2
    for row, (x1, y1, x2, y2) in enumerate(np.array(rows["boxes"]).round().astype(int).tolist()):
        own, mask = image[y1:y2, x1:x2], image[y1:y2, x1:x2, 0] > 127
        assert rows["cutouts"][row] == f"cutouts/a/{row:04d}_{CLASSES[0]}.png"
        cut, boxed = read(out / rows["cutouts"][row]), read(out / rows["box_crops"][row])
        assert np.array_equal(cut[..., 3], mask * 255)
        assert np.array_equal(cut[..., :3], own * mask[..., None])
        assert np.array_equal(boxed, own)


def test_pixels_are_the_picture_s_own(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "a.png")
    out = tmp_path / "out"
    check_cutouts(predicted(tmp_path / "a.png", out), out, picture())
    assert not (out / "drawn").exists()


def test_a_turned_picture_is_cut_as_it_is_seen(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    Image.fromarray(np.rot90(picture()).copy()).save(tmp_path / "a.png", exif=exif)
    out = tmp_path / "out"
    check_cutouts(predicted(tmp_path / "a.png", out), out, picture())
    with Image.open(out / f"cutouts/a/0000_{CLASSES[0]}.png") as written:
        assert not written.getexif()


def test_a_picture_that_is_never_held_is_cut_out_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed_tiff, "FEW_PIXELS", 1000)
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(16, 16), photometric="rgb")
    out = tmp_path / "out"
    check_cutouts(predicted(tmp_path / "a.tif", out, tile=32, overlap=0.5), out, picture())


@pytest.mark.parametrize("channels", [1, 5])
def test_other_numbers_of_channels_are_cut_as_they_are_drawn(channels: int, tmp_path: Path) -> None:
    """Networks of one channel see grey, and the cutout has the colours; of five channels three are shown."""
    file, pixels = tmp_path / "a.tif", picture()
    if channels == 1:
        Image.fromarray(pixels).save(file)
    else:
        tifffile.imwrite(
            file, np.concatenate([pixels, pixels[..., :2]], 2).transpose(2, 0, 1), photometric="minisblack"
        )
    out = tmp_path / "out"
    predict_files(Predictor(blob_system(channels)), [file], out, BOTH)
    (entry,) = json.loads((out / "predictions.json").read_text())
    rows = entry["instances"]
    x1, y1, x2, y2 = np.array(rows["boxes"][0]).round().astype(int)
    assert np.array_equal(read(out / rows["box_crops"][0]), pixels[y1:y2, x1:x2])
    assert np.array_equal(read(out / rows["cutouts"][0])[0, 0, :3], pixels[y1, x1])


def cutter(out: Path) -> Cutter:
    image = torch.full((3, 9, 9), 200, dtype=torch.uint8)
    read = lambda part: image[:, part.top : part.bottom, part.left : part.right]  # noqa: E731
    return Cutter(read, (9, 9), out, "a", ["../b: c", "\u732b" * 120])


def test_rows_that_are_weak_or_empty_have_no_file_and_former_ones_go(tmp_path: Path) -> None:
    dense = torch.zeros(4, 9, 9, dtype=torch.bool)
    dense[0, 2:4, 3], dense[1, 1, 1], dense[3, 8, 8] = True, True, True
    rows = Instances(
        boxes=torch.tensor([[2.5, 1.5, 4.2, 4], [0, 0, 2, 2], [9, 9, 12, 12], [-3, 7, 2, 30]]),
        labels=torch.tensor([0, 0, 0, 1]),
        scores=torch.tensor([0.9, 0.2, 0.8, 0.7]),
        masks=Masks.from_dense(dense),
    )
    masks, boxes = cutter(tmp_path).write("cutouts", rows, 0.5), cutter(tmp_path).write("box_crops", rows, 0.5)
    assert masks[:3] == ["cutouts/a/0000_.._b_ c.png".replace("..", "_."), None, None]
    assert boxes[1:3] == [None, None]
    assert read(tmp_path / str(masks[0])).shape == (2, 1, 4)
    assert [read(tmp_path / str(boxes[row])).shape[:2] for row in (0, 3)] == [(3, 3), (2, 2)]
    assert len(Path(str(masks[3])).name.encode()) <= 255
    assert len(list((tmp_path / "cutouts/a").iterdir())) == 2
    assert cutter(tmp_path).write("cutouts", rows[:1], None) == masks[:1]
    assert [path.name for path in (tmp_path / "cutouts/a").iterdir()] == [Path(str(masks[0])).name]


def test_no_name_leads_out_of_the_folder() -> None:
    assert unique_names([Path("x/...png"), Path("x/..png")]) == ["__", "_"]


@pytest.mark.parametrize("settings", [PredictSettings(cutouts=True), PredictSettings(box_crops=True)])
def test_networks_without_objects_are_refused_at_once(settings: PredictSettings, tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "a.png")
    with pytest.raises(ConfigError, match=r"masks of objects|gives boxes"):
        predict_files(Predictor(pixel_system()), [tmp_path], tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_flags_reach_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.runtime.runs.load.load", lambda *_, **how: Predictor(blob_system()))
    Image.fromarray(picture()).save(tmp_path / "a.png")
    typed = ["predict", "run", str(tmp_path / "a.png"), "--out", str(tmp_path / "out"), "--cutout", "--no-drawn"]
    assert main(typed) == 0
    (entry,) = json.loads((tmp_path / "out/predictions.json").read_text())
    assert len(entry["instances"]["cutouts"]) == 2
    assert "box_crops" not in entry["instances"]
