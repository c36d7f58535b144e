"""Scores by hand-sized numbers, however the pictures fall into batches; classes are compared by name and order."""

import json

import pytest
import torch

from helpers import CLASSES, TinyDataset, TinyHead, TinyTrunk, picture, tiny_system
from made import save_picture
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, DataError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.data.datasets.subset import Subset
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.data.open import open_data
from saccade.network.system import System
from saccade.runtime.evaluate.class_agreement import check_classes_agree
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.evaluate.loss_means import LossMeans
from saccade.runtime.evaluate.measure import Measure, evaluation_of
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.run_folder import RunFolder


class Partly(TinyDataset):
    """Every second picture is not annotated."""

    def truth(self, index: int) -> Annotation:
        return super().truth(index) if index % 2 == 0 else Annotation()

    def __getitem__(self, index: int) -> Sample:
        return Sample(picture(index), self.truth(index), self.id(index))


def by_hand(system, data) -> tuple[float, float]:
    """Mean loss and top-1 over annotated pictures, one at a time."""
    losses, right = [], []
    for index in range(len(data)):
        sample = data[index]
        if sample.truth.label is None:
            continue
        with torch.no_grad():
            losses.append(float(system.loss(system.batch([sample.image], [sample.truth]))["tiny/class"]))
        prediction = Predictor(system)([sample.image])[0]
        right.append(float(prediction.label == sample.truth.label))
    return sum(losses) / len(losses), sum(right) / len(right)


@pytest.mark.parametrize("batch", [1, 3, 7])
@pytest.mark.parametrize("data", [TinyDataset(), Partly()], ids=["whole", "partly"])
def test_scores_are_means_over_annotated_pictures_whatever_the_batch(batch, data):
    system = tiny_system()
    loss, top1 = by_hand(system, data)
    found = evaluate(system, data, batch=batch)
    assert found["loss"] == pytest.approx(loss, abs=1e-5)
    assert found["loss/tiny/class"] == pytest.approx(loss, abs=1e-5)
    assert found["top1"] == pytest.approx(top1)
    assert found["error"] == pytest.approx(1 - top1)


@pytest.mark.parametrize("spec", [InputSpec.stretch(16), InputSpec("native", multiple=4)], ids=lambda s: s.rule)
def test_boxes_are_judged_in_the_pictures_own_pixels(spec):
    data = TinyDataset(6)
    system = tiny_system(input=spec)
    found = evaluate(Predictor(system), data, batch=4)
    expected = []
    for index in range(6):
        height, width = data[index].image.shape[1:]
        w, h = 0.5 * width, 0.5 * height
        x1, y1, x2, y2 = w / 2, h / 2, w * 1.5, h * 1.5
        overlap = (min(x2, 9) - max(x1, 1)) * (min(y2, 8) - max(y1, 2))
        expected.append(overlap / (w * h + 48 - overlap))
    assert found["iou"] == pytest.approx(sum(expected) / 6, abs=1e-4)


def test_a_picture_that_cannot_be_read_is_left_out_and_told_and_two_are_an_error(tmp_path, capsys):
    for index in range(8):
        save_picture(tmp_path / CLASSES[index % len(CLASSES)] / f"{index}.png", seed=index)
    data = open_data(tmp_path)
    system = tiny_system(data.classes)
    first, second = sorted(tmp_path.rglob("*.png"))[:2]
    first.write_bytes(first.read_bytes()[:-20])
    assert evaluate(system, data) == evaluate(system, Subset(data, range(1, len(data))))
    assert f"1 of 8 pictures cannot be read and is left out: {data.id(0)}" in capsys.readouterr().err
    with pytest.raises(DataError, match="can all be read"):
        evaluate(system, data, on_bad="fail")
    second.write_bytes(b"")
    with pytest.raises(DataError, match="at most 1 of 8"):
        evaluate(system, data)


def test_nothing_annotated_is_undefined_not_zero():
    class Blank(TinyDataset):
        def truth(self, index: int) -> Annotation:
            return Annotation()

    found = evaluate(tiny_system(), Blank(3))
    assert found["loss"] is None
    assert found["loss/tiny/class"] is None
    assert found["top1"] is None


def test_no_pictures_have_undefined_scores():
    assert set(evaluate(tiny_system(), TinyDataset(0)).values()) == {None}


def test_each_mode_is_restored_and_weights_stay():
    system = tiny_system().train()
    mean = system.trunk.body[3].running_mean.clone()
    evaluation_of(system, TinyDataset())
    assert system.training
    assert torch.equal(system.trunk.body[3].running_mean, mean)


def test_sixteen_bits_change_little_and_losses_are_full():
    system = tiny_system()
    full, short = (evaluate(Predictor(system, precision), TinyDataset()) for precision in ("32", "bf16"))
    assert short["loss"] == pytest.approx(full["loss"], abs=0.05)
    assert short["loss"] != full["loss"]


def test_processes_together_find_what_one_finds():
    system, data = tiny_system(), TinyDataset(7)
    parts = []
    for rank in (0, 1):
        loader = Loader(data, system.input, LoaderSettings(batch=3, rank=rank, world=2))
        part = Measure(system, data)
        for batch in loader.epoch(0):
            part.take(batch)
        parts.append(part)
    parts[0].merge([parts[1].state()])
    together = parts[0].result()
    alone = evaluation_of(system, data)
    assert together.pictures == alone.pictures == 7
    assert together.scores == pytest.approx(alone.scores, abs=1e-5)
    assert {j.id for j in together.judged} == {j.id for j in alone.judged}


def test_workers_change_nothing():
    assert evaluate(tiny_system(), TinyDataset(), workers=2) == evaluate(tiny_system(), TinyDataset())


class Pictures:
    """A user's own metric."""

    needs = reads = frozenset()

    def __init__(self):
        self.ids = []

    def update(self, prediction, truth, id):
        self.ids.append(id)

    def result(self):
        return {"pictures": float(len(self.ids))}

    def state(self):
        return self.ids

    def merge(self, states):
        for ids in states:
            self.ids += ids


def test_a_users_metric_joins_the_others():
    assert evaluate(tiny_system(), TinyDataset(5), metrics=[Pictures()])["pictures"] == 5.0


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (("green", "red", "blue"), "class 0: 'red' expected, 'green' found"),
        (("red", "green"), "- 'blue' is missing"),
        (("red", "green", "azure"), "class 2: 'blue' expected, 'azure' found"),
        (("red", "green", "blue", "white"), "+ 'white' is unknown"),
    ],
)
def test_other_classes_are_an_error_with_a_diff(names, line):
    with pytest.raises(ConfigError) as caught:
        evaluate(tiny_system(), TinyDataset(classes=names))
    assert line in caught.value.what


def test_long_diffs_are_cut_and_equal_lists_pass():
    names = [f"n{i}" for i in range(100)]
    check_classes_agree(names, tuple(names))
    with pytest.raises(ConfigError, match="another order") as caught:
        check_classes_agree(names, names[::-1])
    assert "… 88 more" in caught.value.what
    assert caught.value.what.count("\n") == 13


def test_data_is_needed_for_a_bare_system():
    with pytest.raises(ConfigError, match="data"):
        evaluate(tiny_system())


def test_out_holds_scores_and_report(tmp_path):
    found = evaluate(tiny_system(), TinyDataset(), out=tmp_path / "out")
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == found
    assert "<html" in (tmp_path / "out" / "report.html").read_text()


def test_a_tally_weighs_batches_by_their_annotated_pictures():
    tally = LossMeans(tiny_system())
    said, silent = Annotation(label=torch.tensor(0)), Annotation()
    tally.add({"tiny/class": torch.tensor(1.0)}, [said, said, said])
    tally.add({"tiny/class": torch.tensor(5.0)}, [said, silent])
    tally.add({"tiny/class": torch.tensor(0.0)}, [silent])
    tally.add({}, [said])  # another head's batch
    assert tally.result() == {"loss": 2.0, "loss/tiny/class": 2.0}


class Drawing(TinyHead):
    """A user's head whose loss draws at random, and divides by the pictures of its batch twice."""

    by_picture = True

    def loss(self, maps, truth):
        return {"class": (super().loss(maps, truth)["class"] + torch.rand(())) / len(truth)}


def test_a_loss_that_draws_is_asked_for_picture_by_picture():
    torch.manual_seed(0)
    system = System(TinyTrunk(), {"tiny": Drawing(3)}, classes=CLASSES, input=InputSpec.stretch(16)).eval()
    first = evaluate(system, TinyDataset(5), batch=2)["loss"]
    torch.rand(7)
    assert evaluate(system, TinyDataset(5), batch=2)["loss"] == first
    assert evaluate(system, TinyDataset(5), batch=5)["loss"] == pytest.approx(first)


SCENES = "scenes:count=6,size=32,seed=1"


def run_with(tmp_path, **config):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_config(config)
    return folder.path


def test_a_run_is_measured_on_what_it_was_validated_on(tmp_path):
    run = run_with(tmp_path, data=SCENES, val="val", settings={"class_subset": []})
    own = data_of_run(run)
    assert [own.id(0), len(own)] == [open_data(SCENES, "val").id(0), 50]
    assert len(data_of_run(run, split="train")) == 6
    assert len(data_of_run(run, "scenes:count=3,size=32", "train")) == 3


def test_a_run_without_validation_data_must_be_told(tmp_path):
    with pytest.raises(ConfigError) as caught:
        data_of_run(run_with(tmp_path, data=SCENES, val=None))
    assert "--data" in caught.value.cure


def test_data_that_is_gone_is_named(tmp_path):
    with pytest.raises(DataError) as caught:
        data_of_run(run_with(tmp_path, data=str(tmp_path / "gone"), val="val"))
    assert "--data" in caught.value.cure


def test_a_run_on_some_classes_is_measured_on_these(tmp_path):
    names = list(open_data(SCENES, "val").classes[:2])
    run = run_with(tmp_path, data=SCENES, val="val", classes=names, settings={"class_subset": names})
    assert list(data_of_run(run).classes) == names
