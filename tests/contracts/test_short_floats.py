"""Every system predicts in 16 bits, which is how it predicts when it was trained so."""

import pytest
import torch
from contract_cases import narrow, shown

from proof_systems import PROOFS
from saccade.runtime.predict.predictor import Predictor
from saccade.systems import SYSTEMS

# Members that see pictures at several sizes only on demand.
SEVERAL = {"overfeat_localizer": {"scales": 2}, "svm": {"scales": (48, 64)}}


@pytest.mark.parametrize("name", sorted([*SYSTEMS, *PROOFS]))
def test_answers_in_16_bits_are_whole_and_finite(name: str) -> None:
    system = narrow(name, **SEVERAL.get(name, {})).eval()
    side = system.input.size[0] if system.input.size else 64
    (prediction,) = Predictor(system, precision="bf16")([shown(0, side, system.input.channels).image])
    assert system.gives <= prediction.present()
    tensors = [t for t in torch.utils._pytree.tree_leaves(prediction) if isinstance(t, torch.Tensor)]
    assert all(bool(t.isfinite().all()) for t in tensors if t.is_floating_point())
    assert all(t.dtype == torch.float32 for t in tensors if t.is_floating_point())
