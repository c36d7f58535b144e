"""Alternating training: the second step begins anew, on proposals of the network that the first step taught."""

import pytest
import torch
from torch.utils._pytree import tree_leaves

from helpers import tiny_system
from saccade import build, open_data
from saccade.core.errors import ConfigError
from saccade.training.step.reinitialised_stage import ReinitialisedStage
from saccade.training.step.train_state import TrainState
from small_runs import CrashAt, PowerCutError, same_weights, train

DATA = "scenes:count=4,size=64,seed=3"
# Steps of the four parts of an alternating training of six steps: 2, 1, 2 and 1.
STEPS = {"steps": 6, "batch": 2, "lr": 0.01, "augment": "none"}


def detector(trunk="vgg11"):
    torch.manual_seed(0)
    options = {"trunk": trunk, "width": 1 / 16, "size": 64, "scales": (1.0, 2.0), "schedule": "alternate"}
    return build("faster_rcnn", open_data(DATA).classes, **options).train()


def shared(system):
    return {n: v.detach().clone() for n, v in system.state_dict().items() if n.startswith(("trunk.", "neck."))}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def disturb(system):
    with torch.no_grad():
        for parameter in (*system.trunk.parameters(), *(system.neck.parameters() if system.neck else ())):
            parameter.add_(0.1 * torch.randn_like(parameter))


@pytest.mark.parametrize("trunk", ["vgg11", "resnet18"])
def test_the_network_beside_proposes_what_it_proposed_when_it_was_left(trunk) -> None:
    system = detector(trunk).eval()
    data = open_data(DATA)
    batch = system.batch([data[0].image, data[1].image], [data[0].truth, data[1].truth])
    second, first = ReinitialisedStage(system), shared(system)
    disturb(system)
    with torch.no_grad():
        wanted = system.heads["regions"].propose_from(system.maps(batch))
    given = second.begin()
    assert same(given, first)
    system.load_state_dict(given, strict=False)
    disturb(system)
    for found, boxes in zip(second.propose(batch).regions, wanted, strict=True):
        assert len(boxes)
        torch.testing.assert_close(found, boxes, rtol=0, atol=0)


def test_the_losses_are_made_of_the_regions_that_come_with_the_batch() -> None:
    system = detector().eval()
    data = open_data(DATA)
    batch = system.batch([data[0].image], [data[0].truth])
    head, maps = system.heads["regions"], system.maps(batch)
    own, asked = head.propose_from(maps), torch.tensor([[3.0, 3.0, 30.0, 30.0]])
    assert not torch.equal(own[0], asked)
    given = type(maps)(maps.tensors, maps.sizes, (asked,))
    assert torch.equal(head.propose_from(given)[0], asked)
    torch.testing.assert_close(head(given).regions.boxes, head(maps).regions.boxes)  # in use they are its own


@pytest.mark.parametrize("trunk", ["vgg11", "resnet18"])
def test_the_second_of_four_steps_begins_anew(tmp_path, monkeypatch, trunk) -> None:
    system = detector(trunk)
    first, seen, guided, past = shared(system), {}, [], {}
    backward, propose = TrainState.backward, ReinitialisedStage.propose

    def watched(train_state, batches, step):
        seen[step] = shared(system)
        own = [train_state.optimiser.state.get(p, {}) for n, p in system.named_parameters() if n.startswith("trunk.")]
        past[step] = any(bool(leaf.any()) for leaf in tree_leaves(own) if isinstance(leaf, torch.Tensor))
        return backward(train_state, batches, step)

    def counted(second, batch):
        guided.append(max(seen))
        return propose(second, batch)

    monkeypatch.setattr(TrainState, "backward", watched)
    monkeypatch.setattr(ReinitialisedStage, "propose", counted)
    train(tmp_path / "run", system, open_data(DATA), **STEPS)
    assert not same(seen[1], first)
    assert same(seen[2], first)
    assert not same(seen[3], first)
    assert same(seen[3], seen[5])
    assert guided == [2]
    assert (past[1], past[2]) == (True, False)


@pytest.mark.parametrize("ema", [0.0, pytest.param(0.9, marks=pytest.mark.slow)])
def test_a_run_broken_off_in_any_step_ends_as_an_unbroken_one(tmp_path, ema) -> None:
    settings = STEPS | {"steps": 12, "ema": ema}  # 4, 2, 4 and 2
    train(tmp_path / "whole", detector(), open_data(DATA), **settings)
    for at in (4, 5, 7):
        with pytest.raises(PowerCutError):
            train(tmp_path / "broken", detector(), open_data(DATA), resume=at > 4, callbacks=[CrashAt(at)], **settings)
    train(tmp_path / "broken", detector(), open_data(DATA), resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")


def test_a_second_start_wants_a_head_that_proposes() -> None:
    with pytest.raises(ConfigError, match="found none"):
        ReinitialisedStage(tiny_system())
