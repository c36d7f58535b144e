"""Stacked hourglasses: one head a stack, sizes of equal rows, what gets in, and a run from training to prediction."""

import json
from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade.cli import main
from saccade.core.errors import UsageError
from saccade.data.augment.choice import parse_augment
from saccade.data.datasets.persons.posed import PosedPictures, with_poses
from saccade.layers.scale import SizesAlone
from saccade.runtime.evaluate.every_head import silent_heads
from saccade.systems.build import build

POSE = ("pose", "pose_visible")
SMALL = {"width": 1 / 64, "size": 64}


def test_the_last_stack_speaks_and_all_learn_or_it_alone() -> None:
    each, alone = (build("hourglass", 4, stacks=3, intermediate=one, **SMALL) for one in (True, False))
    assert (list(each.heads), each.silent) == (["stack1", "stack2", "stack3"], ("stack1", "stack2"))
    assert (list(alone.heads), alone.silent) == (["stack3"], ())
    assert silent_heads(each) == ("stack1", "stack2")
    count = sum(p.numel() for p in each.parameters())
    assert count == sum(p.numel() for p in alone.parameters())  # heads have no weights
    assert each.vocabularies.plain() == {"joints": ["class 0", "class 1", "class 2", "class 3"]}


def test_rows_of_equal_depth_are_of_nearly_equal_size() -> None:
    """Newell 2016, section 4.4: 8 × 1, 4 × 2, 2 × 4, 1 × 8."""
    with torch.device("meta"), SizesAlone():
        built = [build("hourglass", 16, stacks=stacks, modules=8 // stacks) for stacks in (1, 2, 4, 8)]
    counts = [sum(p.numel() for p in one.parameters()) for one in built]
    assert max(counts) / min(counts) < 1.05


def test_pictures_are_turned_and_scaled_as_released_and_may_be_as_the_paper_says() -> None:
    """Newell 2016, section 3.1: 30 degrees, .75 to 1.25; the released code draws N(0, 30), cut at two deviations."""
    recipe = build("hourglass", 4, **SMALL).recipe.augmentation
    assert (recipe.rotate, recipe.scale, recipe.jitter) == (2 * 30, (2**-0.5, 2**0.5), "normal")
    paper = parse_augment("rotate=30,scale=0.75:1.25,jitter=uniform,rotate_chance=1").resolve(recipe)
    assert (paper.rotate, paper.scale, paper.jitter, paper.flip) == (30, (0.75, 1.25), "uniform", recipe.flip)


@pytest.mark.parametrize("size", [0, 96, 100])
def test_sizes_that_cannot_be_halved_six_times_are_refused(size: int) -> None:
    with pytest.raises(UsageError, match="multiple of 64"):
        build("hourglass", 4, stacks=1, width=1 / 64, size=size)


def test_pictures_without_a_pose_are_left_out_where_a_pose_is_all() -> None:
    scenes = sc.open_data("scenes:count=12,size=64")
    posed = with_poses(scenes, POSE)
    wanted = [scenes.id(place) for place in range(12) if scenes.truth(place).pose is not None]
    assert isinstance(posed, PosedPictures)
    assert [posed.id(place) for place in range(len(posed))] == wanted
    assert 0 < len(wanted) < 12
    assert with_poses(scenes, (*POSE, "label")) is scenes
    assert with_poses(posed, POSE) is posed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("poses") / "run"
    told = {"stacks": 2, "steps": 1, "batch": 2, "workers": 0, "precision": "32", **SMALL}
    sc.train("hourglass", "scenes:count=8,size=64", out, val="scenes:count=8,size=64,seed=2", **told)
    return out


def test_a_run_is_measured_predicts_and_goes_on(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sc.load(run).vocabularies.plain()["joints"][:2] == ["r ankle", "r knee"]
    assert main(["evaluate", str(run), "--every-head", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert {"pckh", "pck", "loss/stack1/maps", "loss/stack2/maps", "stack1/pckh", "stack1/pck"} <= scores.keys()
    from PIL import Image

    Image.new("RGB", (80, 60), (90, 120, 30)).save(tmp_path / "grey.png")
    assert main(["predict", str(run), str(tmp_path / "grey.png"), "--out", str(tmp_path / "out"), "--flip"]) == 0
    (entry,) = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert len(entry["pose"]) == len(entry["pose_visible"]) == len(entry["pose_scores"]) == 16
    assert (tmp_path / "out" / entry["drawn"]).is_file()


def test_every_head_is_what_each_stack_alone_would_say(run: Path) -> None:
    from saccade.runtime.evaluate.evaluate import measured, opened
    from saccade.runtime.evaluate.every_head import with_every_head

    predictor, pictures = opened(str(run))
    found = with_every_head(measured(predictor, pictures), predictor, pictures)
    system = predictor.system.with_speaking("stack1")
    wanted = sc.evaluate(system, pictures)
    assert found.scores["stack1/pckh"] == wanted["pckh"]
    (table,) = next(section for section in found.sections if section.title == "Every head").parts
    assert table.rows == ("stack1", "prediction")
    assert list(table["pckh"]) == [wanted["pckh"], found.scores["pckh"]]
