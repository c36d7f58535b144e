"""Optimisers, their groups, and the average of the weights."""

import pytest
import torch
from torch import nn

from helpers import tiny_system
from saccade.core.errors import UsageError
from saccade.network.recipe import Recipe
from saccade.training.step.optimiser import bound_filters, gradient_norm, make_optimiser, set_rate
from saccade.training.step.weight_average import WeightAverage


def test_biases_and_normalisation_are_spared_where_the_recipe_says():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    decayed, spared = make_optimiser(network, Recipe(decay_all=False, weight_decay=0.3)).param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    assert [p.ndim for p in decayed["params"]] == [4]
    assert [p.ndim for p in spared["params"]] == [1, 1, 1]
    (whole,) = make_optimiser(network, Recipe(weight_decay=0.3)).param_groups
    assert len(whole["params"]) == 4


def test_biases_and_new_parts_have_rates_of_their_own() -> None:
    """Caffe's multipliers: 10 for what is new, 2 for biases of layers, the trunk's own factor on top."""
    network = tiny_system()
    recipe = Recipe(bias_lr_factor=2.0, lr_factors=(("tiny", 10.0),), trunk_lr_factor=0.5)
    optimiser = make_optimiser(network, recipe)
    set_rate(optimiser, 0.1)
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    seen = set()
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
            factor = 0.5 if name.startswith("trunk.") else 10.0 if name.startswith("heads.tiny.") else 1.0
            seen.add(factor)
            assert rates[id(layer.weight)] == pytest.approx(0.1 * factor)
            twice = 1.0 if isinstance(layer, nn.BatchNorm2d) else 2.0
            assert layer.bias is None or rates[id(layer.bias)] == pytest.approx(0.1 * factor * twice)
    assert {0.5, 10.0} <= seen
    with pytest.raises(UsageError, match=r"lr_factors.*'nobody'"):
        make_optimiser(network, Recipe(lr_factors=(("nobody", 2.0),)))


def test_filters_beyond_the_bound_are_brought_back_to_it() -> None:
    layer = nn.Conv2d(3, 2, 5)
    with torch.no_grad():
        layer.weight[0].fill_(0.4)
        layer.weight[1].fill_(-0.05)
    bound_filters(layer, 0.1)
    assert layer.weight.detach().flatten(1)[:, 0].tolist() == pytest.approx([0.1, -0.05])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW),
        ("rmsprop", torch.optim.RMSprop), ("adagrad", torch.optim.Adagrad),
        ("adadelta", torch.optim.Adadelta),
    ],
)  # fmt: skip
def test_every_optimiser_moves_what_has_a_gradient_and_nothing_else(name, kind):
    network = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    optimiser = make_optimiser(network, Recipe(optimiser=name, lr=0.1, weight_decay=0.1, decay_all=True))
    assert type(optimiser) is kind
    still = network[1].weight.detach().clone()
    before = network[0].weight.detach().clone()
    network[0](torch.ones(1, 2)).sum().backward()
    optimiser.step()
    assert not torch.equal(network[0].weight, before)
    assert torch.equal(network[1].weight, still)


def test_momentum_reaches_each_optimiser():
    network = nn.Linear(1, 1)
    assert make_optimiser(network, Recipe(momentum=0.7)).param_groups[0]["momentum"] == 0.7
    assert make_optimiser(network, Recipe(optimiser="adamw", momentum=0.7)).param_groups[0]["betas"] == (0.7, 0.999)
    assert make_optimiser(network, Recipe(optimiser="rmsprop", momentum=0.7)).param_groups[0]["momentum"] == 0.7


def test_the_rate_goes_to_all_groups():
    optimiser = make_optimiser(nn.Linear(2, 2), Recipe(decay_all=False))
    set_rate(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]


def test_the_norm_is_that_of_all_gradients_together():
    first, second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    first.grad, second.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    assert float(gradient_norm([first, second])) == 5.0
    assert float(gradient_norm([nn.Parameter(torch.zeros(2))])) == 0.0
    assert float(gradient_norm([])) == 0.0


def test_the_average_by_hand():
    """Decays 2/11 and 3/12 at the first two steps, as the past is young."""
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(1.0)
    average = WeightAverage(network, decay=0.9)
    with torch.no_grad():
        network.weight.fill_(12.0)
    average.update()
    assert average.state["weight"].item() == pytest.approx(10.0)  # 2/11 · 1 + 9/11 · 12
    with torch.no_grad():
        network.weight.fill_(2.0)
    average.update()
    assert average.state["weight"].item() == pytest.approx(4.0)  # 3/12 · 10 + 9/12 · 2
    old = WeightAverage(network, decay=0.5)
    old.load({"weight": torch.tensor([[6.0]])}, updates=1000)
    old.update()
    assert old.state["weight"].item() == pytest.approx(4.0)  # 1/2 · 6 + 1/2 · 2


def test_the_average_stands_in_and_steps_back_though_the_block_fails():
    network = tiny_system()
    average = WeightAverage(network, decay=0.9)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    mine = {name: value.clone() for name, value in network.state_dict().items()}

    def fail_inside() -> None:
        with average.in_place():
            assert all(torch.equal(value, average.state[name]) for name, value in network.state_dict().items())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert all(torch.equal(value, mine[name]) for name, value in network.state_dict().items())


def test_counts_are_copied_and_not_averaged():
    network = tiny_system().train()
    average = WeightAverage(network, decay=0.9)
    count = next(name for name in average.state if name.endswith("num_batches_tracked"))
    network.trunk(torch.zeros(2, 3, 8, 8))
    average.update()
    assert average.state[count].item() == 1


def test_rmsprop_keeps_the_recipe_s_decay_and_epsilon() -> None:
    """Inception v3's paper names both: one step by hand, in a fresh state."""
    layer = nn.Linear(1, 1, bias=False)
    before = layer.weight.item()
    recipe = Recipe(optimiser="rmsprop", lr=0.5, momentum=0.0, weight_decay=0.0, decay=0.9, epsilon=1.0)
    optimiser = make_optimiser(layer, recipe)
    layer.weight.grad = torch.full((1, 1), 2.0)
    optimiser.step()
    assert layer.weight.item() == pytest.approx(before - 0.5 * 2 / ((0.1 * 4) ** 0.5 + 1), abs=1e-6)


def test_adadelta_keeps_the_recipe_s_decay_and_epsilon() -> None:
    """The first step by hand (Zeiler 2012, algorithm 1)."""
    layer = nn.Linear(1, 1, bias=False)
    before = layer.weight.item()
    recipe = Recipe(optimiser="adadelta", lr=0.5, weight_decay=0.0, decay=0.9, epsilon=1e-2)
    optimiser = make_optimiser(layer, recipe)
    layer.weight.grad = torch.full((1, 1), 2.0)
    optimiser.step()
    step = (1e-2) ** 0.5 / (0.1 * 4 + 1e-2) ** 0.5 * 2
    assert layer.weight.item() == pytest.approx(before - 0.5 * step, abs=1e-6)
