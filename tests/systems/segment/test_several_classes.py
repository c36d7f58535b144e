"""Segmenters whose pixels have several classes: learnt from masks of classes, of objects, or of one class alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from made import coco_content, save_picture, write_coco
from saccade.cli import main
from saccade.core.errors import ConfigError, UsageError
from saccade.training.setup.choice.choose import choose

QUICK = ["--steps", "2", "--batch", "2", "--width", "0.0625", "--workers", "0", "--threads", "1"]
UNET = ["--padding", "same", "--size", "32", "--labels", "several"]


def folder(root: Path, classes: tuple[str, ...], count: int = 3) -> Path:
    """Pictures of 60 x 40 beside a mask of each class."""
    draw = np.random.default_rng(0)
    for number in range(count):
        save_picture(root / f"images/{number}.png", seed=number)
        for name in classes:
            path = root / f"masks/{name}/{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((draw.random((40, 60)) > 0.5).astype(np.uint8) * 255).save(path)
    return root


@pytest.mark.parametrize(
    ("classes", "flags"),
    [(("lesion", "organ"), ["--balance", "median"]), (("cell",), ["--pixel-loss", "cross_entropy,dice,lovasz,focal"])],
    ids=["two", "one"],
)
def test_masks_of_classes_are_learnt_measured_and_told(classes: tuple, flags: list[str], tmp_path: Path) -> None:
    data, run, out = folder(tmp_path / "data", classes), tmp_path / "run", tmp_path / "out"
    assert main(["train", "unet", "--data", str(data), "--out", str(run), *QUICK, *UNET, "--val", "0.4", *flags]) == 0
    assert main(["evaluate", str(run), "--out", str(out)]) == 0
    scores = json.loads((out / "scores.json").read_text())
    assert 0 <= scores["miou"] <= scores["dice"] <= 1
    words = ["--tile", "32", "--flip", "--polygons", "--keep-scores"]
    assert main(["predict", str(run), str(data / "images"), "--out", str(out), *words]) == 0
    told = json.loads((out / "predictions.json").read_text())[0]
    assert [one["class"] for one in told["semantic_masks"]] == list(classes)
    for name, file in zip(classes, told["semantic_mask_files"], strict=True):
        assert file == f"semantic_masks/0/{name}.png"
        assert np.array(Image.open(out / file)).shape == (40, 60)
    assert np.load(out / told["semantic_mask_scores"])["scores"].shape == (len(classes), 40, 60)


def test_objects_and_one_class_a_pixel_are_learnt_from_too(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    content = coco_content()
    content["annotations"] = [one for one in content["annotations"] if "segmentation" in one]
    data, run = write_coco(tmp_path / "coco", content), tmp_path / "run"
    assert main(["train", "unet", "--data", str(data), "--out", str(run), *QUICK, *UNET]) == 0
    assert "a mask a class is made of the masks of all its objects" in capsys.readouterr().err
    assert sc.load(run).vocabularies.names("semantic") == ("ant", "bee", "cat")
    # What it is measured on is made in the same way.
    assert main(["evaluate", str(run), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    assert "miou" in json.loads((tmp_path / "out/scores.json").read_text())
    classes = tmp_path / "maps/classes.txt"
    save_picture(tmp_path / "maps/images/a.png")
    (tmp_path / "maps/masks").mkdir()
    Image.fromarray(np.eye(40, 60, dtype=np.uint8)).save(tmp_path / "maps/masks/a.png")
    classes.write_text("background\nline\n")
    assert main(["train", "unet", "--data", str(tmp_path / "maps"), "--out", str(tmp_path / "b"), *QUICK, *UNET]) == 0
    assert sc.load(tmp_path / "b").vocabularies.names("semantic") == ("line",)
    assert main(["evaluate", str(tmp_path / "b"), "--data", str(tmp_path / "maps"), "--out", str(tmp_path / "c")]) == 0


def test_one_class_a_pixel_points_to_several(tmp_path: Path) -> None:
    masks = folder(tmp_path / "data", ("cell",))
    with pytest.raises(ConfigError) as error:
        sc.train("unet", masks, tmp_path / "run", steps=1, padding="same", size=32, width=0.0625)
    assert "--labels several" in str(error.value)
    (tmp_path / "one/masks").mkdir(parents=True)
    save_picture(tmp_path / "one/images/a.png")
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "one/masks/a.png")
    (tmp_path / "one/classes.txt").write_text("cell\n")
    with pytest.raises(ConfigError) as error:
        sc.train("unet", tmp_path / "one", tmp_path / "run", steps=1, padding="same", size=32, width=0.0625)
    assert "--labels several" in str(error.value)


def test_what_asks_for_one_class_is_refused() -> None:
    with pytest.raises(UsageError, match="one class a pixel"):
        sc.build("unet", 2, border_weights=True, labels="several")


def test_a_system_is_chosen_by_masks_of_classes(tmp_path: Path) -> None:
    choice = choose(folder(tmp_path, ("lesion", "organ")), None, {"size": 160, "val": "0.4", "epochs": 1})
    assert choice.system == "fcn8s"
    assert choice.options["labels"] == "several"
    assert "lesion, organ" in choice.reasons[0]


def test_scenes_teach_hidden_parts_too() -> None:
    scene = sc.open_data("scenes:count=1,size=64")[0]
    system = sc.build("unet", sc.open_data("scenes").vocabularies, labels="several", padding="same", size=32, width=0.1)
    batch = system.batch([scene.image], [scene.truth])
    loss = sum(system.loss(batch).values())
    assert torch.isfinite(loss)
    (told,) = batch.undo(system.eval().predict(batch))
    assert told.semantic_masks.size == (64, 64)
    assert len(told.semantic_masks) == 10
