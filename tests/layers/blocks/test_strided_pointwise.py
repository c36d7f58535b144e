"""Narrow 1 × 1 convolutions that step: the same values, and no memory overwritten on processors without AVX-512."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from saccade.layers.blocks.strided_pointwise import StridedPointwise, without_strided_pointwise
from saccade.systems.build import build

CHECKER = next(Path("/usr").glob("lib*/**/libc_malloc_debug.so.0"), None)
TRAIN = """
import torch
from torch import nn
from saccade.layers.blocks.strided_pointwise import without_strided_pointwise
torch.set_num_threads(1)
for channels in (1, 3, 6, 7):
    body = nn.Sequential(nn.Conv2d(channels, 12, 1, 2)).to(memory_format=torch.channels_last)
    without_strided_pointwise(body)
    images = torch.randn(4, channels, 16, 16).to(memory_format=torch.channels_last).requires_grad_()
    for _ in range(100):
        body(images).sum().backward()
"""


@pytest.mark.parametrize(("stride", "side"), [(2, 16), (2, 15), (3, 16), (4, 7)])
def test_values_and_gradients_are_the_same(stride: int, side: int) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(6, 12, 1, stride))
    images, found = torch.randn(2, 6, side, side), []
    for _ in range(2):
        plain.zero_grad()
        result = plain(images)
        result.square().sum().backward()
        assert plain[0].weight.grad is not None
        found.append((result.detach(), plain[0].weight.grad.clone()))
        without_strided_pointwise(plain)
    assert isinstance(plain[0], StridedPointwise)
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(8, 12, 1, 2), nn.Conv2d(6, 12, 1), nn.Conv2d(6, 12, 3, 2), nn.Conv2d(6, 9, 1, 2, 1)]
)
def test_other_layers_stay_as_they_are(layer: nn.Conv2d) -> None:
    without_strided_pointwise(layer)
    assert type(layer) is nn.Conv2d


def test_narrow_systems_are_kept_clear_of_the_fault() -> None:
    system = build("resnet18", 2, width=0.1)
    narrow = [m for m in system.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) and m.in_channels < 8]
    assert narrow
    assert all(isinstance(layer, StridedPointwise) for layer in narrow if max(layer.stride) > 1)


@pytest.mark.skipif(CHECKER is None, reason="glibc's checking allocator is not installed")
def test_nothing_is_written_past_its_buffer() -> None:
    """As on a processor with AVX2 alone, under an allocator that checks each block."""
    checked = {"LD_PRELOAD": str(CHECKER), "MALLOC_CHECK_": "3", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    command = [sys.executable, "-c", TRAIN]
    done = subprocess.run(command, env=os.environ | checked, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
