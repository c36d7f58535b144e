"""What every system's description promises. A new system is tested here by standing in `SYSTEMS`."""

import pytest
import torch
from contract_cases import DEEPER, LARGE

from saccade.analysis.describe import describe
from saccade.systems import SYSTEMS
from saccade.systems.build import build

CASES = [pytest.param(name, marks=[pytest.mark.slow] if name in (*DEEPER, *LARGE) else []) for name in SYSTEMS]


@pytest.mark.parametrize("name", CASES)
def test_every_system_is_described(name: str) -> None:
    """Sums over layers are those of the network: nothing is counted twice, nothing left out."""
    with torch.device("meta"):
        system = build(name, SYSTEMS[name].card.classes)
    found = describe(name)
    parameters = list(system.parameters())
    assert found.parameters == sum(p.numel() for p in parameters)
    assert found.layers[-1].cumulative_weights == found.weights <= found.parameters
    assert found.multiply_adds > 0
    assert sum(found.shares.values()) == pytest.approx(1)
    assert [head.name for head in found.heads] == list(system.heads)
    assert not any("never runs" in layer.note for layer in found.layers)
    for map in found.maps:
        level = system.levels[map.name]
        assert (map.shape[0], map.stride) == (level.channels, level.stride)
