"""What a stage freezes or silences stands still; a switch amid an epoch loses and repeats no picture."""

import pytest
import torch

from helpers import TinyDataset
from saccade.core.errors import ConfigError, UsageError
from saccade.network.recipe import Stage
from saccade.training.step.train_state import TrainState
from small_runs import Do, same_weights, system, train, weights


def state(network):
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def moved(before, after, part):
    return [name for name in before if name.startswith(part) and not torch.equal(before[name], after[name])]


def test_a_frozen_trunk_keeps_its_weights_and_statistics(tmp_path):
    network = system(stages=(Stage(0.5, freeze=("trunk",)), Stage(0.5)), weight_decay=0.1)
    seen = {0: state(network)}
    train(tmp_path / "run", network, callbacks=[Do(lambda step: seen.update({step: state(network)}))], steps=6, ema=0.5)
    assert not moved(seen[0], seen[3], "trunk")
    assert moved(seen[0], seen[3], "heads")
    assert {"trunk.body.0.weight", "trunk.body.3.running_mean"} <= set(moved(seen[3], seen[6], "trunk"))


def test_a_part_of_the_trunk_and_a_head_by_name(tmp_path):
    network = system()
    before = state(network)
    train(tmp_path / "run", network, steps=2, freeze=("trunk.body.3", "tiny"))
    after = weights(tmp_path / "run")
    assert not moved(before, after, "trunk.body.3")
    assert not moved(before, after, "heads.tiny")
    assert moved(before, after, "trunk.body.0")


def test_frozen_again_stands_still_again(tmp_path):
    """Momentum of the time before must not move what is frozen."""
    network = system(stages=(Stage(0.5), Stage(0.5, freeze=("trunk",))))
    seen = {}
    train(tmp_path / "run", network, callbacks=[Do(lambda step: seen.update({step: state(network)}))], steps=6)
    assert moved(seen[1], seen[3], "trunk")
    assert not moved(seen[3], seen[6], "trunk")


def test_a_switch_amid_an_epoch_keeps_the_order(tmp_path, monkeypatch):
    seen = []
    real = TrainState.backward

    def backward(train_state, batches, step):
        seen.extend(name for batch in batches for name in batch.ids)
        return real(train_state, batches, step)

    monkeypatch.setattr(TrainState, "backward", backward)
    stages = (Stage(1 / 3, freeze=("tiny",)), Stage(1 / 3, freeze=("trunk.body.0",)), Stage(1 / 3))
    train(tmp_path / "staged", system(stages=stages), batch=2, steps=9, data=TinyDataset(12))
    staged, seen[:] = list(seen), []
    train(tmp_path / "plain", batch=2, steps=9, data=TinyDataset(12))
    assert staged == seen
    assert sorted(staged[:12]) == [f"{index:03}.png" for index in range(12)]


def test_a_silent_head_learns_nothing_and_is_not_told(tmp_path):
    from saccade import build
    from small_runs import lines

    network = build("localizer", list("abc"), width=0.125, trunk="resnet18", size=32, order="paper")
    before = state(network)
    train(tmp_path / "run", network, LabelledImages(), steps=2, batch=4)
    after = weights(tmp_path / "run")
    steps = [line for line in lines(tmp_path / "run") if "step" in line]
    assert "loss/box/box" not in steps[0]
    assert "loss/label/class" not in steps[1]
    assert moved(before, after, "heads.label")
    assert moved(before, after, "heads.box")


class LabelledImages(TinyDataset):
    """The tiny pictures under other names of classes."""

    def __init__(self):
        super().__init__(8, ("a", "b", "c"))


def test_an_unknown_part_is_refused_before_step_0(tmp_path):
    with pytest.raises(UsageError, match="one of trunk, tiny"):
        train(tmp_path / "run", freeze=("trnk",))
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_nothing_left_to_learn_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="stage 1"):
        train(tmp_path / "run", freeze=("trunk", "tiny"))
    with pytest.raises(ConfigError, match="stage 2"):
        train(tmp_path / "other", system(stages=(Stage(0.5), Stage(0.5, silent=("tiny",)))))


def test_weights_of_a_stage_survive_a_resumption(tmp_path):
    from small_runs import CrashAt, PowerCutError

    staged = {"stages": (Stage(0.5, freeze=("trunk",)), Stage(0.5))}
    train(tmp_path / "whole", system(**staged), steps=6)
    for step in (2, 4):
        with pytest.raises(PowerCutError):
            train(tmp_path / "cut", system(**staged), steps=6, resume=True, callbacks=[CrashAt(step=step)])
    train(tmp_path / "cut", system(**staged), steps=6, resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")
