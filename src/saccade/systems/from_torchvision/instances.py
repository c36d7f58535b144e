"""torchvision's Mask R-CNN as a system."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import torch
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import MaskRCNN, MaskRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.regions.mask_top import MaskTop
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.mask_tower import MaskTower
from saccade.network.system import System
from saccade.systems.from_torchvision.classifiers import named_after
from saccade.systems.from_torchvision.region_detectors import options_of_ours, pooled_maps, region_system
from saccade.systems.instances.mask_rcnn import NOTE


def from_mask_rcnn(module: MaskRCNN, weights: WeightsEnum | None) -> System:
    """Mask R-CNN on the pyramid of a ResNet or a MobileNet v3; labels are less by one, and background has no mask.

    Raises:
        UsageError: Trunk, pooling or layers are others than those of torchvision's own models.
    """
    rois = cast("Any", module.roi_heads)
    if not isinstance(rois.mask_predictor, MaskRCNNPredictor) or rois.has_keypoint():
        raise UsageError("torchvision's own layers for masks, and no joints", type(rois.mask_predictor).__name__)

    def mask_top(levels: Mapping[str, Level], hidden: int) -> dict[str, MaskTop]:
        return {"mask": _mask_top(rois, levels)}

    system = region_system(module, weights or MaskRCNN_ResNet50_FPN_Weights.COCO_V1, mask_top)
    system.recipe = replace(system.recipe, best="mask_AP", note=NOTE)
    options = options_of_ours(module)
    return system if options is None else named_after(system, "mask_rcnn", options)


def _mask_top(rois: Any, levels: Mapping[str, Level]) -> MaskTop:
    pool, predictor = rois.mask_roi_pool, rois.mask_predictor
    reads = pooled_maps(levels, pool.featmap_names)
    last: nn.Conv2d = predictor.mask_fcn_logits
    with torch.device("meta"):  # its layers are replaced at once
        tower = MaskTower(
            RegionPool(levels, reads, pool.output_size[0], "align"),
            plain_body(rois.mask_head),
            predictor.conv5_mask.out_channels,
            last.out_channels - 1,
        )
    tower.enlarge = predictor.conv5_mask
    # The first of torchvision's masks is that of background, which nothing teaches.
    tower.score.weight = nn.Parameter(last.weight.detach()[1:])
    if last.bias is not None:
        tower.score.bias = nn.Parameter(last.bias.detach()[1:])
    return MaskTop(tower, reads)


def plain_body(head: nn.Module) -> nn.Module:
    """Convolutions and ReLU in a row, where there is nothing else, as our own have them; else the head as it is."""
    layers = [layer for layer in head.modules() if not list(layer.children())]
    if not all(isinstance(layer, nn.Conv2d | nn.ReLU) for layer in layers):
        return head
    return nn.Sequential(*(nn.ReLU() if isinstance(layer, nn.ReLU) else layer for layer in layers))


INSTANCES: dict[type[nn.Module], Callable[..., System]] = {MaskRCNN: from_mask_rcnn}
