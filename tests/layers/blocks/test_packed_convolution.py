"""Packed convolutions compute what torch's own do, for whatever shape comes, and keep one set of weights."""

import pytest
import torch
from torch import nn

from saccade.layers.blocks.packed_convolution import PackedConvolution, pack_convolutions, packable

needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")


@needs_onednn
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 8, 7, 2, 3),
        nn.Conv2d(8, 5, 1, bias=False),
        nn.Conv2d(16, 24, 3, padding=2, dilation=2),
        nn.Conv2d(8, 8, (3, 1), (2, 1), (1, 0)),
    ],
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_equal_to_torch_for_one_shape_after_another(layer: nn.Conv2d, layout: torch.memory_format) -> None:
    packed = PackedConvolution(layer)
    with torch.no_grad():
        for shape in ((1, 19, 23), (4, 19, 23), (4, 64, 48), (1, 19, 23)):
            maps = torch.randn(shape[0], layer.in_channels, *shape[1:]).to(memory_format=layout)
            torch.testing.assert_close(packed(maps), layer(maps), rtol=1e-4, atol=1e-4)
            assert packed.weight.is_mkldnn
            assert packed.shape == maps.shape


@needs_onednn
def test_weights_are_rearranged_once_a_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, maps = PackedConvolution(nn.Conv2d(8, 8, 3)), torch.randn(1, 8, 9, 9)
    with torch.no_grad():
        packed(maps)
        kept = packed.weight
        packed(maps + 1)
        assert packed.weight is kept
        packed(torch.randn(2, 8, 9, 9))
        assert packed.weight is not kept


def test_what_computes_otherwise_is_left_alone() -> None:
    class Own(nn.Conv2d):
        pass

    replaced = nn.Conv2d(4, 4, 3)
    replaced.forward = lambda input: input
    layers = (
        nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 3, padding="same"), nn.Conv2d(4, 4, 3, padding_mode="reflect"),
        nn.Conv2d(4, 4, 3).double(), nn.Conv2d(4, 4, 3, device="meta"), nn.Conv1d(4, 4, 3), Own(4, 4, 3), replaced,
    )  # fmt: skip
    assert not any(map(packable, layers))
    row = nn.Sequential(*layers)
    assert pack_convolutions(row) is row
    assert list(row) == list(layers)
