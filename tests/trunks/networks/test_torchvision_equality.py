"""The same weights give the same predictions as torchvision's own classifiers."""

import pytest
import torch
import torchvision.models as tv
from torch import nn

from saccade.network.part import Trunk
from saccade.systems.build import build
from saccade.trunks.networks.alexnet import alexnet_trunk
from saccade.trunks.networks.resnet import resnet_trunk
from saccade.trunks.networks.vgg import vgg_trunk
from torchvision_models import as_batch, model_of

SIDE = 64
NAMES = ["alexnet", "vgg11", "vgg16", "resnet18", "resnet50"]


def trunk_of(module: nn.Module) -> Trunk:
    if isinstance(module, tv.VGG):
        return vgg_trunk(module)
    return alexnet_trunk(module) if isinstance(module, tv.AlexNet) else resnet_trunk(module)


def last_layer(module: nn.Module) -> nn.Linear:
    return module.fc if isinstance(module, tv.ResNet) else module.classifier[-1]


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_a_system_with_torchvision_s_weights_answers_as_torchvision(name: str) -> None:
    """A system's own trunk, filled by position: it has the same tensors in the same order."""
    module = model_of(name)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    options = {"variant": "torchvision"} if name == "alexnet" else {}
    with torch.device("meta"):
        system = build(name, 1000, **options)
    ours, theirs = system.state_dict(), module.state_dict()
    assert [tensor.shape for tensor in ours.values()] == [tensor.shape for tensor in theirs.values()]
    system.load_state_dict(dict(zip(ours, theirs.values(), strict=True)), assign=True)
    prediction = system.eval().forward(as_batch(images))["label"].logits
    torch.testing.assert_close(prediction, module(images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "resnet18"])
@torch.no_grad()
def test_a_trunk_shares_the_layers_of_the_module_that_it_wraps(name: str) -> None:
    module = model_of(name)
    trunk, images = trunk_of(module).eval(), torch.rand(1, 3, SIDE, SIDE)
    features = trunk(images)[list(trunk.levels)[-1]].mean((2, 3))
    torch.testing.assert_close(last_layer(module)(features), module(images), rtol=1e-5, atol=1e-5)
    assert {id(p) for p in trunk.parameters()} < {id(p) for p in module.parameters()}


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "vgg16"])
def test_a_trunk_without_its_dense_layers_has_the_convolutions_alone(name: str) -> None:
    from saccade.trunks import trunk

    options = {"variant": "torchvision"} if name == "alexnet" else {}
    with torch.device("meta"):
        ours, features = trunk(name, fc=False, **options), tv.get_model(name, weights=None).features
    assert [p.shape for p in ours.parameters()] == [p.shape for p in features.parameters()]
    assert "pool5" in ours.levels
    assert "fc6" not in ours.levels


def test_weights_begin_as_torchvision_s_do() -> None:
    torch.manual_seed(0)
    ours = build("resnet18", 7).trunk
    theirs = tv.resnet18()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=False):
        assert mine.shape == other.shape
        if mine.dim() == 4:
            assert float(mine.detach().std()) == pytest.approx(float(other.detach().std()), rel=0.15)
        else:
            torch.testing.assert_close(mine, other)
