"""Which precision a training takes by itself, by what the processor multiplies fast and is let to."""

import pytest
import torch
from torch import nn

from saccade.training.parallel.machine import pick_precision

CPU = torch.device("cpu")
PLAIN, WITHIN_CHANNELS = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3, groups=4)


@pytest.mark.parametrize(
    ("capability", "cap", "network", "precision"),
    [
        ("avx512_bf16", "", PLAIN, "bf16"),
        ("avx512_bf16", "AVX512_CORE_BF16", PLAIN, "bf16"),
        ("amx_bf16", "default", PLAIN, "bf16"),
        ("avx512_bf16", "AVX2", PLAIN, "32"),
        ("avx512_bf16", "avx512_core", PLAIN, "32"),
        ("avx512_bf16", "", WITHIN_CHANNELS, "32"),
        ("avx2", "", PLAIN, "32"),
    ],
)
def test_bf16_where_the_processor_multiplies_it_and_may(monkeypatch, capability, cap, network, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", cap)
    assert pick_precision("auto", CPU, network) == precision
