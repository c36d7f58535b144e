"""Systems of tasks that have none of their own yet go every way that a user goes, through code that knows no task."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from proof_systems import PROOFS
from saccade.cli import main
from saccade.systems import SYSTEMS
from small_runs import CrashAt, PowerCutError, losses, same_weights

DATA = "scenes:count=12,size=64"
SETTINGS: dict[str, Any] = {"steps": 4, "batch": 4, "width": 0.25, "workers": 0, "threads": 1, "seed": 3}
SETTINGS["val"] = 0.25  # three pictures: the built-in validation split has fifty
FLAGS = [word for name, value in SETTINGS.items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module", params=sorted(PROOFS))
def name(request: pytest.FixtureRequest):
    with pytest.MonkeyPatch.context() as patch:
        for known, function in PROOFS.items():
            patch.setitem(SYSTEMS, known, function)
        yield request.param


@pytest.fixture(scope="module")
def run(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps."""
    out = tmp_path_factory.mktemp(name) / "run"
    assert main(["train", name, "--data", DATA, "--out", str(out), *FLAGS]) == 0
    return out


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of unlike sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    for place, size in enumerate((64, 90)):
        image = sc.open_data(f"scenes:count=2,size={size}")[place].image
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{place}.png")
    return folder


def test_a_run_stores_its_class_lists_and_is_rebuilt_by_them(name: str, run: Path) -> None:
    scenes = sc.open_data(DATA)
    predictor = sc.load(run)
    assert set(predictor.vocabularies) == {"semantic"} | ({"instances"} if name == "boxes_and_pixels" else set())
    assert all(predictor.vocabularies[key] == scenes.vocabularies[key] for key in predictor.vocabularies)


def test_a_run_that_is_broken_off_ends_in_the_same_bits(name: str, run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with pytest.raises(PowerCutError):
        sc.train(name, DATA, broken, callbacks=[CrashAt(step=2)], save_every=1, **SETTINGS)
    sc.train(name, DATA, broken, save_every=1, resume=True, **SETTINGS)
    assert same_weights(run, broken)
    assert losses(run) == losses(broken)


def test_it_is_scored_by_the_fields_that_it_gives(name: str, run: Path, tmp_path: Path) -> None:
    assert main(["evaluate", str(run), "--out", str(tmp_path)]) == 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert {"pixel_accuracy", "mean_accuracy", "miou", "fwiou"} <= set(scores)
    assert ("AP50" in scores) == (name == "boxes_and_pixels")
    assert 0 <= scores["miou"] <= 1
    page = (tmp_path / "report.html").read_text()
    assert "background" in page
    assert (run / "report.html").is_file()
    assert scores == {**sc.evaluate(run)}


@pytest.mark.parametrize("flags", [(), ("--flip", "--scales", "1,1.5"), ("--tile", "48", "--overlap", "0.25")])
def test_files_are_answered_and_drawn(
    name: str, run: Path, pictures: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    assert main(["predict", str(run), str(pictures), "--out", str(tmp_path), *flags]) == 0
    predictions = json.loads((tmp_path / "predictions.json").read_text())
    assert [prediction["size"] for prediction in predictions] == [[64, 64], [90, 90]]
    for prediction in predictions:
        classes = np.asarray(Image.open(tmp_path / prediction["semantic"]))
        assert classes.shape == tuple(prediction["size"])
        assert classes.max() < 10
        assert (tmp_path / prediction["drawn"]).is_file()
        assert ("instances" in prediction) == (name == "boxes_and_pixels")
        assert "semantic_scores" not in prediction


def test_what_it_sees_is_shown(run: Path, pictures: Path, tmp_path: Path) -> None:
    assert main(["look", str(run), str(pictures / "0.png"), "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "look.json").read_text())["pictures"]


def test_its_layers_are_described(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", name, "--json", "--width", "0.25"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] > 0


def test_its_data_are_checked_drawn_and_converted(tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    assert main(["data", "convert", "scenes:count=3,size=64", str(masks), "--to", "masks", "--lossy"]) == 0
    assert main(["data", "check", str(masks)]) == 0
    assert main(["data", "draw", str(masks), "--out", str(tmp_path / "drawn.png")]) == 0
    data = sc.open_data(masks)
    assert data.vocabularies == {"semantic": sc.open_data(DATA).vocabularies["semantic"]}
    assert torch.equal(data[0].truth.semantic, sc.open_data("scenes:count=3,size=64")[0].truth.semantic)
