"""The search for a dense CRF's parameters: what is tried, what is kept, what it finds, and that it goes on."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

import saccade as sc
from saccade.cli import main
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.metrics.segment.segmentation import Segmentation
from saccade.ops.crf import dense_crf
from saccade.runtime.predict.refine.table import DenseCrf
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.tools.tuning.grid import CrfGrid, around
from saccade.runtime.tools.tuning.kept_scores import KeptPicture, chosen_places
from saccade.runtime.tools.tuning.step_scores import step_sheet
from saccade.runtime.tools.tuning.tune_crf import Trial, tune_crf

CLASSES = ("left", "right")
SMALL = CrfGrid(weights=(1.0, 5.0), places=(5.0, 20.0), colours=(10.0,), iterations=3)


class Split:
    """Pictures of two colours that meet in a column each; of the second one nothing is known."""

    classes, joints, fields = CLASSES, None, ("semantic",)

    def __init__(self) -> None:
        self.vocabularies = Vocabularies.of(CLASSES, ("semantic",))

    def __len__(self) -> int:
        return 4

    def id(self, place: int) -> str:
        return f"picture{place}"

    def truth(self, place: int) -> Annotation:
        if place == 1:
            return Annotation()
        return Annotation(semantic=(torch.arange(40) >= 15 + place).long().expand(30, 40).contiguous())

    def __getitem__(self, place: int) -> Any:
        columns = (torch.arange(40) >= 15 + place).expand(3, 30, 40)
        return Sample(id=self.id(place), image=torch.where(columns, 200, 40).byte(), truth=self.truth(place))


class Unlabelled(Split):
    """Pictures of which nothing is known."""

    def truth(self, place: int) -> Annotation:
        return Annotation()


class Blurred:
    """A network whose border lies a few pixels beside the colours', and not always in one place."""

    def __init__(self) -> None:
        data = Split()
        self.calls = 0
        self.engine = SimpleNamespace(digest=lambda: "blurred", gives={"semantic_scores"})
        self.views = SimpleNamespace(plain_values=list)
        self.vocabularies = data.vocabularies

    def __call__(self, pictures: Sequence[Any]) -> list[Annotation]:
        self.calls += len(pictures)
        column = int((pictures[0][0, 0] > 100).float().argmax())
        ramp = ((torch.arange(40) - column - 4) / 10).clamp(-1, 1).mul(0.4).add(0.5).expand(30, 40)
        return [Annotation(semantic_scores=torch.stack([1 - ramp, ramp]))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    with RunFolder.create(run) as made:
        made.write_config({"system": "none"})
    return run


def tuned(folder: Path, network: Any, **options: Any) -> Any:
    data: Any = Split()
    return tune_crf(folder, network, data, **{"grid": SMALL, "shown": 2, **options})


def test_the_grid_is_deeplabs_and_the_finer_one_steps_half_as_far() -> None:
    grid = CrfGrid()
    assert len(grid.coarse()) == 2 * 6 * 8
    assert {one.smoothness for one in grid.coarse()} == {(3.0, 3.0)}
    assert {one.iterations for one in grid.coarse()} == {10}
    near = grid.fine(DenseCrf(10, (3.0, 3.0), (5.0, 70.0, 3.0)))
    assert len(near) == 26
    assert {one.appearance[0] for one in near} == {2.5, 5.0, 7.5}
    assert {one.appearance[1] for one in near} == {65.0, 70.0, 75.0}
    assert {one.appearance[2] for one in near} == {2.5, 3.0, 3.5}
    assert around((4.0,), 4.0) == (4.0,)
    assert around((1.0, 9.0), 1.0) == (1.0, 5.0)  # nothing below 0


def test_pictures_whose_pixels_have_classes_are_spread_evenly() -> None:
    data: Any = Split()
    assert chosen_places(data, 100) == [0, 2, 3]
    assert chosen_places(data, 2) == [0, 2]
    unlabelled: Any = Unlabelled()
    with pytest.raises(ConfigError, match="pixels have classes"):
        chosen_places(unlabelled, 3)


def test_the_best_is_the_one_of_the_greatest_mean_iou_over_all_pictures(folder: Path) -> None:
    network = Blurred()
    found = tuned(folder, network)
    assert network.calls == 3
    data: Any = Split()

    def miou(crf: DenseCrf | None) -> float | None:
        metric = Segmentation(CLASSES)
        for place in (0, 2, 3):
            image = data[place].image
            scores = network([image])[0].get("semantic_scores").half().float()
            said = scores
            if crf is not None:
                told = {"smoothness": crf.smoothness, "appearance": crf.appearance}
                said = dense_crf(scores, image, iterations=crf.iterations, **told)
            metric.update(Annotation(semantic=said.argmax(0)), data.truth(place), data.id(place))
        return metric.result()["miou"]

    for trial in found.trials[:4]:
        assert trial.miou == pytest.approx(miou(trial.crf), abs=1e-6)
    assert found.best.miou == max(trial.miou for trial in found.trials)
    assert found.change.before["miou"] == pytest.approx(miou(None), abs=1e-6)
    assert found.change.after["miou"] == pytest.approx(found.best.miou, abs=1e-6)
    assert found.change.after["miou"] > found.change.before["miou"] + 0.1
    assert found.change.trimaps[3][1] > found.change.trimaps[3][0]


def test_what_is_found_is_kept_in_the_run_and_the_rest_drawn(folder: Path) -> None:
    found = tuned(folder, Blurred())
    record = json.loads((folder / "refine.json").read_text())["crf"]
    assert record["parameters"]["appearance"] == list(found.best.crf.appearance)
    assert (record["at"], record["pictures"]) == ("picture", 3)
    out = folder / "tune_crf"
    with Image.open(out / "before_after.png") as sheet:
        assert sheet.width > 4 * 320
    assert b"before" in (out / "trimaps.svg").read_bytes()
    assert b"mean IoU" in (out / "steps.svg").read_bytes()
    assert not (out / "scores").exists()
    assert found.by_step[0] == pytest.approx(found.change.before["miou"], abs=1e-6)
    assert found.by_step[-1] == pytest.approx(found.change.after["miou"], abs=1e-6)
    assert len(found.by_step) == SMALL.iterations + 1


def test_the_steps_of_a_picture_are_drawn_beside_the_truth() -> None:
    sample = Split()[0]
    scores = torch.nn.functional.one_hot(sample.truth.semantic, 2).permute(2, 0, 1).float() * 0.5 + 0.25
    one = KeptPicture("one", sample.image.float(), scores, sample.truth.semantic)
    three = step_sheet(one, CLASSES, DenseCrf(2), shown=(0, 2))
    four = step_sheet(one, CLASSES, DenseCrf(2), shown=(0, 1, 2, 9))
    assert three.width < four.width


def test_a_search_that_was_killed_goes_on_without_asking_the_network_again(folder: Path) -> None:
    first = Blurred()

    def stop(trial: Trial, number: int, count: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuned(folder, first, told=stop)
    assert len((folder / "tune_crf" / "trials.jsonl").read_text().splitlines()) == 4
    second, whole = Blurred(), Blurred()
    again = tuned(folder, second)
    assert (first.calls, second.calls) == (3, 0)
    assert [(t.crf, t.miou) for t in again.trials] == [
        (t.crf, t.miou) for t in tuned(folder, whole, out=folder / "other").trials
    ]
    third = Blurred()
    third.engine.digest = lambda: "another"
    tuned(folder, third)
    assert third.calls == 3


def test_a_network_without_scores_of_pixels_is_refused(folder: Path) -> None:
    network = Blurred()
    network.engine.gives = {"label"}
    with pytest.raises(ConfigError, match="scores of pixels"):
        tuned(folder, network)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"weights": ()}, "at least one"), ({"places": (0.0,)}, "appearance"), ({"iterations": -1}, "iterations")],
)
def test_grids_without_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CrfGrid(**wrong)


@pytest.mark.slow
def test_by_command_and_the_run_is_then_refined_so(tmp_path: Path, capsys: Any) -> None:
    run = tmp_path / "run"
    told: dict[str, Any] = {"steps": 1, "batch": 1, "workers": 0, "threads": 1, "val": "scenes:count=2,size=48"}
    options: dict[str, Any] = {"trunk": "vgg11", "width": 0.0625, "padding": 0, "size": 64}
    sc.train("fcn8s", "scenes:count=1,size=48", run, **told, **options)
    capsys.readouterr()
    words = ["tune-crf", str(run), "--weights", "3,6", "--places", "10", "--colours", "13", "--iterations", "2"]
    assert main([*words, "--pictures", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("appearance") >= 3 + 1
    assert "miou within 3" in shown
    parameters = json.loads((run / "refine.json").read_text())["crf"]["parameters"]
    assert parameters["iterations"] == 2
    image = sc.open_data("scenes:count=1,size=48")[0].image
    found, plain = (sc.load(run, keep_scores=True, **of)(image) for of in ({"refine": "crf"}, {}))
    wanted = dense_crf(plain.get("semantic_scores"), image, iterations=2, appearance=tuple(parameters["appearance"]))
    torch.testing.assert_close(found.get("semantic_scores"), wanted, rtol=1e-4, atol=1e-5)
    assert main([*words, "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"best", "trials", "before", "after", "trimaps"}
