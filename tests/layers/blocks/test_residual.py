"""The residual block whose shortcut has no weights."""

import torch
from torch import nn

from saccade.layers.blocks.residual import PlainShortcutBlock


def test_a_block_that_computes_nothing_gives_its_shortcut() -> None:
    block = PlainShortcutBlock(2, 6, stride=2).eval()
    nn.init.zeros_(block.norm2.weight)
    maps = torch.rand(1, 2, 5, 5)
    found = block(maps)
    assert found.shape == (1, 6, 3, 3)
    torch.testing.assert_close(found[:, 2:4], maps[:, :, ::2, ::2])
    assert not found[:, :2].any()
    assert not found[:, 4:].any()


def test_a_block_adds_what_it_computes() -> None:
    torch.manual_seed(0)
    block = PlainShortcutBlock(4, 4).eval()
    maps = torch.rand(2, 4, 6, 6)
    inner = block.norm2(block.conv2(torch.relu(block.norm1(block.conv1(maps)))))
    torch.testing.assert_close(block(maps), torch.relu(maps + inner))
    assert sum(p.numel() for p in block.parameters()) == 2 * (4 * 4 * 9 + 8)
