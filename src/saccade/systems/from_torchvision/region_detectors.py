"""torchvision's Faster R-CNN as a system."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import torch
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import FrozenBatchNorm2d

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.core.vocabulary import Names
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.regions.box_top import BoxTop
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import ProposalTower
from saccade.layers.towers.region_towers import Outputs, PooledTower
from saccade.necks.pyramid import Pyramid
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.faster_rcnn_pyramid import BOXES, PROPOSALS, RECIPE, pyramid_head
from saccade.systems.detect.parts.region import Columns, no_columns
from saccade.systems.from_torchvision.classifiers import named_after
from saccade.systems.from_torchvision.norms import with_our_norms
from saccade.systems.from_torchvision.preset import detector_input, names_of_objects
from saccade.trunks.chain import Chain
from saccade.trunks.networks.resnet import resnet_trunk


def from_faster_rcnn(module: FasterRCNN, weights: WeightsEnum | None) -> System:
    """Faster R-CNN on the pyramid of a ResNet or a MobileNet v3; labels are less by one, since background is none.

    Raises:
        UsageError: Trunk, pooling or layers are others than those of torchvision's own models.
    """
    rois = cast("Any", module.roi_heads)
    if rois.has_mask() or rois.has_keypoint():
        raise UsageError("a detector without masks or joints", type(module).__name__)
    system = region_system(module, weights or FasterRCNN_ResNet50_FPN_Weights.COCO_V1)
    options = options_of_ours(module)
    return system if options is None else named_after(system, "faster_rcnn", options)


def region_system(
    module: FasterRCNN, weights: WeightsEnum, columns: Columns = no_columns, joints: tuple[str, ...] = ()
) -> System:
    """A system of the parts that all of torchvision's detectors of regions have.

    Args:
        module: The detector.
        weights: Whose names of classes it has, where their number fits.
        columns: Tops beside that of boxes.
        joints: Names of the joints that it finds.

    Raises:
        UsageError: As for `from_faster_rcnn`.
    """
    trunk, neck = trunk_and_pyramid(module.backbone)
    rois = cast("Any", module.roi_heads)
    if not isinstance(rois.box_predictor, FastRCNNPredictor):
        raise UsageError("torchvision's own layers for scores and boxes", type(rois.box_predictor).__name__)
    names = names_of_objects(int(rois.box_predictor.cls_score.out_features), weights)[1:]
    tops = {"box": _box_top(rois, neck, len(names)), **columns(neck.levels, 0)}
    head = pyramid_head(_propose(module, neck), tops)
    classes: Names = {"instances": names, "joints": joints} if joints else names
    return System(trunk, {"regions": head}, neck, classes=classes, input=detector_input(module), recipe=RECIPE)


def options_of_ours(module: FasterRCNN) -> dict[str, Any] | None:
    """Options by which our system has the same trunk and limit; None of other trunks than ResNet-50."""
    body, rois = cast("Any", module.backbone).body, cast("Any", module.roi_heads)
    if "layer3" not in body or len(body["layer3"]) != 6 or not hasattr(body["layer3"][0], "conv3"):
        return None
    frozen = any(isinstance(layer, FrozenBatchNorm2d) for layer in body.modules())
    return {"trunk": "resnet50", "norm": "frozen" if frozen else "batch", "limit": rois.detections_per_img}


def trunk_and_pyramid(backbone: nn.Module) -> tuple[Trunk, Pyramid]:
    """A trunk and a neck of the layers of a backbone of torchvision's, shared.

    Raises:
        UsageError: It is no ResNet or MobileNet with a pyramid.
    """
    body: Any = getattr(backbone, "body", None)
    if not isinstance(backbone, BackboneWithFPN) or not ("layer4" in body or "0" in body):
        raise UsageError("a ResNet or MobileNet with a pyramid", type(backbone).__name__)
    with_our_norms(body)
    trunk = resnet_trunk(body) if "layer4" in body else _mobilenet(body)
    reads = tuple(name if "layer4" in body else f"block{name}" for name in body.return_layers)
    return trunk, Pyramid(trunk.levels, reads, coarse="pool", pyramid=backbone.fpn)


def _mobilenet(body: Any) -> Chain:
    """The blocks of a MobileNet, one map each."""
    levels: dict[str, Level] = {}
    stride = 2
    for name, block in body.items():
        halves = getattr(block, "_is_cn", False)  # torchvision marks the blocks that halve so
        stride *= 2 if halves else 1
        levels[f"block{name}"] = Level(int(block.out_channels), stride)
    return Chain({f"block{name}": block for name, block in body.items()}, levels)


def _propose(module: FasterRCNN, neck: Pyramid) -> DenseBoxHead:
    rpn: Any = module.rpn
    layers = [layer for layer in rpn.head.conv.modules() if isinstance(layer, nn.Conv2d)]
    anchors = Anchors(rpn.anchor_generator.cell_anchors)
    with torch.device("meta"):  # its layers are replaced at once
        tower = ProposalTower(layers[0].in_channels, anchors.a_position[0], 1)
    row = [part for layer in layers for part in (layer, nn.ReLU())][:-1]
    tower.add_module("conv", layers[0] if len(layers) == 1 else nn.Sequential(*row))
    tower.score, tower.box = rpn.head.cls_logits, rpn.head.bbox_pred
    first, limit = rpn._pre_nms_top_n["testing"], rpn._post_nms_top_n["testing"]
    # torchvision keeps a score that equals its threshold; no sigmoid is below 0.
    least = rpn.score_thresh or -1.0
    suppression = Suppression(least, first, overlap=rpn.nms_thresh, limit=limit, side=rpn.min_size, alike="map")
    return DenseBoxHead(tuple(neck.levels), tower, anchors, replace(PROPOSALS, suppression=suppression), None)


def _box_top(rois: Any, neck: Pyramid, classes: int) -> BoxTop:
    pool, head, predictor = rois.box_roi_pool, rois.box_head, rois.box_predictor
    reads = pooled_maps(neck.levels, pool.featmap_names)
    size: int = predictor.cls_score.in_features
    body = head
    if isinstance(head, TwoMLPHead):
        body = nn.Sequential(nn.Flatten(1), head.fc6, nn.ReLU(), head.fc7, nn.ReLU())
    with torch.device("meta"):
        tower = PooledTower(
            RegionPool(neck.levels, reads, pool.output_size[0], "align"), body, size, Outputs(classes + 1, classes + 1)
        )
    tower.score, tower.box = predictor.cls_score, predictor.bbox_pred
    suppression = replace(
        BOXES.suppression, score=rois.score_thresh, overlap=rois.nms_thresh, limit=rois.detections_per_img
    )
    coder = replace(BOXES.coder, spread=tuple(1 / weight for weight in rois.box_coder.weights))
    return BoxTop(tower, reads, replace(BOXES, suppression=suppression, coder=coder), classes)


def pooled_maps(levels: Mapping[str, Level], names: list[str]) -> tuple[str, ...]:
    """The maps that regions are pooled from: of those of one stride torchvision's rule only ever takes the first.

    Args:
        levels: The pyramid's maps.
        names: What torchvision calls those that are pooled from.
    """
    maps = list(levels)[:-1]
    chosen = [maps[place] for place in range(len(maps)) if str(place) in names]
    strides = [levels[name].stride for name in chosen]
    return tuple(name for place, name in enumerate(chosen) if strides.index(strides[place]) == place)


REGION_DETECTORS: dict[type[nn.Module], Callable[..., System]] = {FasterRCNN: from_faster_rcnn}
