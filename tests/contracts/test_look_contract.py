"""Every system can be looked into: views that fit it, made without a trace on its weights, modes and hooks."""

import numpy as np
import pytest
import torch
from contract_cases import DEEPER, narrow, shown

from saccade.explain.views import views_of, visualize
from saccade.runtime.device import evaluating
from saccade.runtime.inspect.look import subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.systems import SYSTEMS

NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in DEEPER else []) for name in SYSTEMS]


@pytest.mark.parametrize("name", NAMES)
def test_views_are_made_and_leave_no_trace(name: str) -> None:
    system = narrow(name).freeze(["trunk"]).train()
    before = {key: value.clone() for key, value in system.state_dict().items()}
    subject = subject_of(Predictor(system), shown(0, 64, system.input.channels).image)
    # Occlusion is many passes of what `prediction` is one of.
    names = [view for view in views_of(system) if view != "occlusion"]
    with evaluating(system):
        seen = visualize(subject, names)
    assert "answer" in seen
    assert ("activations" in seen) == bool(system.trunk.levels)
    assert "cam" in seen or SYSTEMS[name].card.task != "classify"
    for view in seen.values():
        values = np.array(view.picture)
        assert values.min() < values.max(), view.name
        assert view.title, view.name
    assert system.training
    assert all(torch.equal(value, before[key]) for key, value in system.state_dict().items())
    assert all(parameter.grad is None for parameter in system.parameters())
    assert not any(module._forward_hooks for module in system.modules())
