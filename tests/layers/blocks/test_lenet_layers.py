"""LeNet-5's own layers, by hand-sized numbers and by the layers of today."""

import torch
import torch.nn.functional as F

from saccade.layers.blocks.lenet import ScaledTanh, Subsample, TableConv2d


def test_the_tangent_keeps_plus_and_minus_one() -> None:
    torch.testing.assert_close(
        ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), atol=1e-4, rtol=0
    )
    assert float(ScaledTanh()(torch.tensor(100.0))) - 1.7159 < 1e-6


def test_subsampling_sums_and_weighs() -> None:
    layer = Subsample(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([1.0, -2.0]))
        layer.bias.copy_(torch.tensor([0.5, 0.0]))
    maps = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).expand(1, 2, 2, 2)
    assert layer(maps).flatten().tolist() == [10.5, -20.0]


def test_a_table_of_all_connections_is_a_convolution() -> None:
    layer = TableConv2d([range(3)] * 4, 3, 5)
    images = torch.randn(2, 3, 9, 9)
    torch.testing.assert_close(layer(images), F.conv2d(images, layer.weight.view(4, 3, 5, 5), layer.bias))


def test_a_map_sees_what_the_table_says_alone() -> None:
    layer = TableConv2d([(0,), (1, 2)], 3, 3)
    images = torch.randn(1, 3, 5, 5)
    changed = images.clone()
    changed[:, 0] += 1
    before, after = layer(images), layer(changed)
    assert not torch.allclose(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1], after[:, 1])
    assert sum(p.numel() for p in layer.parameters()) == 3 * 9 + 2


def test_weights_begin_within_the_paper_s_bounds() -> None:
    torch.manual_seed(0)
    layer = TableConv2d([(0,), (0, 1, 2)], 3, 5)
    assert float(layer.weight.detach()[0].abs().max()) <= 2.4 / 25
    assert float(layer.weight.detach()[1:].abs().max()) <= 2.4 / 75
