"""torchvision's classifiers as systems: AlexNet, VGG, GoogLeNet, Inception v3, ResNet."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
import torchvision.models as tv
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.resnet import BasicBlock

from saccade.core.errors import UsageError
from saccade.heads.classify.classify import ClassifyHead
from saccade.layers.blocks.fully_connected import averaged_linear
from saccade.layers.towers.auxiliary import auxiliary_convolutions, auxiliary_dense
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.build import build
from saccade.systems.classify.alexnet import RECIPE as ALEXNET
from saccade.systems.classify.googlenet import three_headed
from saccade.systems.classify.image_classifier import last_level
from saccade.systems.classify.inception import two_headed
from saccade.systems.classify.resnet import RECIPE as RESNET
from saccade.systems.classify.vgg import RECIPE as VGG
from saccade.systems.from_torchvision.preset import crop_input, names_of_classes
from saccade.trunks.networks.alexnet import alexnet_trunk
from saccade.trunks.networks.googlenet import googlenet_trunk
from saccade.trunks.networks.inception import inception_trunk
from saccade.trunks.networks.resnet import resnet_trunk
from saccade.trunks.networks.vgg import vgg_trunk

VGG_NAMES = {8: "vgg11", 10: "vgg13", 13: "vgg16", 16: "vgg19"}
# By the blocks of the third stage, basic or bottleneck.
BASIC_NAMES, BOTTLENECK_NAMES = {2: "resnet18", 6: "resnet34"}, {6: "resnet50", 23: "resnet101", 36: "resnet152"}
# The preprocessing that the first weights of AlexNet, VGG, GoogLeNet and ResNet share.
FIRST = tv.ResNet18_Weights.IMAGENET1K_V1


def from_alexnet(module: tv.AlexNet, weights: WeightsEnum | None) -> System:
    """AlexNet, whose last layer scores what its first two fully connected layers found."""
    last = _last_of_three(module.classifier)
    body = nn.Sequential(nn.Flatten(1), last)
    system = _plain(module, alexnet_trunk(module), body, ALEXNET, weights)
    return named_after(system, "alexnet", {"variant": "torchvision"})


def from_vgg(module: tv.VGG, weights: WeightsEnum | None) -> System:
    """VGG, normalised by batch or not."""
    body = nn.Sequential(nn.Flatten(1), _last_of_three(module.classifier))
    system = _plain(module, vgg_trunk(module), body, VGG, weights)
    convolutions = sum(isinstance(layer, nn.Conv2d) for layer in module.features.children())
    return named_after(system, VGG_NAMES.get(convolutions), {})


def from_resnet(module: tv.ResNet, weights: WeightsEnum | None) -> System:
    """ResNet of basic or bottleneck blocks, grouped and wide ones among them."""
    body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), module.fc)
    system = _plain(module, resnet_trunk(module), body, RESNET, weights)
    names = BASIC_NAMES if isinstance(module.layer1[0], BasicBlock) else BOTTLENECK_NAMES
    return named_after(system, names.get(len(module.layer3)), {})


def from_googlenet(module: tv.GoogLeNet, weights: WeightsEnum | None) -> System:
    """GoogLeNet, with its auxiliary classifiers as silent heads where it has them."""
    trunk = googlenet_trunk(module)
    classes = names_of_classes(module.fc.out_features, weights)
    bodies: dict[str, nn.Module] = {"label": averaged_linear(module.fc, dropout=module.dropout.p)}
    for name in ("aux1", "aux2"):
        head = getattr(module, name)
        if head is not None:
            bodies[name] = auxiliary_dense(head.conv, head.fc1, head.fc2, dropout=head.dropout.p, spaced=False)
    spec = crop_input(module, weights or FIRST)
    system = three_headed(trunk, bodies, classes, spec)
    return named_after(system, "googlenet", {"variant": "torchvision", "auxiliary": "aux1" in bodies})


def from_inception(module: tv.Inception3, weights: WeightsEnum | None) -> System:
    """Inception v3, with its auxiliary classifier as a silent head where it has one."""
    trunk, head = inception_trunk(module), cast("Any", module.AuxLogits)
    classes = names_of_classes(module.fc.out_features, weights)
    label = averaged_linear(module.fc, dropout=module.dropout.p)
    body = None if head is None else auxiliary_convolutions(head.conv0, head.conv1, head.fc)
    spec = crop_input(module, weights or tv.Inception_V3_Weights.IMAGENET1K_V1)
    return named_after(two_headed(trunk, label, body, classes, spec), "inception_v3", {"auxiliary": body is not None})


def named_after(system: System, name: str | None, options: Mapping[str, Any]) -> System:
    """The system, known by the name of the one of ours that has the same weights, if there is one.

    A run that begins with it can so be loaded by its folder alone.
    """
    if name is None:
        return system
    with torch.device("meta"):
        twin = build(name, system.vocabularies if "joints" in system.vocabularies else system.classes, **options)
    shapes = [{key: value.shape for key, value in each.state_dict().items()} for each in (system, twin)]
    if shapes[0] == shapes[1]:
        system.origin = twin.origin
    return system


def _plain(module: nn.Module, trunk: Trunk, body: nn.Sequential, recipe: Recipe, weights: WeightsEnum | None) -> System:
    """A trunk with one class head."""
    linear = [layer for layer in body.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise UsageError("a classifier whose last layer is linear", "none")
    classes = names_of_classes(linear[-1].out_features, weights)
    head = ClassifyHead(last_level(trunk)[0], body, len(classes))
    return System(trunk, {"label": head}, classes=classes, input=crop_input(module, weights or FIRST), recipe=recipe)


def _last_of_three(classifier: nn.Sequential) -> nn.Linear:
    linear = [layer for layer in classifier if isinstance(layer, nn.Linear)]
    if len(linear) != 3 or linear[-1] is not classifier[-1]:
        raise UsageError("a classifier of three fully connected layers", len(linear))
    return linear[-1]


CLASSIFIERS: dict[type[nn.Module], Callable[..., System]] = {
    tv.AlexNet: from_alexnet,
    tv.VGG: from_vgg,
    tv.ResNet: from_resnet,
    tv.GoogLeNet: from_googlenet,
    tv.Inception3: from_inception,
}
