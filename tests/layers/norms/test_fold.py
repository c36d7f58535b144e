"""Folded normalisation: the same maps as before, and nothing folded that another part reads."""

import pytest
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from saccade.layers.norms.fold import Folded, fold_normalisation
from saccade.layers.norms.norm import with_norm
from saccade.trunks import trunk


def _learnt(module):
    """Statistics and scales as after some training, in evaluation mode."""
    draw = torch.Generator().manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values, low in ((layer.running_mean, -0.5), (layer.bias.data, -0.5)):
                values.copy_(torch.rand(values.shape, generator=draw) + low)
            for values in (layer.running_var, layer.weight.data):
                values.copy_(torch.rand(values.shape, generator=draw) + 0.5)
    return module.eval()


@pytest.mark.parametrize("norm", ["batch", "frozen"])
@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@torch.no_grad()
def test_a_trunk_gives_the_same_maps_without_any_normalisation(name, norm):
    body = with_norm(_learnt(trunk(name, width=1 / 8)), norm)
    image = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    before, parameters = body(image), sum(p.numel() for p in body.parameters())
    after = fold_normalisation(body)(image)
    for key, wanted in before.items():
        torch.testing.assert_close(after[key], wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))
    kinds = (nn.BatchNorm2d, FrozenBatchNorm2d)
    norms = [path for path, layer in body.named_modules() if isinstance(layer, kinds)]
    folded = [path for path, layer in body.named_modules() if isinstance(layer, Folded)]
    assert folded
    assert all(path.removesuffix(".norm") in folded for path in norms)
    assert sum(p.numel() for p in body.parameters()) == parameters


class _Branching(nn.Module):
    """A convolution that is read before its normalisation too, and one that runs twice."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
        self.twice, self.after = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)

    def forward(self, images):
        found = self.conv(images)
        return found + self.norm(found) + self.after(self.twice(self.twice(found)))


@torch.no_grad()
def test_what_another_part_reads_or_what_runs_twice_is_not_folded():
    module = _learnt(_Branching())
    image = torch.rand(1, 3, 5, 5)
    before = module(image)
    assert torch.equal(fold_normalisation(module)(image), before)
    assert not any(isinstance(layer, Folded) for layer in module.modules())


class _Deciding(nn.Module):
    """Its steps depend on what it is given."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

    def forward(self, images):
        return self.norm(self.conv(images)) if images.sum() > 0 else images


@torch.no_grad()
def test_a_module_whose_steps_cannot_be_followed_stays_as_it_is():
    module = _learnt(_Deciding())
    image = torch.rand(1, 3, 5, 5)
    assert torch.equal(fold_normalisation(module)(image), module(image))
    assert isinstance(module.norm, nn.BatchNorm2d)
