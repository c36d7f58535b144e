"""Which precision a training takes by itself, by what the processor multiplies fast and is let to."""

import pytest
import torch

from saccade.training.parallel.machine import pick_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capability", "cap", "precision"),
    [
        ("avx512_bf16", "", "bf16"),
        ("avx512_bf16", "AVX512_CORE_BF16", "bf16"),
        ("amx_bf16", "default", "bf16"),
        ("avx512_bf16", "AVX2", "32"),
        ("avx512_bf16", "avx512_core", "32"),
        ("avx2", "", "32"),
    ],
)
def test_bf16_where_the_processor_multiplies_it_and_may(monkeypatch, capability, cap, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", cap)
    assert pick_precision("auto", CPU) == precision
