"""torchvision's Keypoint R-CNN as a system."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import torch
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import KeypointRCNN, KeypointRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNPredictor

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.regions.keypoint_top import KeypointTop
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.keypoint_tower import KeypointTower
from saccade.network.system import System
from saccade.systems.from_torchvision.classifiers import named_after
from saccade.systems.from_torchvision.instances import plain_body
from saccade.systems.from_torchvision.region_detectors import options_of_ours, pooled_maps, region_system
from saccade.systems.pose.keypoint_rcnn import NOTE


def from_keypoint_rcnn(module: KeypointRCNN, weights: WeightsEnum | None) -> System:
    """Keypoint R-CNN on the pyramid of a ResNet or a MobileNet v3; labels are less by one, since background is none.

    Raises:
        UsageError: Trunk, pooling or layers are others than those of torchvision's own models.
    """
    rois = cast("Any", module.roi_heads)
    if not isinstance(rois.keypoint_predictor, KeypointRCNNPredictor) or rois.has_mask():
        found = type(rois.keypoint_predictor).__name__
        raise UsageError("torchvision's own layers for joints, and no masks", found)

    def keypoint_top(levels: Mapping[str, Level], hidden: int) -> dict[str, KeypointTop]:
        return {"keypoint": _keypoint_top(rois, levels)}

    known = weights or KeypointRCNN_ResNet50_FPN_Weights.COCO_V1
    system = region_system(module, known, keypoint_top, _joints(rois, known))
    system.recipe = replace(system.recipe, best="keypoint_AP", note=NOTE)
    options = options_of_ours(module)
    return system if options is None else named_after(system, "keypoint_rcnn", {**options, "grids": "reduced"})


def _joints(rois: Any, weights: WeightsEnum) -> tuple[str, ...]:
    """Names from the weights' metadata where their number fits, and else numbers."""
    count: int = rois.keypoint_predictor.out_channels
    named: list[str] = weights.meta.get("keypoint_names", [])
    return tuple(named) if len(named) == count else tuple(f"joint {place}" for place in range(1, count + 1))


def _keypoint_top(rois: Any, levels: Mapping[str, Level]) -> KeypointTop:
    pool, predictor = rois.keypoint_roi_pool, rois.keypoint_predictor
    reads = pooled_maps(levels, pool.featmap_names)
    last: nn.ConvTranspose2d = predictor.kps_score_lowres
    with torch.device("meta"):  # its layers are replaced at once
        tower = KeypointTower(
            RegionPool(levels, reads, pool.output_size[0], "align"),
            plain_body(rois.keypoint_head),
            last.in_channels,
            last.out_channels,
        )
    tower.enlarge = last
    return KeypointTop(tower, reads, fewest=0, reduced=True)


KEYPOINTS: dict[type[nn.Module], Callable[..., System]] = {KeypointRCNN: from_keypoint_rcnn}
