"""Frozen normalisation: torchvision's values and gradients, and maps that keep their type."""

import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from saccade.layers.norms.frozen_norm import FrozenNorm, frozen


def _theirs():
    layer, draw = FrozenBatchNorm2d(6), torch.Generator().manual_seed(0)
    for values in layer.buffers():
        values.copy_(torch.rand(values.shape, generator=draw) + 0.5)
    return layer


def test_values_and_gradients_are_torchvision_s():
    theirs = _theirs()
    ours, maps = frozen(theirs), torch.randn(2, 6, 5, 4, generator=torch.Generator().manual_seed(1))
    pair = [maps.clone().requires_grad_() for _ in range(2)]
    found, wanted = ours(pair[0]), theirs(pair[1])
    torch.testing.assert_close(found, wanted)
    found.square().sum().backward()
    wanted.square().sum().backward()
    torch.testing.assert_close(pair[0].grad, pair[1].grad)


def test_it_stands_still_in_training_and_has_no_parameters():
    ours = frozen(_theirs()).train()
    before = {name: values.clone() for name, values in ours.state_dict().items()}
    ours(torch.randn(2, 6, 3, 3) + 4)
    assert list(before) == list(ours.state_dict())
    assert all(torch.equal(before[name], values) for name, values in ours.state_dict().items())
    assert not list(ours.parameters())


def test_in_mixed_precision_maps_stay_short():
    block = nn.Sequential(nn.Conv2d(3, 6, 1, bias=False), frozen(_theirs()))
    with torch.autocast("cpu", torch.bfloat16):
        found = block(torch.rand(1, 3, 4, 4))
    assert found.dtype == torch.bfloat16
    found.float().sum().backward()
    assert block[0].weight.grad is not None


def test_a_batch_normalisation_becomes_one():
    layer = nn.BatchNorm2d(6)
    layer.running_mean.fill_(0.5)
    still, maps = frozen(layer), torch.rand(1, 6, 3, 3)
    assert isinstance(still, FrozenNorm)
    torch.testing.assert_close(still(maps), layer.eval()(maps))
