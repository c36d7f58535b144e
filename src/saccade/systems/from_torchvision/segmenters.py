"""torchvision's FCN and DeepLabV3 as systems."""

from collections.abc import Callable
from typing import Any, cast

from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation import FCN, DeepLabV3, FCN_ResNet50_Weights

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.network.head import Head
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.from_torchvision.preset import names_of_classes
from saccade.trunks.networks.resnet import resnet_trunk

RECIPE = Recipe(
    lr=0.02,
    weight_decay=1e-4,
    schedule="poly",
    gamma=0.9,
    epochs=30,
    batch=32,
    best="miou",
    note="torchvision's reference training: 30 passes over COCO's pictures with VOC's classes, rate .02 for 32 "
    "pictures, falling by the power .9; the auxiliary head counts .5. Mean IoU on COCO val: FCN on ResNet-50 60.5, "
    "DeepLabV3 66.4.",
)


def from_segmenter(module: FCN | DeepLabV3, weights: WeightsEnum | None) -> System:
    """FCN or DeepLabV3 on a ResNet; class 0 stays a class, and an auxiliary head is a silent one whose loss counts .5.

    Without weights no picture is resized.

    Raises:
        UsageError: The trunk is no ResNet.
    """
    body = module.backbone
    if not isinstance(body, IntermediateLayerGetter) or "layer4" not in body:
        raise UsageError("a segmenter on a ResNet", type(body).__name__)
    trunk = resnet_trunk(cast("Any", body))
    layer = next(layer for layer in reversed(list(module.classifier.modules())) if isinstance(layer, nn.Conv2d))
    classes = names_of_classes(layer.out_channels, weights or FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1)
    heads: dict[str, Head] = {"pixels": PixelHead("layer4", module.classifier, len(classes))}
    auxiliary = module.aux_classifier
    if auxiliary is not None:
        heads["auxiliary"] = PixelHead("layer3", auxiliary, len(classes))
    silent = [name for name in heads if name == "auxiliary"]
    factors = dict.fromkeys(silent, 0.5)
    spec = _input(weights)
    return System(trunk, heads, loss_weights=factors, silent=silent, classes=classes, input=spec, recipe=RECIPE)


def _input(weights: WeightsEnum | None) -> InputSpec:
    """As the weights' preprocessing has it: the shorter side to a length; without weights pictures as they are."""
    if weights is None:
        return InputSpec("native")
    preset: Any = weights.transforms()
    if not hasattr(preset, "resize_size") or hasattr(preset, "crop_size"):
        raise UsageError("weights of a segmenter", weights)
    return InputSpec(
        "shorter",
        shorter=preset.resize_size[0],
        interpolation=preset.interpolation.value,
        antialias=bool(preset.antialias),
        rounds=True,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )


SEGMENTERS: dict[type[nn.Module], Callable[..., System]] = {FCN: from_segmenter, DeepLabV3: from_segmenter}
