"""A network in use runs without its normalisations, gives the same maps, and follows its system, which stays."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saccade.layers.blocks.packed_convolution import PackedConvolution
from saccade.layers.blocks.strided_pointwise import StridedPointwise
from saccade.network.system import System
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.folded_trunk import FoldedTrunk
from saccade.systems.build import build


def learnt(width: float = 1 / 8) -> System:
    """A residual network with statistics as after some training, some of its steps by convolutions of few channels."""
    torch.manual_seed(0)
    system = build("resnet18", 3, width=width, size=32).eval()
    for layer in system.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
    return system


def picture() -> Tensor:
    return torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1))


def logits(system: System) -> Tensor:
    """By the system's own layers, none of which is folded."""
    with torch.no_grad():
        return system(system.batch([picture()]))["label"].logits


def first(system: System) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Its first convolution and normalisation."""
    found = [next(m for m in system.modules() if isinstance(m, kind)) for kind in (nn.Conv2d, nn.BatchNorm2d)]
    assert isinstance(found[0], nn.Conv2d)
    assert isinstance(found[1], nn.BatchNorm2d)
    return found[0], found[1]


@pytest.mark.parametrize("width", [1 / 16, 1 / 8])
def test_no_normalisation_runs_and_the_maps_are_the_same(width: float, monkeypatch: pytest.MonkeyPatch) -> None:
    system = learnt(width)
    batch, wanted = system.batch([picture()]), logits(system)
    monkeypatch.setattr(nn.BatchNorm2d, "forward", None)
    found = engine_of(system).forward(batch)["label"].logits
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.equal(wanted, torch.zeros_like(wanted))


def test_narrow_steps_stay_clear_of_the_fault() -> None:
    system = learnt(1 / 16)
    folded = FoldedTrunk(system.trunk)
    batch = system.batch([picture()])
    with torch.no_grad():
        folded(batch.images)
    assert folded.copy is not None
    kinds = [[type(m) for m in trunk.modules()] for trunk in (system.trunk, folded.copy.module)]
    assert kinds[0].count(StridedPointwise) == kinds[1].count(StridedPointwise) > 0


@pytest.mark.parametrize("training", [False, True])
def test_the_system_stays_as_it_is(training: bool) -> None:
    system = learnt().train(training)
    layers, before = list(system.modules()), copy.deepcopy(system.state_dict())
    parameters = {name: (id(p), p.requires_grad) for name, p in system.named_parameters()}
    engine_of(system).forward(system.batch([picture()]))
    assert list(system.modules()) == layers
    assert all(layer.training == training for layer in layers)
    assert {name: (id(p), p.requires_grad) for name, p in system.named_parameters()} == parameters
    assert all(torch.equal(found, before[name]) for name, found in system.state_dict().items())
    system.train().forward(system.batch([picture(), picture()]))["label"].logits.sum().backward()
    assert all(p.grad is not None for p in system.trunk.parameters())


def test_only_what_something_was_folded_into_is_held_twice() -> None:
    system = learnt()
    folded = FoldedTrunk(system.trunk)
    with torch.no_grad():
        folded(system.batch([picture()]).images)
    assert folded.copy is not None
    own = {id(tensor) for tensor in system.state_dict(keep_vars=True).values()}
    layers = [m for m in folded.copy.module.modules() if isinstance(m, PackedConvolution | nn.Conv2d)]
    held = [t for layer in layers for t in vars(layer).values() if isinstance(t, Tensor)]
    more = [t for t in (*held, *folded.copy.module.state_dict(keep_vars=True).values()) if id(t) not in own]
    assert {t.ndim for t in more} == {4, 1}  # weights of convolutions, and their new biases
    assert sum(t.ndim == 4 for t in more) == sum(isinstance(m, nn.Conv2d) for m in system.trunk.modules())


def _learn(system: System) -> None:
    optimiser = torch.optim.SGD(system.parameters(), lr=0.1)
    system.train()
    system(system.batch([picture(), picture() / 2]))["label"].logits.square().sum().backward()
    optimiser.step()
    system.eval()


def _write_data(system: System) -> None:
    first(system)[0].weight.data.mul_(2)


def _write_one(system: System) -> None:
    with torch.no_grad():
        first(system)[0].weight[1, 1, 1, 1] += 5


def _load(system: System) -> None:
    system.load_state_dict({name: value * 2 for name, value in system.state_dict().items()}, assign=True)


def _exchange_layer(system: System) -> None:
    path = next(path for path, layer in system.trunk.named_modules() if isinstance(layer, nn.Conv2d))
    parent, _, name = path.rpartition(".")
    conv = copy.deepcopy(system.trunk.get_submodule(path))
    nn.init.constant_(conv.get_parameter("weight"), 0.05)
    setattr(system.trunk.get_submodule(parent), name, conv)


def _exchange_statistics(system: System) -> None:
    first(system)[1].running_mean = torch.ones(first(system)[1].num_features)


@pytest.mark.parametrize(
    "change", [_learn, _write_data, _write_one, _load, _exchange_layer, _exchange_statistics], ids=lambda f: f.__name__
)
def test_a_system_that_changes_is_followed(change: Callable[[System], None]) -> None:
    system = learnt()
    engine, batch, before = engine_of(system), system.batch([picture()]), logits(system)
    engine.forward(batch)
    change(system)
    torch.testing.assert_close(engine.forward(batch)["label"].logits, logits(system), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(logits(system), before, rtol=1e-3, atol=1e-4)


def test_who_watches_a_layer_sees_it_run() -> None:
    system, seen = learnt(), list[Any]()
    engine, batch = engine_of(system), system.batch([picture()])
    engine.forward(batch)
    hook = first(system)[1].register_forward_hook(lambda _, __, found: seen.append(found))
    engine.forward(batch)
    assert len(seen) == 1
    hook.remove()
    engine.forward(batch)
    assert len(seen) == 1
