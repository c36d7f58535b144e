"""Heads that are solved: in one step, at their place in the run, and the same after any kill."""

import os
import signal
from dataclasses import replace

import pytest
import torch

import saccade as sc
from helpers import CLASSES, TinyDataset, TinyTrunk, tiny_system
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.heads.classify.svm import SvmHead
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.runtime.runs.load import load
from saccade.training.loop.signals import Interrupted
from small_runs import CrashAt, PowerCutError, lines, same_weights, train, weights

SOLVE = Stage(0.0, freeze=("trunk",), solve=("label",))


def solvable(*stages: Stage, heads: str = "solved") -> System:
    """A tiny system whose head is solved, alone or beside one that descends."""
    torch.manual_seed(0)
    own = {"label": SvmHead("deep", 8, 3)}
    silent = ()
    if heads == "both":
        own, silent = {"tiny": tiny_system().heads["tiny"], **own}, ("tiny",)
    recipe = Recipe(lr=0.02, batch=4, schedule="cosine", stages=stages or (SOLVE,), best="top1")
    return System(TinyTrunk(), own, classes=CLASSES, input=InputSpec.stretch(16), recipe=recipe, silent=silent).train()


def steps(out):
    return [line for line in lines(out) if "step" in line]


def test_one_step_sets_the_weights_that_the_head_finds_by_itself(tmp_path) -> None:
    data, network = TinyDataset(30), solvable()
    run = train(tmp_path / "run", network, data, val=TinyDataset(9), steps=None, epochs=None)
    (step,) = steps(run.path)
    assert {"solve/label/C", "solve/label/sharpness", "solve/label/cross_validation"} < set(step)
    assert step["loss"] == step["loss/label/class"]
    assert run.scores["top1"] == 1.0
    alone = solvable().eval()
    batch = alone.batch([data[i].image for i in range(30)], [data.truth(i) for i in range(30)])
    with torch.no_grad():
        maps = alone.maps(batch)
        alone.heads["label"].solve(lambda: [(maps, batch.truth)])
        loss = float(alone.loss_of(maps, batch.truth)["label/class"])
    torch.testing.assert_close(weights(run.path)["heads.label.linear.weight"], alone.heads["label"].linear.weight.data)
    assert step["loss"] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("length", [{"steps": 5}, {"epochs": 3}, {"minutes": 9.0}])
def test_the_length_of_descent_says_nothing_of_a_run_that_only_solves(tmp_path, length) -> None:
    run = train(tmp_path / "run", solvable(), TinyDataset(12), val=TinyDataset(3), **length)
    assert run.step == 1
    assert len(lines(run.path)) == 2


@pytest.mark.parametrize("extra", [{}, {"ema": 0.5}, {"cache": False}])
def test_solving_after_descent(tmp_path, extra) -> None:
    network = solvable(Stage(1.0, silent=("label",)), SOLVE, heads="both")
    settings = {"data": TinyDataset(12), "val": TinyDataset(6), "steps": 4, **extra}
    run = train(tmp_path / "run", network, **settings)
    *descent, last = steps(run.path)
    assert [("solve/label/C" in line, "loss/tiny/class" in line) for line in descent] == [(False, True)] * 4
    assert "solve/label/C" in last
    assert last["step"] == 5
    averaged_weights = [line for line in lines(run.path) if "at_step" in line]
    assert averaged_weights[-1]["at_step"] == 5
    # The machines belong to the trunk that is saved, be it an average or not.
    kept = weights(run.path)
    again = solvable(heads="both").eval()
    again.load_state_dict(kept)
    batch = again.batch([settings["data"][i].image for i in range(12)], [settings["data"].truth(i) for i in range(12)])
    with torch.no_grad():
        maps = again.maps(batch)
        again.heads["label"].solve(lambda: [(maps, batch.truth)])
    torch.testing.assert_close(kept["heads.label.linear.weight"], again.heads["label"].linear.weight.data)


@pytest.mark.parametrize("ema", [None, 0.5])
def test_kills_before_and_after_solving(tmp_path, ema) -> None:
    settings = {"data": TinyDataset(12), "val": TinyDataset(6), "steps": 4, "ema": ema}

    def made() -> System:
        return solvable(Stage(0.5, silent=("label",)), SOLVE, Stage(0.5, freeze=("label",)), heads="both")

    train(tmp_path / "whole", made(), **settings)
    for step in (1, 2, 3, 4, 5):
        with pytest.raises(PowerCutError):
            train(tmp_path / "cut", made(), resume=True, callbacks=[CrashAt(step=step)], **settings)
    train(tmp_path / "cut", made(), resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")
    assert same_weights(tmp_path / "whole", tmp_path / "cut", "best")
    assert lines(tmp_path / "whole") == lines(tmp_path / "cut")
    assert [line["step"] for line in steps(tmp_path / "cut")] == [1, 2, 3, 4, 5]


def test_a_signal_while_solving(tmp_path, monkeypatch) -> None:
    settings = {"data": TinyDataset(12), "val": TinyDataset(6)}
    real = SvmHead.solve

    def interrupted(head, look, folder):
        with torch.no_grad():
            head.linear.weight.fill_(3.0)
        os.kill(os.getpid(), signal.SIGTERM)
        return real(head, look, folder)

    train(tmp_path / "whole", solvable(), **settings)
    with monkeypatch.context() as patch:
        patch.setattr(SvmHead, "solve", interrupted)
        with pytest.raises(Interrupted):
            train(tmp_path / "cut", solvable(), **settings)
    assert not (tmp_path / "cut" / "metrics.jsonl").exists()
    train(tmp_path / "cut", solvable(), resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")
    assert lines(tmp_path / "whole") == lines(tmp_path / "cut")


def test_patience_ends_descent_and_solving_still_comes(tmp_path) -> None:
    network = solvable(Stage(1.0, silent=("label",)), SOLVE, heads="both")
    network.recipe = replace(network.recipe, lr=0.0, best="-loss/tiny/class")
    settings = {"data": TinyDataset(12), "val": TinyDataset(6), "epochs": 20, "patience": 2, "lr": 0.0}
    run = train(tmp_path / "run", network, **settings)
    assert "solve/label/C" in steps(run.path)[-1]
    assert run.step < 60


def test_classes_may_be_balanced(tmp_path) -> None:
    class Uneven(TinyDataset):
        def truth(self, index):
            found = super().truth(index)
            return replace(found, label=torch.tensor(0 if index < 8 else index % 3))

    plain = train(tmp_path / "plain", solvable(), Uneven(12))
    weighed = train(tmp_path / "weighed", solvable(), Uneven(12), balance="weights")
    assert not same_weights(plain.path, weighed.path)


def test_a_head_that_cannot_be_solved_is_refused(tmp_path) -> None:
    network = solvable(Stage(1.0, silent=("label",)), Stage(0.0, solve=("tiny",)), heads="both")
    with pytest.raises(ConfigError, match=r"can be solved \(label\), found \['tiny'\]"):
        train(tmp_path / "run", network, TinyDataset(12))


def test_a_stage_that_solves_takes_no_share() -> None:
    with pytest.raises(ValueError, match="share of 0"):
        Stage(0.5, solve=("label",))


def test_a_run_is_loaded_without_scikit_learn(tmp_path, monkeypatch) -> None:
    import sys

    options = {"width": 1 / 16, "trunk": "resnet18", "scales": (32, 48)}
    run = sc.train(
        "svm", TinyDataset(12), tmp_path / "run", val=TinyDataset(6), workers=0, device="cpu", precision="32", **options
    )
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    predictor = load(run)
    predictions = predictor([TinyDataset(12)[i].image for i in range(4)])
    assert all(prediction.label_scores.shape == (3,) for prediction in predictions)
    assert predictor.system.input.size == (48, 48)
