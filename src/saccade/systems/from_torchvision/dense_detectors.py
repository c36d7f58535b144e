"""torchvision's RetinaNet and SSD as systems."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import RetinaNet, RetinaNet_ResNet50_FPN_Weights, SSD300_VGG16_Weights
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import SeparateTowers, TwinTower
from saccade.necks.pyramid import Coarse, Pyramid
from saccade.necks.ssd_extras import SsdExtras
from saccade.network.system import System
from saccade.ops.boxes.anchors import default_bases
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.retinanet import RECIPE as RETINANET
from saccade.systems.detect.retinanet import RULES as RETINANET_RULES
from saccade.systems.detect.ssd import DESIGN300
from saccade.systems.detect.ssd import RECIPE as SSD_RECIPE
from saccade.systems.detect.ssd import RULES as SSD_RULES
from saccade.systems.from_torchvision.classifiers import named_after
from saccade.systems.from_torchvision.norms import with_our_norms
from saccade.systems.from_torchvision.preset import detector_input, names_of_objects
from saccade.trunks.networks.resnet import resnet_trunk
from saccade.trunks.networks.vgg_atrous import atrous_trunk

# By the blocks of the third stage, and whether they are bottlenecks.
RESNETS = {
    (2, False): "resnet18",
    (6, False): "resnet34",
    (6, True): "resnet50",
    (23, True): "resnet101",
    (36, True): "resnet152",
}


def from_retinanet(module: RetinaNet, weights: WeightsEnum | None) -> System:
    """RetinaNet on a ResNet's pyramid, normalised by batch, by frozen statistics, or its towers by groups (v2).

    Labels stay as they are; class 0 is ``__background__``. Losses are ours: version 2's box loss, GIoU, becomes L1.

    Raises:
        UsageError: The trunk is no ResNet with a pyramid.
    """
    head = cast("Any", module.head)
    trunk, neck = _resnet_and_pyramid(module.backbone)
    scores, boxes = head.classification_head, head.regression_head
    generator = cast("Any", module.anchor_generator)
    with torch.device("meta"):  # its layers are replaced at once
        tower = TwinTower(next(iter(neck.levels.values())).channels, len(generator.cell_anchors[0]), 1)
    tower.score, tower.box = _in_a_row(scores.conv, scores.cls_logits), _in_a_row(boxes.conv, boxes.bbox_reg)
    suppression = _suppression(module, "map")
    rules = replace(
        RETINANET_RULES,
        suppression=suppression,
        matcher=_matcher(module, "ties"),
        beta=0.0,
        coder=_coder(RETINANET_RULES, module),
    )
    names = names_of_objects(scores.num_classes, weights or RetinaNet_ResNet50_FPN_Weights.COCO_V1)
    own = DenseBoxHead(tuple(neck.levels), tower, Anchors(generator.cell_anchors), rules, len(names))
    system = System(trunk, {"boxes": own}, neck, classes=names, input=detector_input(module), recipe=RETINANET)
    return named_after(system, *_retinanet_of_ours(module, suppression.limit))


def from_ssd(module: SSD, weights: WeightsEnum | None) -> System:
    """SSD on VGG-16; labels are less by one, since background is none.

    Raises:
        UsageError: The trunk is not VGG-16, or the input no square.
    """
    extractor, size = module.backbone, cast("Any", module.transform).fixed_size
    if not isinstance(extractor, SSDFeatureExtractorVGG) or size is None or size[0] != size[1]:
        raise UsageError("an SSD on VGG-16 with a square input", f"{type(extractor).__name__} at {size}")
    deep, *coarse = cast("list[nn.Sequential]", list(extractor.extra))
    trunk = atrous_trunk([layer for part in (extractor.features, deep) for layer in _flat(part)])
    generator, head = cast("Any", module.anchor_generator), cast("Any", module.head)
    steps = cast("Sequence[int]", generator.steps)
    with torch.device("meta"):
        neck = SsdExtras(trunk.levels, DESIGN300.extras[: len(coarse)], steps[2:])
        tower = SeparateTowers((), (), 1)
    neck.norm4.scale = extractor.scale_weight
    for name, stage in zip(neck.names, coarse, strict=True):
        neck.add_module(name, stage)
    tower.score, tower.box = head.classification_head.module_list, head.regression_head.module_list
    suppression = _suppression(module, "class")
    rules = replace(
        SSD_RULES, suppression=suppression, matcher=_matcher(module, "claim"), coder=_coder(SSD_RULES, module)
    )
    names = names_of_objects(head.classification_head.num_columns, weights or SSD300_VGG16_Weights.COCO_V1)[1:]
    anchors = Anchors(_default_boxes(generator, size[0]), steps)
    own = DenseBoxHead(("norm4", "fc7", *neck.names), tower, anchors, rules, len(names))
    system = System(trunk, {"boxes": own}, neck, classes=names, input=detector_input(module), recipe=SSD_RECIPE)
    return named_after(system, "ssd300", {"variant": "torchvision", "size": size[0]})


def _resnet_and_pyramid(backbone: nn.Module) -> tuple[Any, Pyramid]:
    """A trunk and a neck of the layers of torchvision's backbone, shared."""
    body = cast("Any", backbone).body if isinstance(backbone, BackboneWithFPN) else None
    if body is None or "layer4" not in body:
        raise UsageError("a RetinaNet on a ResNet with a pyramid", type(backbone).__name__)
    with_our_norms(body)
    trunk, pyramid = resnet_trunk(body), cast("FeaturePyramidNetwork", backbone.fpn)
    reads, channels = tuple(body.return_layers), cast("int", backbone.out_channels)
    return trunk, Pyramid(trunk.levels, reads, channels, _coarse(pyramid), pyramid=pyramid)


def _coarse(pyramid: FeaturePyramidNetwork) -> Coarse:
    extra = pyramid.extra_blocks
    if extra is None or isinstance(extra, LastLevelMaxPool):
        return "none" if extra is None else "pool"
    if not isinstance(extra, LastLevelP6P7):
        raise UsageError("a pyramid with torchvision's own coarse maps", type(extra).__name__)
    return "convs_of_p5" if extra.use_P5 else "convs_of_c5"


def _in_a_row(blocks: nn.Module, last: nn.Module) -> nn.Sequential:
    """A tower's layers one after another, without the blocks that hold them."""
    return nn.Sequential(*_flat(blocks), last)


def _flat(blocks: nn.Module) -> list[nn.Module]:
    """The layers inside sequences of sequences."""
    if not isinstance(blocks, nn.Sequential):
        return [blocks]
    return [layer for block in blocks for layer in _flat(block)]


def _suppression(module: RetinaNet | SSD, each: Literal["map", "class"]) -> Suppression:
    """Torchvision's rule, which also tells boxes that have no area."""
    least, first, limit = module.score_thresh, module.topk_candidates, module.detections_per_img
    return Suppression(least, first, each, overlap=module.nms_thresh, limit=limit, side=0.0)


def _matcher(module: Any, best: Any) -> Matcher:
    theirs = module.proposal_matcher
    return Matcher(theirs.high_threshold, theirs.low_threshold, best)


def _coder(rules: DenseRules, module: Any) -> Any:
    """Our coder with the model's own weights of the four numbers."""
    theirs = module.box_coder
    return replace(rules.coder, spread=tuple(1 / weight for weight in theirs.weights), limit=theirs.bbox_xform_clip)


def _default_boxes(generator: Any, side: int) -> list[Tensor]:
    """Default boxes of one position of each map; where they are clipped, none is wider or higher than the picture."""
    sizes = [scale * side for scale in generator.scales]
    bases: list[Tensor] = []
    for place, (ratios, step) in enumerate(zip(generator.aspect_ratios, generator.steps, strict=True)):
        about = default_bases(sizes[place], sizes[place + 1], ratios, step) - step / 2
        bases.append((about.clamp(-side / 2, side / 2) if generator.clip else about) + step / 2)
    return bases


def _retinanet_of_ours(module: RetinaNet, limit: int) -> tuple[str | None, Mapping[str, Any]]:
    """The RetinaNet of ours that has the same weights where its parts do."""
    body, pyramid = cast("Any", module.backbone).body, cast("Any", module.backbone).fpn
    trunk = RESNETS.get((len(body["layer3"]), hasattr(body["layer3"][0], "conv3")))
    frozen = any(isinstance(layer, FrozenBatchNorm2d) for layer in body.modules())
    options = {"trunk": trunk, "pyramid": _coarse(pyramid), "limit": limit, "norm": "frozen" if frozen else "batch"}
    return (None, {}) if trunk is None else ("retinanet", options)


DENSE_DETECTORS: dict[type[nn.Module], Callable[..., System]] = {RetinaNet: from_retinanet, SSD: from_ssd}
