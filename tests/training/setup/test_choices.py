"""What a training chooses: the best checkpoint, its end, its batch, the balance of classes; and what it says before."""

import math
import warnings

import pytest
import torch

import saccade as sc
from helpers import CLASSES, TinyDataset, TinyHead
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, ResourceError, UsageError
from saccade.metrics.evaluation import Evaluation
from saccade.network.system import System
from saccade.runtime.runs import checkpoint
from saccade.training.feed.balance import class_weights, count_labels, picture_weights, repeat_factors
from saccade.training.loop import validation
from saccade.training.setup import batch_size
from small_runs import Do, lines, losses, system, train, weights


@pytest.fixture
def scripted(monkeypatch):
    """Let the validations give these values of a score, the last one again and again."""

    def script(*values, name="score"):
        left = list(values)

        def call(self, train_state, signals, pictures=None, told=None):
            scores = {name: left.pop(0) if len(left) > 1 else left[0], "loss": 1.0}
            self.evaluation = Evaluation(scores)
            return scores

        monkeypatch.setattr(validation.Validator, "__call__", call)
        monkeypatch.setattr(validation.Validator, "names", lambda self, train_state: [name, "loss"])

    return script


def best_step(out):
    return checkpoint.read(out / "checkpoints" / "best").facts["step"]


def scripted_run(out, best, **settings):
    chosen = {"epochs": 6, "data": TinyDataset(4), "save_every": None} | settings
    return train(out, system(best=best), val=TinyDataset(3), **chosen)


@pytest.mark.parametrize(("best", "expected"), [("score", 2), ("-score", 4)])
def test_the_best_is_the_first_of_the_greatest_or_the_least(tmp_path, scripted, best, expected):
    scripted(0.2, 0.9, 0.3, 0.1, 0.9, 0.1)
    scripted_run(tmp_path / "run", best)
    assert best_step(tmp_path / "run") == expected


def test_undefined_scores_are_null_and_never_best(tmp_path, scripted):
    scripted(None, math.nan, 0.2, math.inf, 0.1)
    scripted_run(tmp_path / "run", "score")
    assert best_step(tmp_path / "run") == 3
    found = [line["score"] for line in lines(tmp_path / "run") if "at_step" in line]
    assert found == [None, None, 0.2, None, 0.1, 0.1]


def test_patience_ends_the_run(tmp_path, scripted):
    scripted(0.5, 0.6, 0.6, 0.1)
    run = scripted_run(tmp_path / "run", "score", epochs=20, patience=3)
    assert run.step == 5
    assert best_step(tmp_path / "run") == 2


def test_a_plateau_falls_and_patience_still_counts(tmp_path, scripted):
    """One good validation, then stalls: the rate falls after every three, and patience of seven ends the run."""
    scripted(0.5, 0.1)
    run = scripted_run(tmp_path / "run", "score", epochs=20, patience=7, schedule="plateau", lr=0.1)
    assert run.step == 8
    rates = [line["lr"] for line in lines(tmp_path / "run") if "step" in line]
    assert rates == pytest.approx([0.1] * 4 + [0.01] * 3 + [0.001])


def test_without_validation_the_training_loss_decides(tmp_path):
    train(tmp_path / "run", epochs=2)
    assert (tmp_path / "run" / "checkpoints" / "best").exists()


def test_a_score_that_validation_does_not_give_is_refused(tmp_path):
    with pytest.raises(UsageError, match="found 'tpo1'") as refused:
        train(tmp_path / "run", val=TinyDataset(3), best="tpo1")
    assert "top1" in refused.value.cure


@pytest.mark.parametrize(("best", "measured"), [("-loss", 4), ("loss", 5)])
def test_the_best_is_measured_again_only_where_others_were_after_it(tmp_path, monkeypatch, best, measured):
    found: list[dict[str, float | None]] = []
    real = validation.Validator.__call__
    monkeypatch.setattr(validation.Validator, "__call__", lambda *its: (scores := real(*its), found.append(scores))[0])
    run = train(tmp_path / "run", system(best=best), val=TinyDataset(3), epochs=4)
    falling = [scores["loss"] for scores in found[:4]]
    assert falling == sorted(falling, reverse=True)
    assert len(found) == measured
    assert run.scores["loss"] == pytest.approx(min(falling) if best == "-loss" else max(falling))


def test_epochs_beyond_twenty_are_not_all_validated(tmp_path, scripted):
    scripted(0.5)
    scripted_run(tmp_path / "run", "score", epochs=40, data=TinyDataset(2))
    assert sum("score" in line for line in lines(tmp_path / "run") if "at_step" in line) == 20


class Uneven(TinyDataset):
    """Five red pictures, two green, one blue."""

    labels = (0, 0, 0, 0, 0, 1, 1, 2)

    def __init__(self):
        super().__init__(8)

    def truth(self, index):
        return Annotation(label=torch.tensor(self.labels[index]))


def test_class_weights_by_hand():
    assert count_labels(Uneven()).tolist() == [5, 2, 1]
    found = class_weights(torch.tensor([5, 2, 1]))
    assert found.tolist() == pytest.approx([8 / 15, 8 / 6, 8 / 3])
    assert float((found * torch.tensor([5, 2, 1])).sum() / 8) == pytest.approx(1.0)
    assert class_weights(torch.tensor([4, 0])).tolist() == [1.0, 1.0]
    assert count_labels(TinyDataset(0)).tolist() == [0, 0, 0]


def test_the_sampler_shows_classes_alike(tmp_path):
    shown = picture_weights(Uneven())
    assert [float(shown[place]) for place in (0, 5, 7)] == pytest.approx([0.2, 0.5, 1.0])
    seen = []
    network = system()
    real = network.heads["tiny"].loss
    network.heads["tiny"].loss = lambda maps, truth: (seen.extend(int(t.label) for t in truth), real(maps, truth))[1]
    train(tmp_path / "run", network, Uneven(), balance="sampler", epochs=3)
    # 24 draws; an epoch's eight fall into thirds of 2 or 3
    assert all(6 <= seen.count(label) <= 9 for label in range(3))


def test_rare_classes_are_repeated_by_the_root_of_what_they_lack():
    """Of eight pictures five show one class, two another, one a third."""
    assert repeat_factors(Uneven(), 0.5).tolist() == pytest.approx([1.0] * 5 + [2**0.5] * 2 + [2.0])
    assert repeat_factors(Uneven(), 0.001).tolist() == [1.0] * 8
    assert repeat_factors(TinyDataset(0), 0.5).tolist() == []


def test_weights_reach_the_heads_that_take_them(tmp_path, capfd):
    network = sc.build("lenet5", CLASSES, width=0.5, channels=3, variant="modern")
    train(tmp_path / "run", network, Uneven(), balance="weights", steps=1)
    assert network.heads["label"].class_weights.tolist() == pytest.approx([8 / 15, 8 / 6, 8 / 3])
    assert "classes are weighed in the loss of label" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("ssd300", "--balance repeat or sampler"),
        ("segnet_basic", "--balance median, which weighs classes of pixels, or repeat"),
        ("hourglass", "--balance repeat or sampler"),
    ],
)
def test_weights_that_no_head_takes_are_refused_before_training(tmp_path, name, cure):
    options = {"width": 0.125} | ({"stacks": 1, "size": 64} if name == "hourglass" else {})
    with pytest.raises(UsageError, match="whole pictures") as refused:
        sc.train(name, "scenes:count=4,size=64", tmp_path / "run", balance="weights", steps=1, workers=0, **options)
    assert cure in refused.value.cure
    assert not (tmp_path / "run" / "checkpoints" / "last").exists()


def test_the_label_head_of_several_is_weighed(tmp_path, capfd):
    options = {"heads": ("label", "pixels"), "trunk": "resnet18", "width": 0.125, "size": 64}
    data, settings = "scenes:count=4,size=64", {"balance": "weights", "steps": 1, "workers": 0, "batch": 2}
    sc.train("many", data, tmp_path / "run", **options, **settings)
    assert "classes are weighed in the loss of label" in capfd.readouterr().err


def test_a_subset_of_the_classes(tmp_path):
    network = System(system().trunk, {"tiny": TinyHead(2)}, classes=("blue", "red"), input=system().input)
    run = train(tmp_path / "run", network, TinyDataset(9), val=TinyDataset(6), class_subset=["blue", "red"], epochs=1)
    assert (run.path / "classes.txt").read_text().split() == ["blue", "red"]
    assert run.step == 2  # six of the nine pictures, in batches of four


def fails_above(limit, error):
    def fits(train_state, batch, device, real=batch_size._fits):
        if len(batch) > limit:

            def backward(*_, **__):
                raise error

            train_state.backward = backward
        return real(train_state, batch, device)

    return fits


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("DefaultCPUAllocator: no")]
)
def test_the_greatest_batch_that_fits(tmp_path, monkeypatch, capfd, error):
    monkeypatch.setattr(batch_size, "_fits", fails_above(5, error))
    network = system()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    seen = {}

    def remember(step):
        seen.setdefault(step, losses(tmp_path / "run")[-1])

    train(tmp_path / "run", network, TinyDataset(30), batch=0, steps=1, callbacks=[Do(remember)])
    assert "batches of 4 pictures fit" in capfd.readouterr().err
    other = system()
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
    train(tmp_path / "same", other, TinyDataset(30), batch=4, steps=1)
    assert losses(tmp_path / "run") == losses(tmp_path / "same")
    first, second = weights(tmp_path / "run"), weights(tmp_path / "same")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_not_even_one_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_size, "_fits", fails_above(0, MemoryError()))
    with pytest.raises(ResourceError, match="one picture"):
        train(tmp_path / "run", batch=0)


def test_the_batch_that_was_found_is_kept(tmp_path, monkeypatch):
    from small_runs import CrashAt, PowerCutError

    monkeypatch.setattr(batch_size, "_fits", fails_above(5, MemoryError()))
    with pytest.raises(PowerCutError):
        train(tmp_path / "run", data=TinyDataset(30), batch=0, callbacks=[CrashAt(step=2)])
    monkeypatch.setattr(batch_size, "_fits", fails_above(20, MemoryError()))
    train(tmp_path / "run", data=TinyDataset(30), batch=0, resume=True, steps=7)
    config = checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts
    assert config["progress"]["pictures"] == 4


def test_memory_that_runs_out_names_the_batch(tmp_path, monkeypatch):
    def loss(head, maps, truth):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TinyHead, "loss", loss)
    with pytest.raises(ResourceError, match=r"4x3x16x16.*\.png") as short:
        train(tmp_path / "run")
    assert short.value.exit_code == 4


# What is said before step 0.


def test_an_empty_side_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="train on, found"):
        train(tmp_path / "run", data=TinyDataset(0))
    with pytest.raises(ConfigError, match="validate on, found"):
        train(tmp_path / "other", val=TinyDataset(0))


def test_a_class_without_pictures_is_named(tmp_path, capfd):
    train(tmp_path / "run", data=TinyDataset(2), steps=1)
    told = capfd.readouterr().err
    assert "no training picture shows blue" in told
    assert "nothing to validate on" in told


def test_one_picture_and_batch_1(tmp_path, capfd):
    train(tmp_path / "run", data=TinyDataset(1), steps=2)
    assert "normalises over the pictures" in capfd.readouterr().err
    train(tmp_path / "other", batch=1, steps=1)
    assert "normalises over the pictures" in capfd.readouterr().err
    train(tmp_path / "frozen", batch=1, steps=1, freeze=("trunk",))
    assert "normalises over the pictures" not in capfd.readouterr().err


def test_a_last_batch_of_one_is_left_out_where_it_cannot_be_normalised(tmp_path):
    """Nine pictures in batches of four: the ninth alone would stop a network whose maps are of one pixel."""
    network = sc.build("resnet18", CLASSES, width=0.125)
    network.input = network.input.resized(32)
    assert train(tmp_path / "run", network, TinyDataset(9), epochs=2).step == 4
    assert train(tmp_path / "other", sc.build("lenet5", CLASSES, channels=3), TinyDataset(9), epochs=1).step == 3


def test_truth_that_no_head_can_read_is_refused(tmp_path):
    class Unlabelled(TinyDataset):
        fields = frozenset({"instances.boxes"})

    with pytest.raises(ConfigError, match=r"annotated with label, found instances\.boxes"):
        train(tmp_path / "run", data=Unlabelled(4))


def test_other_classes_are_refused(tmp_path):
    with pytest.raises(ConfigError):
        train(tmp_path / "run", data=TinyDataset(4, ("red", "blue", "green")))
    with pytest.raises(ConfigError, match="classes of the training data"):
        train(tmp_path / "run", val=TinyDataset(4, ("red", "blue", "green")))


def test_deterministic_training_refuses_an_operation_without_a_repeatable_kernel(tmp_path, monkeypatch):
    states = []
    act = Do(lambda step: states.append(torch.is_deterministic_algorithms_warn_only_enabled()))
    with warnings.catch_warnings():
        train(tmp_path / "run", deterministic=True, steps=1, callbacks=[act])
        train(tmp_path / "other", steps=1, callbacks=[act])
    assert states == [False, True]
