"""Contours by every command: a training that chooses itself, what is measured, written and drawn, several networks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from saccade.cli import main
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.data.datasets.completed import declared
from saccade.ops.proposals.edge_boxes import EdgeBoxes
from saccade.ops.proposals.region_file import KnownRegions
from saccade.runtime.tools.learnt_contours import LearntContours
from saccade.training.setup.choice.choose import choose
from saccade.view.drawing.draw import draw
from saccade.view.drawing.palette import class_colour

SCENES = "scenes:count=6,size=48"
SMALL: dict[str, Any] = {"trunk": "resnet18", "width": 0.125, "size": 48}
SETTINGS: dict[str, Any] = {"steps": 2, "batch": 2, "precision": "32", "workers": 0, "val": "0.34"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contours") / "run"
    sc.train("edgenet", SCENES, path, **SETTINGS, **SMALL)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)).save(path)
    return path


def test_scores_and_losses_are_those_of_contours(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), "--data", "scenes:count=2,size=48", "--split", "train", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"ods", "ois", "contour_ap", "loss/contours/side1", "loss/contours/fuse"} <= found.keys()
    assert "contour_mf" not in found
    assert 0 < found["ods"] < 1 > found["ois"] > 0
    assert main(["evaluate", str(run), "--data", "scenes:count=2,size=48", "--split", "train", "--raw-contours"]) == 0


def test_maps_are_written_and_drawn(run: Path, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["predict", str(run), str(picture), "--out", str(out), "--flip"]) == 0
    (entry,) = json.loads((out / "predictions.json").read_text())
    assert entry["contours"] == ["contours/a_0.png"]
    assert entry["contour_classes"] == ["contour"]
    written = np.asarray(Image.open(out / entry["contours"][0]))
    assert written.shape == (31, 45)
    told = sc.load(run, flip=True)(picture).get("contours")[0]
    assert np.abs(written / 255 - told.numpy()).max() <= 0.5 / 255 + 1e-6
    assert (out / entry["drawn"]).exists()


def test_names_stand_beside_maps_that_are_of_classes_alone(picture: Path, tmp_path: Path) -> None:
    for name, count in (("edgenet", 1), ("semantic_edges", 9)):
        run, out = tmp_path / name, tmp_path / f"{name} out"
        sc.train(name, f"{SCENES},contours=classes", run, **SETTINGS, **SMALL)
        assert main(["predict", str(run), str(picture), "--out", str(out)]) == 0
        (entry,) = json.loads((out / "predictions.json").read_text())
        assert len(entry["contours"]) == count
        assert len(entry.get("contour_classes", ())) == (9 if count == 9 else 0)
        scores = sc.evaluate(run, "scenes:count=2,size=48,contours=classes", "train")
        assert (scores["contour_mf"] is None) == (count == 1)


def test_several_networks_agree_on_contours(run: Path, picture: Path) -> None:
    one, both = sc.load(run), sc.load([run, run], merge="mean")
    torch.testing.assert_close(both(picture).get("contours"), one(picture).get("contours"))
    system = sc.build("edgenet", UNTOLD_CONTOURS, **SMALL)
    torch.manual_seed(1)
    for parameter in system.heads.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    other = sc.Predictor(system)
    from saccade.runtime.predict.ensemble.members import ensemble

    seen = [one(picture).get("contours"), other(picture).get("contours")]
    torch.testing.assert_close(ensemble([one, other])(picture).get("contours"), torch.stack(seen).mean(0))
    greatest = ensemble([one, other], "max")(picture).get("contours")
    torch.testing.assert_close(greatest, torch.stack(seen).amax(0))


class Drawn:
    """Two pictures with contours alone."""

    classes, joints, fields = UNTOLD_CONTOURS, None, frozenset({"contours"})

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Sample:
        return Sample(torch.zeros(3, 40, 50), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        return Annotation(contours=torch.ones(2, 40, 50))

    def id(self, index: int) -> str:
        return str(index)


def test_contours_alone_make_an_edgenet() -> None:
    choice = choose(declared(Drawn()), None, {"epochs": 1})  # pyright: ignore[reportArgumentType]
    assert choice.system == "edgenet"
    assert {"trunk": "efficientnet_lite0", "disputed": "ignored"}.items() <= choice.options.items()
    assert "have contours (1: contour): edgenet" in choice.reasons[0]
    assert choose("scenes:count=2,size=64", "contours", {"epochs": 1}).system == "edgenet"


def test_contours_of_classes_are_drawn_in_their_colours() -> None:
    maps = torch.zeros(2, 400, 400)
    maps[0, 100], maps[1, 200] = 1, 1
    blank, shown = torch.zeros(3, 400, 400), Annotation(contours=maps)
    drawn = np.asarray(draw(blank, shown, {"contours": ("cat", "dog")}))
    assert tuple(drawn[100, 7]) == class_colour(0)
    assert tuple(drawn[200, 7]) == class_colour(1)
    people = np.asarray(draw(blank, shown, {"contours": UNTOLD_CONTOURS}))
    assert tuple(people[100, 7]) == tuple(people[200, 7]) != class_colour(0)


def test_edge_boxes_look_at_learnt_contours(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "regions.safetensors"
    words = ["propose", "edge-boxes", "scenes:count=1,size=48", "--out", str(out), "--count", "30", "--json"]
    assert main([*words, "--edges", str(run), "--beside", "edge-boxes"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["beside"].keys() == {"edge-boxes"}
    picture = sc.open_data("scenes:count=1,size=48")[0].image
    strength = LearntContours.of(run)
    wanted = EdgeBoxes(30, strength=strength)(picture)
    assert torch.equal(KnownRegions(str(out), None)(picture), wanted)
    assert not torch.equal(EdgeBoxes(30)(picture)[: len(wanted)], wanted)
    told = sc.load(run)(picture).get("contours")[0].numpy()
    assert np.array_equal(strength(np.moveaxis(picture.numpy(), 0, -1).astype(np.float32) / 255), told)
    assert repr(strength) == repr(LearntContours.of(run)) != repr(LearntContours("other", strength.predictor))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["windows", "--edges", "RUN"], "edges for edge-boxes"),
        (["edge-boxes", "--edges", "RUN", "--workers", "2"], "one process"),
        (["edge-boxes", "--edges", "nothing"], "nothing"),
    ],
)
def test_edges_that_nobody_can_read(
    run: Path, tmp_path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [str(run) if word == "RUN" else word for word in words]
    out = ["--out", str(tmp_path / "r.safetensors")]
    assert main(["propose", typed[0], "scenes:count=1,size=48", *out, *typed[1:]]) != 0
    assert told in capsys.readouterr().err


def test_contours_of_a_network_that_tells_of_none() -> None:
    with pytest.raises(ConfigError, match="tells of contours"):
        LearntContours.by(sc.Predictor(sc.build("resnet18", 2, size=32, width=0.125)))
