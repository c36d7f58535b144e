"""torchvision's detectors with weights that are drawn, and shaped so that about as many boxes pass as of learnt ones.

Drawn weights as they are give all anchors nearly one score, so that either no box passes the threshold or all do. Here
each channel of the last layers is centred and scaled by what it says of some pictures, and what decides against
background is shifted until a chosen number of pairs of box and class passes the model's own threshold.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import detection as tv
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.resnet import Bottleneck
from torchvision.ops import FrozenBatchNorm2d
from torchvision.transforms.functional import pil_to_tensor

from bench.detectors import CLASSES, DETECTORS
from bench.pictures import drawn

SPREAD, CODES = 2.0, 0.2  # standard deviations of logits and of codes
# What the last normalisation of a residual block scales: without it drawn blocks multiply what they get.
BRANCH = 0.3


def detector(name: str, side: int) -> nn.Module:
    """One of `DETECTORS`, the same weights each time.

    Its first stages and all normalisation are frozen, as they are where one begins from ImageNet weights.

    Args:
        name: Which.
        side: Length of the shorter side in pixels; SSD300 keeps its own 300.
    """
    torch.manual_seed(0)
    none: dict[str, Any] = {"weights": None, "weights_backbone": None}
    if name == "ssd300":
        model: nn.Module = tv.ssd300_vgg16(**none)
    else:
        make = {"fasterrcnn": _faster_rcnn, "maskrcnn": _mask_rcnn, "retinanet": _retinanet}[name]
        model = make(min_size=side, max_size=round(side * 1333 / 800))
    with torch.no_grad():
        _shape(name, model.eval())
    return model


def pictures(pixels: Sequence[int], count: int) -> list[Tensor]:
    """Pictures (3, H, W) uint8 of `pixels` (H, W)."""
    return [pil_to_tensor(drawn((pixels[0], pixels[1]), seed)) for seed in range(count)]


def truth(pixels: Sequence[int], objects: int, seed: int) -> tuple[Tensor, Tensor]:
    """Boxes (n, 4) of all sizes in a picture of `pixels` (H, W), and labels (n,) from 1 on."""
    draw = torch.Generator().manual_seed(seed)
    bounds = torch.tensor([pixels[1], pixels[0]])
    sides = (0.05 + 0.6 * torch.rand(objects, 2, generator=draw).square()) * bounds
    corners = torch.rand(objects, 2, generator=draw) * (bounds - sides)
    return torch.cat([corners, corners + sides], 1), torch.randint(1, CLASSES, (objects,), generator=draw)


def ellipses(boxes: Tensor, pixels: Sequence[int]) -> Tensor:
    """(n, H, W) bool, the ellipse within each box (n, 4) of a picture of `pixels` (H, W)."""
    rows, columns = (torch.arange(length) + 0.5 for length in pixels)
    x1, y1, x2, y2 = (edge[:, None, None] for edge in boxes.unbind(1))
    across, down = ((2 * columns - x1 - x2) / (x2 - x1)), ((2 * rows[:, None] - y1 - y2) / (y2 - y1))
    return across.square() + down.square() <= 1


def _faster_rcnn(**size: int) -> nn.Module:
    return tv.FasterRCNN(_backbone(), CLASSES, **size)


def _mask_rcnn(**size: int) -> nn.Module:
    return tv.MaskRCNN(_backbone(), CLASSES, **size)


def _retinanet(**size: int) -> nn.Module:
    model = tv.retinanet_resnet50_fpn(weights=None, weights_backbone=None, **size)
    _freeze(model.backbone.body)
    return model


def _backbone() -> nn.Module:
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d, trainable_layers=3
    )
    _calm(backbone)
    return backbone


def _freeze(body: nn.Module) -> None:
    """Normalisation and first stages as torchvision leaves them where it has weights."""
    for path, layer in list(body.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features)
            parent, _, name = path.rpartition(".")
            setattr(body.get_submodule(parent), name, frozen)
    for path, parameter in body.named_parameters():
        parameter.requires_grad_(path.startswith(("layer2", "layer3", "layer4")))
    _calm(body)


def _calm(body: nn.Module) -> None:
    for layer in body.modules():
        if isinstance(layer, Bottleneck):
            layer.bn3.weight.fill_(BRANCH)


def _shape(name: str, model: Any) -> None:
    """Let the last layers say as much as those of a model that has learnt."""
    shown = [image.float() / 255 for image in pictures((480, 640), 2)]
    if name in ("fasterrcnn", "maskrcnn"):
        _settle(model, shown, {model.rpn.head.cls_logits: SPREAD, model.rpn.head.bbox_pred: CODES})
        last = model.roi_heads.box_predictor
        logits = _settle(model, shown, {last.cls_score: SPREAD, last.bbox_pred: 1.0})[last.cls_score]
        _lift_background(last.cls_score, logits, DETECTORS[name].pairs * len(shown), model.roi_heads.score_thresh)
        if DETECTORS[name].masks:
            _settle(model, shown, {model.roi_heads.mask_predictor.mask_fcn_logits: SPREAD})
    elif name == "retinanet":
        scores, boxes = model.head.classification_head.cls_logits, model.head.regression_head.bbox_reg
        logits = _settle(model, shown, {scores: SPREAD, boxes: CODES})[scores]
        values = logits.flatten().topk(DETECTORS[name].pairs * len(shown)).values
        scores.bias -= values[-1] - torch.logit(torch.tensor(model.score_thresh))
    else:
        scores, boxes = (head.module_list for head in (model.head.classification_head, model.head.regression_head))
        found = _settle(model, shown, dict.fromkeys(scores, SPREAD) | dict.fromkeys(boxes, 1.0))
        rows = torch.cat([_rows(found[layer]) for layer in scores])
        shift = _background(rows, DETECTORS[name].pairs * len(shown), model.score_thresh)
        for layer in scores:
            layer.bias[::CLASSES] += shift


def _settle(model: nn.Module, shown: list[Tensor], layers: dict[nn.Module, float]) -> dict[nn.Module, Tensor]:
    """Centre and scale each channel of some layers to a standard deviation; (channels, …) what they then say."""
    seen: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}
    hooks = [layer.register_forward_hook(_noting(seen[layer])) for layer in layers]
    model(shown)
    for hook in hooks:
        hook.remove()
    found: dict[nn.Module, Tensor] = {}
    for layer, spread in layers.items():
        values = torch.cat(seen[layer], 1)
        factor = spread / values.std(1).clamp(min=1e-6)
        centre = values.mean(1)
        found[layer] = (values - centre[:, None]) * factor[:, None]
        layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.ndim - 1)))
        layer.bias.sub_(centre).mul_(factor)
    return found


def _noting(seen: list[Tensor]) -> Callable[[Any, Any, Tensor], None]:
    return lambda _, __, found: seen.append(found.transpose(0, 1).flatten(1))


def _rows(values: Tensor) -> Tensor:
    """(n, CLASSES) of (a · CLASSES, positions)."""
    return values.unflatten(0, (-1, CLASSES)).transpose(1, 2).flatten(0, 1)


def _lift_background(layer: Any, logits: Tensor, pairs: int, threshold: float) -> None:
    layer.bias[0] += _background(logits.T, pairs, threshold)


def _background(logits: Tensor, pairs: int, threshold: float) -> float:
    """What background's logit must gain so that about so many of the other scores of (n, C) pass."""
    low, high = -30.0, 60.0
    for _ in range(24):
        middle = (low + high) / 2
        gained = logits.clone()
        gained[:, 0] += middle
        passing = int((gained.softmax(1)[:, 1:] > threshold).sum())
        low, high = (middle, high) if passing > pairs else (low, middle)
    return high
