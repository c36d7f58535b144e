"""A system's pace before a training, on a few pictures."""

from typing import Any

import pytest
import torch
from torch import nn

from helpers import TinyDataset, tiny_system
from saccade.training.setup.choice.trial_steps import pictures_a_second

CPU = torch.device("cpu")


@pytest.mark.parametrize(("precision", "mixed"), [("32", False), ("bf16", True)])
def test_the_pace_is_that_of_the_precision_in_which_the_system_will_learn(precision: str, mixed: bool) -> None:
    system, seen = tiny_system(), list[bool]()

    def look(module: nn.Module, given: Any) -> None:
        seen.append(torch.is_autocast_enabled("cpu"))

    system.trunk.register_forward_pre_hook(look)
    before = {name: value.clone() for name, value in system.state_dict().items()}
    assert pictures_a_second(system, TinyDataset(3), CPU, precision) > 0
    assert seen == [mixed] * 4
    assert not torch.is_autocast_enabled("cpu")
    assert all(parameter.grad is None for parameter in system.parameters())
    assert all(torch.equal(before[name], value) for name, value in system.state_dict().items())


@pytest.mark.gpu
def test_the_pace_is_that_of_the_device() -> None:
    system = tiny_system()
    assert pictures_a_second(system, TinyDataset(3), torch.device("cuda"), "32") > 0
    assert {parameter.device.type for parameter in system.parameters()} == {"cpu"}
