"""torchvision's Mask R-CNN as a system: the same boxes, labels, scores and masks in the pictures' own pixels."""

import pytest
import torch
from test_from_torchvision_regions import NONE, loud, pictures, spread
from torch import nn
from torchvision.io import decode_image
from torchvision.models import detection as tv
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

import saccade as sc
from saccade.core.errors import UsageError
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build


def vivid(module):
    """Layers of masks drawn so large that each mask has cells of both kinds."""
    draw = torch.Generator().manual_seed(8)
    rois = module.roi_heads
    for layer in (*rois.mask_head.modules(), *rois.mask_predictor.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            scale = (2 / layer.weight[0].numel()) ** 0.5
            layer.weight.data = torch.randn(layer.weight.shape, generator=draw) * scale
    return loud(module)


@torch.no_grad()
def assert_same_answers(module, images, least=20, spared=0):
    """One picture at a time: torchvision's answers change in the company of a larger picture."""
    spread(module, images[0].float() / 255)
    system = sc.from_torchvision(module).eval()
    for image, prediction in zip(images, Predictor(system)(images, batch=1), strict=True):
        want, rows = module([image.float() / 255])[0], prediction.instances
        assert len(rows) == len(want["boxes"]) >= least
        wanted = torch.cat([want["boxes"], want["scores"][:, None] * 100, want["labels"][:, None] * 1000], 1)
        ours = torch.cat([rows.boxes, rows.scores[:, None] * 100, (rows.labels[:, None] + 1) * 1000], 1)
        apart, nearest = torch.cdist(wanted, ours, p=torch.inf).min(1)
        # Of weights drawn at random, rounding alone decides here and there which of two boxes suppresses the other.
        known = apart <= 1e-3 * max(image.shape[1:])
        assert int((~known).sum()) <= spared
        masks, theirs = rows.masks.dense()[nearest[known]], want["masks"][known, 0] > 0.5
        shared, either = (masks & theirs).sum((1, 2)), (masks | theirs).sum((1, 2)).clamp(min=1)
        assert theirs.any()
        # A box's corner that lies on a whole number is rounded to either side.
        same = (masks == theirs).flatten(1).all(1)
        assert same.float().mean() > 0.9
        assert (shared / either)[~same].min() > 0.7 if not same.all() else True
    return system


def test_a_resnet_s_masks_are_torchvision_s():
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5)
    theirs = vivid(MaskRCNN(backbone, num_classes=7, min_size=96, max_size=160, rpn_post_nms_top_n_test=100))
    system = assert_same_answers(theirs, pictures())
    assert system.classes == tuple(f"class {label}" for label in range(1, 7))
    assert system.gives == {f"instances.{name}" for name in ("boxes", "labels", "scores", "masks")}


@pytest.mark.slow
def test_the_second_version_s_deeper_layers_are_taken_over():
    theirs = vivid(tv.maskrcnn_resnet50_fpn_v2(num_classes=3, min_size=64, max_size=96, **NONE))
    assert_same_answers(theirs, pictures()[:1], least=5)


def test_our_own_mask_r_cnn_takes_the_weights_by_name():
    with torch.device("meta"):
        theirs = tv.maskrcnn_resnet50_fpn(**NONE)
        system = sc.from_torchvision(theirs)
        assert system.origin["system"] == "mask_rcnn"
        twin = build("mask_rcnn", system.classes, **system.origin["options"])
    own = {name: tensor.shape for name, tensor in system.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in twin.state_dict().items()}
    assert len(system.classes) == 90


def test_joints_beside_masks_are_refused():
    with torch.device("meta"):
        theirs, jointed = tv.maskrcnn_resnet50_fpn(**NONE), tv.keypointrcnn_resnet50_fpn(**NONE)
    for part in ("keypoint_roi_pool", "keypoint_head", "keypoint_predictor"):
        setattr(theirs.roi_heads, part, getattr(jointed.roi_heads, part))
    with pytest.raises(UsageError, match="joints"):
        sc.from_torchvision(theirs)


@pytest.mark.real_data
@pytest.mark.slow
def test_photographs_have_torchvision_s_masks(data_root):
    files = sorted((data_root / "coco128").rglob("*.jpg"))[:2]
    theirs = vivid(tv.maskrcnn_resnet50_fpn(min_size=320, max_size=533, box_score_thresh=0.0, **NONE))
    assert_same_answers(theirs, [decode_image(str(file), "RGB") for file in files], spared=12)
