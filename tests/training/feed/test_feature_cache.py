"""A trunk that stands still runs once a picture; what learns from its kept features learns the same."""

import os
import shutil
import signal

import pytest
import torch

from helpers import TinyDataset, TinyTrunk
from saccade.network.recipe import Stage
from saccade.training.loop.signals import Interrupted
from small_runs import COUNT, CrashAt, Do, PowerCutError, losses, same_weights, system, train

FROZEN = {"freeze": ("trunk",), "augment": "none", "epochs": 3}


@pytest.fixture
def runs(monkeypatch):
    """Pictures that the trunk has seen, in training."""
    seen = []
    real = TinyTrunk.forward

    def forward(trunk, images):
        seen.append(len(images))
        return real(trunk, images)

    monkeypatch.setattr(TinyTrunk, "forward", forward)
    return seen


@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}, {"precision": "bf16"}, {"accumulate": 2}])
def test_cached_epochs_give_the_losses_of_uncached_ones(tmp_path, runs, extra):
    train(tmp_path / "cached", **FROZEN, **extra)
    assert sum(runs) == COUNT
    train(tmp_path / "plain", **FROZEN, **extra, cache=False)
    assert sum(runs) == COUNT + 3 * COUNT
    assert losses(tmp_path / "cached") == pytest.approx(losses(tmp_path / "plain"), rel=1e-6 if not extra else 1e-4)
    assert (tmp_path / "cached" / "features").is_dir()
    assert not (tmp_path / "plain" / "features").exists()


@pytest.mark.parametrize("why", [{"augment": "recipe"}, {"freeze": ()}, {"freeze": ("trunk.body.0",)}])
def test_no_cache_where_features_change(tmp_path, why):
    train(tmp_path / "run", **FROZEN | why)
    assert not (tmp_path / "run" / "features").exists()


def test_a_resumption_reads_the_kept_features(tmp_path, runs):
    train(tmp_path / "whole", **FROZEN)
    with pytest.raises(PowerCutError):
        train(tmp_path / "cut", callbacks=[CrashAt(step=4)], **FROZEN)
    runs.clear()
    train(tmp_path / "cut", resume=True, **FROZEN)
    assert not runs
    assert same_weights(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize("harm", ["delete", "cut", "facts"])
def test_damaged_features_are_made_anew(tmp_path, runs, harm):
    train(tmp_path / "whole", **FROZEN)
    with pytest.raises(PowerCutError):
        train(tmp_path / "cut", callbacks=[CrashAt(step=4)], **FROZEN)
    features = tmp_path / "cut" / "features"
    if harm == "delete":
        (features / "deep.raw").unlink()
    elif harm == "cut":
        os.truncate(features / "deep.raw", 100)
    else:
        (features / "facts.json").unlink()
    runs.clear()
    train(tmp_path / "cut", resume=True, **FROZEN)
    assert sum(runs) == COUNT
    assert same_weights(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize("change", ["trunk", "input", "pictures"])
def test_features_of_another_trunk_or_input_are_made_anew(tmp_path, runs, change):
    class Others(TinyDataset):
        def id(self, index):
            return f"other-{index}"

    def shifted():
        network = system()
        with torch.no_grad():
            network.trunk.body[0].weight.add_(0.01)
        return network

    other = {"trunk": {}, "input": {"size": 12}, "pictures": {"data": Others(COUNT)}}[change]
    make = shifted if change == "trunk" else system
    train(tmp_path / "whole", make(), **FROZEN, **other)
    for name, network, extra in (("one", system(), {}), ("two", make(), other)):
        with pytest.raises(PowerCutError):
            train(tmp_path / name, network, callbacks=[CrashAt(step=1)], **FROZEN, **extra)
    shutil.rmtree(tmp_path / "two" / "features")
    (tmp_path / "one" / "features").rename(tmp_path / "two" / "features")
    runs.clear()
    train(tmp_path / "two", make(), resume=True, **FROZEN, **other)
    assert sum(runs) == COUNT
    assert same_weights(tmp_path / "whole", tmp_path / "two")


def test_a_trunk_that_thaws_between_two_stages(tmp_path, runs):
    """Features of the first stage are not those of the third."""
    stages = (Stage(1 / 3, freeze=("trunk",)), Stage(1 / 3), Stage(1 / 3, freeze=("trunk",)))
    settings = {"augment": "none", "epochs": 3}
    train(tmp_path / "cached", system(stages=stages), **settings)
    assert sum(runs) == 3 * COUNT
    train(tmp_path / "plain", system(stages=stages), cache=False, **settings)
    assert losses(tmp_path / "cached") == pytest.approx(losses(tmp_path / "plain"), rel=1e-6)


def test_a_switch_amid_an_epoch_goes_on_with_the_kept_features(tmp_path):
    stages = (Stage(0.5, freeze=("trunk",)), Stage(0.5))
    settings = {"augment": "none", "steps": 5}
    train(tmp_path / "cached", system(stages=stages), **settings)
    train(tmp_path / "plain", system(stages=stages), cache=False, **settings)
    assert losses(tmp_path / "cached") == pytest.approx(losses(tmp_path / "plain"), rel=1e-6)


def test_making_features_stops_at_a_signal(tmp_path, monkeypatch):
    calls = []
    real = TinyDataset.__getitem__

    def read(dataset, index):
        calls.append(index)
        if len(calls) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return real(dataset, index)

    with monkeypatch.context() as patch:
        patch.setattr(TinyDataset, "__getitem__", read)
        with pytest.raises(Interrupted):
            train(tmp_path / "run", **FROZEN)
    assert len(calls) < COUNT
    train(tmp_path / "whole", **FROZEN)
    train(tmp_path / "run", resume=True, **FROZEN)
    assert same_weights(tmp_path / "whole", tmp_path / "run")


def test_validation_measures_the_trunk_itself(tmp_path, runs):
    train(tmp_path / "run", val=TinyDataset(5), callbacks=[Do(lambda step: None)], **FROZEN)
    assert sum(runs) == COUNT + 3 * 5  # once for the cache, three validations, of which the last is the best
