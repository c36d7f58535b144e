"""Training state to JSON and back: equal to the bit, types, keys and memory layout included."""

import json
import math
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saccade.core.errors import DataError
from saccade.runtime.runs.state_tree import flatten, restore


def there_and_back(tree):
    packed, tensors = flatten(tree)
    stored = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    return restore(json.loads(json.dumps(packed, allow_nan=False)), stored)


KEYS = st.one_of(st.text(max_size=3), st.integers(), st.booleans(), st.none(), st.tuples(st.integers(), st.text()))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(tree=TREES)
def test_plain_trees_come_back_exactly(tree):
    # repr tells 1 from 1.0 and True, -0.0 from 0.0, (1,) from [1], and nan equals nan.
    assert repr(there_and_back(tree)) == repr(tree)


def test_what_looks_like_our_own_marks_stays_itself():
    tree = {"tensor": "0", "dict": [[1, 2]], "tuple": [], "float": "nan", "counter": {}}
    assert there_and_back(tree) == tree
    assert there_and_back([tree]) == [tree]


def test_special_numbers():
    values = [math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2, 2**80, np.float64(0.1)]
    found = there_and_back(values)
    assert found == values
    assert math.copysign(1, found[2]) == -1
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "transposed", "scalar", "empty"])
def test_tensors_keep_values_and_layout(layout):
    base = torch.randn(2, 3, 4, 5)
    tensor = {
        "contiguous": base,
        "channels_last": base.to(memory_format=torch.channels_last),
        "transposed": base[0, 0].t(),
        "scalar": torch.tensor(3.0),
        "empty": torch.zeros(0, 3),
    }[layout]
    found = there_and_back({"a": tensor})["a"]
    assert torch.equal(found, tensor)
    assert found.stride() == tensor.stride()


def test_names_of_tensors_are_unique_where_paths_are_not():
    tree = {"a": {"b": torch.zeros(1)}, "a/b": torch.ones(1), 1: torch.full((1,), 2.0), "1": torch.full((1,), 3.0)}
    found = there_and_back(tree)
    assert [found["a"]["b"].item(), found["a/b"].item(), found[1].item(), found["1"].item()] == [0, 1, 2, 3]


def test_mappings_become_dicts_and_counters_stay():
    found = there_and_back({"o": OrderedDict(a=1), "c": Counter([3, 3, 7])})
    assert type(found["o"]) is dict
    assert list(found["c"].elements()) == [3, 3, 7]


def step_all(model, optimiser, scheduler):
    optimiser.zero_grad()
    model(torch.ones(2, 3, 8, 8)).square().mean().backward()
    optimiser.step()
    scheduler.step()


OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.9, centered=True),
    "adadelta": lambda p: torch.optim.Adadelta(p),
}
SCHEDULERS = {
    "multistep": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [1, 1, 3]),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 7),
    "onecycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.3, total_steps=20, cycle_momentum=False),
    "sequential": lambda o: torch.optim.lr_scheduler.SequentialLR(
        o,
        [torch.optim.lr_scheduler.LinearLR(o, 0.1, total_iters=2), torch.optim.lr_scheduler.ExponentialLR(o, 0.9)],
        [2],
    ),
    "lambda": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step)),
}


@pytest.mark.parametrize("schedule", SCHEDULERS)
@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_training_that_was_packed_goes_on_to_equal_weights(kind, schedule):
    torch.manual_seed(0)

    def build():
        model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 2, 3)).to(memory_format=torch.channels_last)
        optimiser = OPTIMISERS[kind](model.parameters())
        return model, optimiser, SCHEDULERS[schedule](optimiser)

    unbroken, resumed = build(), build()
    for _ in range(3):
        step_all(*unbroken)
    for old, new in zip(unbroken, resumed, strict=True):
        new.load_state_dict(there_and_back(old.state_dict()))
    for _ in range(3):
        step_all(*unbroken)
        step_all(*resumed)
    expected, found = unbroken[0].state_dict(), resumed[0].state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert unbroken[2].get_last_lr() == resumed[2].get_last_lr()


def test_objects_are_refused_with_their_place():
    with pytest.raises(TypeError, match="found function at /a/1"):
        flatten({"a": [0, step_all]})


@pytest.mark.parametrize(
    "tree",
    [
        {"tensor": "absent"},
        {"tensor": "t", "order": [0, 0]},
        {"tensor": "t", "order": [0, 1, 2]},
        {"tensor": "t", "order": ["x"]},
        {"float": "1"},
        {"dict": [[1]]},
        {"dict": [[[], 1]]},
        {"object": "os.system"},
        {"a": 1, "b": 2},
        {},
    ],
)
def test_damaged_trees_are_refused(tree):
    with pytest.raises(DataError, match="a training state as it was written"):
        restore(tree, {"t": torch.zeros(2, 3)})
