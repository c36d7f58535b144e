"""Parts that begin to learn on the way: stages by hand, weights that stand and move, and one schedule over all."""

import pytest
import torch

from helpers import tiny_system
from saccade.core.errors import UsageError
from saccade.network.recipe import Recipe, Stage
from saccade.training.settings import TrainSettings
from saccade.training.setup.unfreeze import staged
from saccade.training.step.optimiser import make_optimiser, set_rate
from saccade.training.step.schedule import within_stage
from small_runs import CrashAt, Do, PowerCutError, lines, same_weights, system, train

WORDS = ("0.6:trunk", "0.3:trunk.body.3")


def test_stages_by_hand() -> None:
    first, second, third = staged((Stage(),), WORDS)
    assert [stage.share for stage in (first, second, third)] == pytest.approx([0.3, 0.3, 0.4])
    assert (first.freeze, first.unfreeze) == (("trunk.body.3", "trunk"), ())
    assert (second.freeze, second.unfreeze) == (("trunk",), ("trunk.body.3",))
    assert (third.freeze, third.unfreeze) == ((), ("trunk.body.3", "trunk"))
    assert [stage.continue_schedule for stage in (first, second, third)] == [False, True, True]


def test_a_recipes_own_stages_are_cut_where_parts_begin_to_learn() -> None:
    own = (Stage(0.5, freeze=("box",), lr=0.1), Stage(0.0, solve=("box",)), Stage(0.5, silent=("label",)))
    found = staged(own, ("0.75:trunk",))
    assert [stage.share for stage in found] == pytest.approx([0.5, 0, 0.25, 0.25])
    assert [stage.freeze for stage in found] == [("box", "trunk"), ("trunk",), ("trunk",), ()]
    assert [stage.continue_schedule for stage in found] == [False, False, False, True]
    assert (found[0].lr, found[1].solve, found[3].silent) == (0.1, ("box",), ("label",))


def test_the_schedule_goes_on_over_the_cuts() -> None:
    recipe = Recipe(stages=staged((Stage(0.5), Stage(0.5)), ("0.25:trunk", "0.75:label")))
    assert [within_stage(recipe, share)[1] for share in (0.0, 0.2, 0.3, 0.45, 0.5, 0.8)] == pytest.approx(
        [0, 0.4, 0.6, 0.9, 0, 0.6]
    )


@pytest.mark.parametrize("word", ["trunk", "0:trunk", "1:trunk", "x:trunk", "0.5:", "nan:trunk"])
def test_malformed_words_are_refused(word: str) -> None:
    with pytest.raises(UsageError, match="SHARE:PART"):
        TrainSettings(unfreeze=(word,))


def test_contradictions_are_refused() -> None:
    with pytest.raises(UsageError, match="each part once"):
        TrainSettings(unfreeze=("0.2:trunk", "0.4:trunk"))
    with pytest.raises(UsageError, match="freeze or unfreeze"):
        TrainSettings(unfreeze=("0.2:trunk",), freeze=("trunk",))


def test_of_a_frozen_and_a_thawed_name_the_longer_decides() -> None:
    network = tiny_system().train().freeze(("trunk",), ("trunk.body.3",))
    learning = {name for name, p in network.named_parameters() if p.requires_grad}
    assert learning == {"trunk.body.3.weight", "trunk.body.3.bias", "heads.tiny.score.weight", "heads.tiny.score.bias"}
    assert not network.trunk.body[0].training
    assert network.trunk.body[3].training
    network.freeze(("trunk.body.0",), ("trunk",))
    assert not network.trunk.body[0].weight.requires_grad
    assert network.trunk.body[2].weight.requires_grad


def test_parts_begin_to_learn_at_their_share(tmp_path) -> None:
    network = system()
    seen = {0: {name: value.detach().clone() for name, value in network.state_dict().items()}}

    def look(step: int) -> None:
        seen[step] = {name: value.detach().clone() for name, value in network.state_dict().items()}

    train(tmp_path / "run", network, steps=10, unfreeze=WORDS, callbacks=[Do(look)])

    def moved(before: int, after: int, name: str) -> bool:
        return not torch.equal(seen[before][name], seen[after][name])

    assert not moved(0, 3, "trunk.body.3.weight")
    assert not moved(0, 3, "trunk.body.3.running_mean")
    assert moved(3, 4, "trunk.body.3.weight")
    assert not moved(0, 6, "trunk.body.0.weight")
    assert moved(6, 7, "trunk.body.0.weight")
    assert moved(0, 1, "heads.tiny.score.weight")
    rates = [line["lr"] for line in lines(tmp_path / "run") if "step" in line]
    assert rates == sorted(rates, reverse=True)  # one cosine, that begins but once


def test_a_broken_run_ends_as_an_unbroken_one(tmp_path) -> None:
    settings = {"steps": 6, "unfreeze": WORDS, "trunk_lr_factor": 0.2}
    train(tmp_path / "whole", **settings)
    for step in (1, 3, 5):
        with pytest.raises(PowerCutError):
            train(tmp_path / "cut", resume=True, callbacks=[CrashAt(step=step)], **settings)
    train(tmp_path / "cut", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")


def test_the_trunks_rate_is_a_factor_of_the_others() -> None:
    network = tiny_system()
    optimiser = make_optimiser(network, Recipe(optimiser="sgd", trunk_lr_factor=0.1, momentum=0.0))
    set_rate(optimiser, 0.5)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.param_groups[0]["weight_decay"] = optimiser.param_groups[1]["weight_decay"] = 0.0
    optimiser.step()
    for name, parameter in network.named_parameters():
        moved = (before[name] - parameter.detach()).mean()
        assert float(moved) == pytest.approx(0.05 if name.startswith("trunk") else 0.5, rel=1e-4)
