"""torchvision's Faster R-CNN as a system: the same boxes, labels and scores in the pictures' own pixels."""

import pytest
import torch
from torch import nn
from torchvision.io import decode_image
from torchvision.models import detection as tv
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.ops import FrozenBatchNorm2d

from saccade.core.errors import UsageError
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build
from saccade.systems.from_torchvision.region_detectors import from_faster_rcnn

NONE = {"weights": None, "weights_backbone": None}


def loud(module):
    """Weights and statistics by which scores and boxes differ from place to place."""
    draw = torch.Generator().manual_seed(3)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d | FrozenBatchNorm2d):
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=draw) + 1.5)
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=draw) * 0.1)
    heads = (module.rpn.head, module.roi_heads.box_head, module.roi_heads.box_predictor)
    for layer in (layer for head in heads for layer in head.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            scale = (2 / layer.weight[0].numel()) ** 0.5
            layer.weight.data = torch.randn(layer.weight.shape, generator=draw) * scale
    return module.eval()


def spread(module, image):
    """Scale the last layers so that no two scores are alike up to rounding, and boxes stay near where they begin."""
    rpn, box = module.rpn.head, module.roi_heads.box_predictor
    for layer, deviation in ((rpn.cls_logits, 2), (rpn.bbox_pred, 0.2), (box.cls_score, 2), (box.bbox_pred, 1)):
        seen = []
        hook = layer.register_forward_hook(lambda _, __, found, seen=seen: seen.append(found.std()))
        module([image])
        hook.remove()
        layer.weight.data *= deviation / max(seen)


@torch.no_grad()
def assert_same_answers(module, images, least=20, spared=0):
    """One picture at a time: torchvision's answers change in the company of a larger picture."""
    spread(module, images[0].float() / 255)
    system = from_faster_rcnn(module, None).eval()
    predictions = Predictor(system)(images, batch=1)
    for image, prediction in zip(images, predictions, strict=True):
        want = module([image.float() / 255])[0]
        rows = prediction.instances
        assert len(rows) == len(want["boxes"]) >= least
        wanted = torch.cat([want["boxes"], want["scores"][:, None] * 100, want["labels"][:, None] * 1000], 1)
        ours = torch.cat([rows.boxes, rows.scores[:, None] * 100, (rows.labels[:, None] + 1) * 1000], 1)
        apart = torch.cdist(wanted, ours, p=torch.inf).amin(1)
        # Of weights drawn at random, rounding alone decides here and there which of two boxes suppresses the other.
        assert int((apart > 1e-3 * max(image.shape[1:])).sum()) <= spared
    return system


def pictures():
    draw = torch.Generator().manual_seed(4)
    return [torch.randint(0, 256, size, generator=draw, dtype=torch.uint8) for size in ((3, 90, 120), (3, 130, 97))]


def test_a_resnet_s_answers_and_losses_are_torchvision_s():
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5)
    theirs = loud(FasterRCNN(backbone, num_classes=7, min_size=96, max_size=160, rpn_post_nms_top_n_test=100))
    system = assert_same_answers(theirs, pictures())
    assert system.classes == tuple(f"class {label}" for label in range(1, 7))


def test_a_mobilenet_s_answers_are_torchvision_s():
    torch.manual_seed(0)
    theirs = loud(tv.fasterrcnn_mobilenet_v3_large_fpn(num_classes=7, min_size=128, max_size=224, **NONE))
    system = assert_same_answers(theirs, pictures(), spared=3)
    assert [level.stride for level in system.neck.levels.values()] == [32, 32, 64]


@pytest.mark.slow
def test_the_second_version_s_deeper_layers_are_taken_over():
    theirs = loud(tv.fasterrcnn_resnet50_fpn_v2(num_classes=3, min_size=64, max_size=96, **NONE))
    assert_same_answers(theirs, pictures()[:1], least=5)


def test_our_own_system_takes_the_weights_by_name():
    with torch.device("meta"):
        theirs = tv.fasterrcnn_resnet50_fpn(**NONE)
        system = from_faster_rcnn(theirs, None)
        assert system.origin["system"] == "faster_rcnn"
        twin = build("faster_rcnn", system.classes, **system.origin["options"])
    assert system.state_dict().keys() == twin.state_dict().keys()
    assert len(system.classes) == 90


def test_masks_are_another_system_s():
    with torch.device("meta"):
        theirs = tv.maskrcnn_resnet50_fpn(**NONE)
    with pytest.raises(UsageError, match="masks"):
        from_faster_rcnn(theirs, None)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["fasterrcnn_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_fpn"])
def test_photographs_are_answered_alike(name, data_root):
    files = sorted((data_root / "coco128").rglob("*.jpg"))[:3]
    theirs = loud(getattr(tv, name)(min_size=320, max_size=533, **NONE))
    assert_same_answers(theirs, [decode_image(str(file), "RGB") for file in files], spared=12)
