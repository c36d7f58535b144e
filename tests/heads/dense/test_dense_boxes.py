"""The dense head against torchvision's RetinaNet, RPN and SSD with the same weights, and its own rules by hand."""

import pytest
import torch
from torch import nn
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.models.detection.ssd import SSD

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense.dense_boxes import DenseBoxes, DenseBoxHead, DenseRules
from saccade.layers.towers.anchors import Anchors, pyramid_anchors
from saccade.layers.towers.dense_towers import ProposalTower, SeparateTowers, TwinTower
from saccade.losses.scores import FocalScores, SigmoidScores, SoftmaxScores
from saccade.ops.boxes.anchors import default_bases
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import HardNegativeSampler, RandomSampler, everything
from saccade.ops.boxes.suppression import Suppression
from two_maps import BOXES, LABELS, Pyramid, drawn_image, maps_of, truth

CLASSES = 4
RATIOS = (0.5, 1.0, 2.0)
SIDES = {"fine": 8, "deep": 16}


@pytest.fixture
def image():
    return drawn_image()


def loud(module):
    """Larger weights, so that scores differ."""
    torch.manual_seed(7)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.15)
    return module


def retina(trunk):
    sizes = tuple(tuple(int(s * 2 ** (k / 3)) for k in range(3)) for s in (32, 64))
    torch.manual_seed(6)
    theirs = RetinaNet(
        trunk, CLASSES, min_size=128, max_size=128, anchor_generator=AnchorGenerator(sizes, (RATIOS,) * 2)
    ).eval()
    rules = DenseRules(
        DeltaCoder(), Matcher(0.5, 0.4, "ties"), everything, FocalScores(), Suppression(limit=300, side=0.0), beta=0.0
    )
    tower = TwinTower(8, 9, CLASSES)
    head = DenseBoxHead(("fine", "deep"), tower, Anchors(pyramid_anchors((32, 64), 3, RATIOS)), rules, CLASSES)
    loud(theirs.head)
    for ours, module, last in (
        (tower.score, theirs.head.classification_head, "cls_logits"),
        (tower.box, theirs.head.regression_head, "bbox_reg"),
    ):
        layers = [layer for layer in module.conv.modules() if isinstance(layer, nn.Conv2d)] + [getattr(module, last)]
        for mine, other in zip([m for m in ours if isinstance(m, nn.Conv2d)], layers, strict=True):
            mine.load_state_dict(other.state_dict())
    return theirs, head


def test_it_answers_and_costs_as_torchvision_s_retinanet(image):
    trunk = Pyramid()
    theirs, head = retina(trunk)
    theirs.transform.image_mean, theirs.transform.image_std = [0.0] * 3, [1.0] * 3
    with torch.no_grad():
        want = theirs([image[0]])[0]
        rows = head.decode(head(maps_of(trunk, image)))[0].instances
    assert len(rows) > 20
    torch.testing.assert_close(rows.boxes, want["boxes"])
    torch.testing.assert_close(rows.scores, want["scores"])
    assert rows.labels.tolist() == want["labels"].tolist()
    theirs.train()
    costs = theirs([image[0]], [{"boxes": BOXES, "labels": LABELS}])
    ours = head.loss(maps_of(trunk, image), truth())
    torch.testing.assert_close(ours["class"], costs["classification"])
    torch.testing.assert_close(ours["box"], costs["bbox_regression"])


def test_it_proposes_and_costs_as_torchvision_s_rpn(image):
    trunk = Pyramid()
    sizes = ((16, 32), (48, 96))
    head_of_theirs = loud(RPNHead(8, 6))
    pre, post = {"training": 60, "testing": 60}, {"training": 30, "testing": 30}
    theirs = RegionProposalNetwork(
        AnchorGenerator(sizes, (RATIOS,) * 2), head_of_theirs, 0.7, 0.3, 10_000, 1.0, pre, post, 0.7
    )
    suppression = Suppression(score=-1, first=60, overlap=0.7, limit=30, side=1e-3, alike="map")
    sample = RandomSampler(10_000, 1.0)
    rules = DenseRules(
        DeltaCoder(), Matcher(0.7, 0.3, "ties"), sample, SigmoidScores(), suppression, beta=1 / 9, mean_over="sampled"
    )
    tower = ProposalTower(8, 6, 1)
    tower.conv.load_state_dict(head_of_theirs.conv[0][0].state_dict())
    tower.score.load_state_dict(head_of_theirs.cls_logits.state_dict())
    tower.box.load_state_dict(head_of_theirs.bbox_pred.state_dict())
    bases = AnchorGenerator(sizes, (RATIOS,) * 2).cell_anchors
    head = DenseBoxHead(("fine", "deep"), tower, Anchors(bases), rules, None)
    images, maps = ImageList(image, [(128, 128)]), maps_of(trunk, image)
    with torch.no_grad():
        want, _ = theirs.eval()(images, trunk(image))
        rows = head.decode(head(maps))[0].instances
    torch.testing.assert_close(rows.boxes, want[0])
    assert rows.labels is None
    _, costs = theirs.train()(images, trunk(image), [{"boxes": BOXES, "labels": LABELS}])
    ours = head.loss(maps, truth())
    torch.testing.assert_close(ours["class"], costs["loss_objectness"])
    torch.testing.assert_close(ours["box"], costs["loss_rpn_box_reg"])


def test_it_answers_and_costs_as_torchvision_s_ssd(image):
    trunk = Pyramid(12)
    trunk.out_channels = [12, 8]
    scales, ratios, steps = (0.25, 0.5, 0.75), ((2,), (2, 3)), (8, 16)
    generator = DefaultBoxGenerator([list(r) for r in ratios], scales=list(scales), steps=list(steps))
    theirs = SSD(trunk, generator, (128, 128), CLASSES + 1, image_mean=[0.0] * 3, image_std=[1.0] * 3).eval()
    loud(theirs.head)
    tower = SeparateTowers((12, 8), (4, 6), CLASSES + 1)
    for ours, module in ((tower.score, theirs.head.classification_head), (tower.box, theirs.head.regression_head)):
        ours.load_state_dict(module.module_list.state_dict())
    bases = [default_bases(scales[k] * 128, scales[k + 1] * 128, ratios[k], steps[k]) for k in range(2)]
    suppression = Suppression(score=0.01, first=400, each="class", overlap=0.45, limit=200, side=0.0)
    coder = DeltaCoder((0.1, 0.1, 0.2, 0.2))
    rules = DenseRules(coder, Matcher(0.5, 0.5, "claim"), HardNegativeSampler(), SoftmaxScores(), suppression)
    head = DenseBoxHead(("fine", "deep"), tower, Anchors(bases, steps), rules, CLASSES)
    maps = maps_of(trunk, image)
    with torch.no_grad():
        want = theirs([image[0]])[0]
        rows = head.decode(head(maps))[0].instances
    torch.testing.assert_close(rows.boxes, want["boxes"], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rows.scores, want["scores"])
    assert (rows.labels + 1).tolist() == want["labels"].tolist()
    costs = theirs.train()([image[0]], [{"boxes": BOXES, "labels": LABELS + 1}])
    ours = head.loss(maps, truth())
    torch.testing.assert_close(ours["class"], costs["classification"])
    torch.testing.assert_close(ours["box"], costs["bbox_regression"])


def test_anchors_that_cross_the_border_are_no_part_of_the_loss_where_the_rule_says_so(image):
    trunk = Pyramid()
    _, head = retina(trunk)
    whole = head.loss(maps_of(trunk, image), truth())
    head.rules = DenseRules(**{**vars(head.rules), "inside": True})
    assert head.loss(maps_of(trunk, image), truth())["class"] < whole["class"]


def test_an_object_at_the_border_gets_the_best_of_the_anchors_that_learn():
    """Ren et al. match after they drop what crosses the border: the object's very best anchor may be among that."""
    anchors = torch.tensor([[-20.0, 0, 60, 60], [0, 0, 90, 90], [40, 40, 100, 100]])
    rules = DenseRules(DeltaCoder(), Matcher(0.7, 0.3, "ties"), everything, SoftmaxScores(), Suppression(), inside=True)
    head = DenseBoxHead(("fine",), nn.Identity(), Anchors([anchors]), rules, None)
    truth = Annotation(instances=Instances(boxes=torch.tensor([[0.0, 0, 60, 60]]), labels=torch.tensor([0])))
    found, wanted = head.targets(anchors, torch.tensor([[100, 100], [10, 10]]), [truth, truth])
    assert found.rows.tolist() == [[-2, 0, -1], [-2, -2, -2]]
    assert found.labels.tolist() == [[-1, 0, -1], [-1, -1, -1]]
    torch.testing.assert_close(wanted[0, 1], DeltaCoder().encode(torch.tensor([0.0, 0, 60, 60]), anchors[1]))


def test_proposals_of_a_network_in_16_bits_are_read_in_32():
    """In bfloat16 both scores are 1, and sizes come in steps of four per thousand."""
    anchors = torch.tensor([[0.0, 0, 500, 500]]).repeat(2, 1) + torch.tensor([[0.0], [500]])
    rules = DenseRules(DeltaCoder(), Matcher(0.7, 0.3), everything, SigmoidScores(), Suppression(alike="map"))
    head = DenseBoxHead(("fine",), nn.Identity(), Anchors([anchors]), rules, None)
    logits, codes = torch.tensor([[[7.0], [9.0]]]).bfloat16(), torch.full((1, 2, 4), 0.3).bfloat16()
    raw = DenseBoxes([logits], [codes], [anchors[None]], torch.tensor([[2000, 2000]]))
    (found,) = head.candidates(raw).each()
    torch.testing.assert_close(found.scores, torch.tensor([9.0, 7.0]).sigmoid(), atol=1e-6, rtol=0)
    side = 500 * codes[0, 0, 0].float().exp()
    torch.testing.assert_close(found.boxes[0, 2:] - found.boxes[0, :2], side.expand(2), atol=1e-3, rtol=0)


def test_background_in_a_crowd_costs_nothing(image):
    trunk = Pyramid()
    _, head = retina(trunk)
    rows = Instances(boxes=torch.tensor([[0.0, 0, 128, 128]]), labels=torch.tensor([1]), crowd=torch.tensor([True]))
    inside = head.loss(maps_of(trunk, image), [Annotation(instances=rows)])
    nothing = Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    outside = head.loss(maps_of(trunk, image), [Annotation(instances=nothing)])
    assert inside["class"] < 0.6 * outside["class"]
    assert inside["box"] == 0
