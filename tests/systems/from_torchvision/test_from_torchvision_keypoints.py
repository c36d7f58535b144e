"""torchvision's Keypoint R-CNN as a system: the same boxes, labels, scores and joints in the pictures' own pixels."""

import pytest
import torch
from test_from_torchvision_regions import NONE, loud, pictures, spread
from torch import nn
from torchvision.io import decode_image
from torchvision.models import detection as tv
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.roi_heads import keypoints_to_heatmap

import saccade as sc
from saccade.core.errors import UsageError
from saccade.core.joint_names import COCO_NAMES
from saccade.ops.regions.keypoint_cells import keypoint_cells
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build


def vivid(module):
    """Layers of joints drawn so large that each grid has a place of its own."""
    draw = torch.Generator().manual_seed(8)
    rois = module.roi_heads
    for layer in (*rois.keypoint_head.modules(), *rois.keypoint_predictor.modules()):
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
        found, theirs = rows.keypoints[nearest[known]], want["keypoints"][known]
        assert (theirs[..., 2] == 1).all()
        assert (rows.visible == 2).all()
        far = (found - theirs[..., :2]).norm(dim=-1)
        # Rounding decides between cells of equal heights, and whether a side of a region is a whole number or above.
        assert (far < 0.01).float().mean() > 0.98
        assert theirs[..., :2].std(1).mean() > 1  # joints are not all in one place
    return system


def test_a_resnet_s_joints_are_torchvision_s():
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5)
    options = {"num_keypoints": 5, "max_size": 160, "rpn_post_nms_top_n_test": 100, "box_detections_per_img": 40}
    theirs = KeypointRCNN(backbone, num_classes=3, min_size=96, **options)
    narrow = nn.Sequential(nn.Conv2d(256, 32, 3, padding=1), nn.ReLU(inplace=True))  # as deep as quickness asks for
    theirs.roi_heads.keypoint_head = narrow
    theirs.roi_heads.keypoint_predictor = type(theirs.roi_heads.keypoint_predictor)(32, 5)
    system = assert_same_answers(vivid(theirs), pictures()[:2])
    assert system.vocabularies["instances"] == ("class 1", "class 2")
    assert system.vocabularies["joints"] == tuple(f"joint {place}" for place in range(1, 6))
    columns = ("boxes", "labels", "scores", "keypoints", "visible", "keypoint_scores")
    assert system.gives == {f"instances.{name}" for name in columns}


def test_our_own_keypoint_r_cnn_takes_the_weights_by_name():
    with torch.device("meta"):
        theirs = tv.keypointrcnn_resnet50_fpn(**NONE)
        system = sc.from_torchvision(theirs)
        assert system.origin["system"] == "keypoint_rcnn"
        twin = build("keypoint_rcnn", system.origin["classes"], **system.origin["options"])
    own = {name: tensor.shape for name, tensor in system.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in twin.state_dict().items()}
    assert system.vocabularies == twin.vocabularies == {"instances": ("person",), "joints": COCO_NAMES}


def test_other_layers_for_joints_are_refused():
    with torch.device("meta"):
        theirs = tv.keypointrcnn_resnet50_fpn(**NONE)
        theirs.roi_heads.keypoint_predictor = nn.ConvTranspose2d(512, 17, 4, 2, 1)
    with pytest.raises(UsageError, match="joints"):
        sc.from_torchvision(theirs)


@pytest.mark.parametrize("seed", range(3))
def test_cells_to_learn_are_torchvision_s(seed):
    draw = torch.Generator().manual_seed(seed)
    low = torch.rand(20, 2, generator=draw) * 50
    boxes = torch.cat([low, low + 1 + torch.rand(20, 2, generator=draw) * 80], 1)
    points = low[:, None] + (torch.rand(20, 6, 2, generator=draw) * 1.4 - 0.2) * (boxes[:, None, 2:] - low[:, None])
    points[:5, 0], points[:5, 1] = boxes[:5, 2:], boxes[:5, :2]  # corners: the last cell, and the first
    cells, inside = keypoint_cells(points, boxes, 56)
    wanted, valid = keypoints_to_heatmap(torch.cat([points, torch.ones(20, 6, 1)], 2), boxes, 56)
    assert torch.equal(inside, valid > 0)
    assert torch.equal(cells, wanted)
    assert cells[:5, 0].tolist() == [3135] * 5
    assert cells[:5, 1].tolist() == [0] * 5


@pytest.mark.real_data
@pytest.mark.slow
def test_photographs_have_torchvision_s_joints(data_root):
    files = sorted((data_root / "coco128").rglob("*.jpg"))[:2]
    theirs = vivid(tv.keypointrcnn_resnet50_fpn(min_size=320, max_size=533, box_score_thresh=0.0, **NONE))
    assert_same_answers(theirs, [decode_image(str(file), "RGB") for file in files], spared=12)
