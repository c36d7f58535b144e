"""The region head against torchvision's Faster R-CNN with the same weights, and its own rules by hand."""

import pytest
import torch
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.region_top import ColumnTop
from saccade.heads.regions.sampling import RegionRules, sample_regions
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import ProposalTower
from saccade.layers.towers.region_towers import Outputs, PooledTower
from saccade.losses.scores import SigmoidScores
from saccade.network.maps import Maps
from saccade.network.regions import Regions
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import RandomSampler, everything
from saccade.ops.boxes.suppression import Suppression
from two_maps import BOXES, LABELS, Pyramid, drawn_image, maps_of, truth

CLASSES, RATIOS, SIZES = 4, (0.5, 1.0, 2.0), ((16, 32), (48, 96))
LEVELS = {"fine": Level(8, 8), "deep": Level(8, 16)}
HALF = Matcher(0.5, 0.5)


@pytest.fixture
def image():
    return drawn_image()


def body():
    return nn.Sequential(nn.Flatten(1), nn.Linear(8 * 9, 16), nn.ReLU())


def box_top(classes=CLASSES, boxes=None, **rules):
    pool = RegionPool(LEVELS, ("fine", "deep"), 3, "align")
    tower = PooledTower(pool, body(), 16, Outputs(classes + 1, boxes or classes + 1))
    suppression = Suppression(score=0.05, first=10_000, overlap=0.5, limit=100, side=1e-2)
    return BoxTop(tower, ("fine", "deep"), BoxRules(**{"suppression": suppression, "beta": 1 / 9, **rules}), classes)


def proposing():
    suppression = Suppression(score=-1, first=60, overlap=0.7, limit=30, side=1e-3, alike="map")
    anchors = Anchors(AnchorGenerator(SIZES, (RATIOS,) * 2).cell_anchors)
    sample = RandomSampler(10_000, 1.0)
    rules = DenseRules(DeltaCoder(), Matcher(0.7, 0.3, "ties"), sample, SigmoidScores(), suppression, 1 / 9, "sampled")
    return DenseBoxHead(("fine", "deep"), ProposalTower(8, 6, 1), anchors, rules, None)


def region_head(propose=None, sample=everything, tops=None, **rules):
    tops = tops or {"box": box_top()}
    settings = {"limit": 30, "learn": 30 if propose is None else propose.rules.suppression, **rules}
    return RegionHead(propose, sample, HALF, tops, RegionRules(**settings))


def torchvisions(trunk):
    """Their Faster R-CNN with loud weights, and our head with the same."""
    torch.manual_seed(6)
    pool = MultiScaleRoIAlign(["fine", "deep"], 3, 2)
    theirs = FasterRCNN(
        trunk,
        min_size=128,
        max_size=128,
        image_mean=[0.0] * 3,
        image_std=[1.0] * 3,
        rpn_anchor_generator=AnchorGenerator(SIZES, (RATIOS,) * 2),
        rpn_pre_nms_top_n_train=60,
        rpn_pre_nms_top_n_test=60,
        rpn_post_nms_top_n_train=30,
        rpn_post_nms_top_n_test=30,
        rpn_batch_size_per_image=10_000,
        rpn_positive_fraction=1.0,
        box_roi_pool=pool,
        box_head=body(),
        box_predictor=TheirPredictor(16, CLASSES + 1),
        box_batch_size_per_image=10_000,
        box_positive_fraction=1.0,
    ).eval()
    for part in (theirs.rpn, theirs.roi_heads):
        for parameter in part.parameters():
            nn.init.normal_(parameter, std=0.15)
    ours = region_head(proposing())
    tower, own = ours.propose.tower, ours.box.tower
    tower.conv.load_state_dict(theirs.rpn.head.conv[0][0].state_dict())
    tower.score.load_state_dict(theirs.rpn.head.cls_logits.state_dict())
    tower.box.load_state_dict(theirs.rpn.head.bbox_pred.state_dict())
    own.body.load_state_dict(theirs.roi_heads.box_head.state_dict())
    own.score.load_state_dict(theirs.roi_heads.box_predictor.score.state_dict())
    own.box.load_state_dict(theirs.roi_heads.box_predictor.box.state_dict())
    return theirs, ours


class TheirPredictor(nn.Module):
    def __init__(self, size, classes):
        super().__init__()
        self.score, self.box = nn.Linear(size, classes), nn.Linear(size, 4 * classes)

    def forward(self, found):
        return self.score(found), self.box(found)


def test_it_answers_and_costs_as_torchvision_s_faster_rcnn(image):
    trunk = Pyramid()
    theirs, head = torchvisions(trunk)
    with torch.no_grad():
        want = theirs([image[0]])[0]
        rows = head.decode(head(maps_of(trunk, image)))[0].instances
    assert len(rows) > 20
    torch.testing.assert_close(rows.boxes, want["boxes"], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(rows.scores, want["scores"])
    assert (rows.labels + 1).tolist() == want["labels"].tolist()
    theirs.train()
    costs = theirs([image[0]] * 2, [{"boxes": BOXES, "labels": LABELS + 1}] * 2)
    ours = head.loss(maps_of(trunk, image.repeat(2, 1, 1, 1)), truth(2))
    assert tuple(ours) == head.terms == ("propose_class", "propose_box", "class", "box")
    torch.testing.assert_close(list(ours.values()), [costs[name] for name in THEIR_TERMS])


THEIR_TERMS = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg")


def test_regions_from_outside_are_looked_at_in_place_of_proposals(image):
    trunk, head = Pyramid(), region_head()
    given = (torch.tensor([[0.0, 0, 64, 64], [64, 64, 128, 128]]),)
    raw = head(maps_of(trunk, image, given))
    assert raw.proposals is None
    assert raw.regions.shown.sum() == 2
    assert raw.tops["box"].logits.shape == (1, 30, CLASSES + 1)
    assert not raw.tops["box"].logits[0, 2:].any()
    assert head.terms == ("class", "box")
    with pytest.raises(UsageError, match="regions"):
        head(maps_of(trunk, image))


def test_padding_is_never_an_answer(image):
    head = region_head(tops={"box": box_top(suppression=Suppression(score=-2.0, limit=1000))})
    raw = head(maps_of(Pyramid(), image, (torch.tensor([[0.0, 0, 64, 64]]),)))
    assert len(head.decode(raw)[0].instances) == CLASSES


def sampled(head, boxes, shown=None):
    return sample_regions([boxes], shown or truth(), torch.tensor([[128, 128]]), head.matcher, head.sample, head.rules)


def test_true_boxes_are_among_the_regions_that_are_learnt_from():
    found = sampled(region_head(), torch.tensor([[100.0, 100, 110, 110], [6, 10, 60, 48]]))
    assert found.labels.tolist() == [-1, 0, 0, 3, 1]
    assert found.rows.tolist() == [-1, 0, 0, 1, 2]
    assert found.objects.tolist() == [1, 2, 3, 4]
    torch.testing.assert_close(found.targets[1:], BOXES[[0, 0, 1, 2]])
    without = sampled(region_head(with_truth=False), torch.tensor([[100.0, 100, 110, 110]]))
    assert without.labels.tolist() == [-1]


def test_background_that_touches_nothing_is_left_out_where_something_is_shown():
    boxes = torch.tensor([[100.0, 100, 110, 110], [6, 10, 36, 30]])
    assert sampled(region_head(floor=0.1, with_truth=False), boxes).boxes.tolist() == [[6, 10, 36, 30]]
    nothing = [Annotation(instances=Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64)))]
    assert len(sampled(region_head(floor=0.1), boxes, nothing).boxes) == 2


def test_a_crowd_is_no_background():
    rows = Instances(boxes=torch.tensor([[0.0, 0, 128, 128]]), labels=LABELS[:1], crowd=torch.tensor([True]))
    assert len(sampled(region_head(), BOXES, [Annotation(instances=rows)]).boxes) == 0


def test_of_128_regions_32_are_objects_where_there_are_so_many():
    boxes = torch.cat([BOXES.repeat(30, 1), torch.tensor([[0.0, 0, 9, 9]]).repeat(200, 1)])
    found = sampled(region_head(sample=RandomSampler(128, 0.25)), boxes)
    assert (len(found.boxes), len(found.objects)) == (128, 32)


def test_the_hardest_regions_alone_count():
    boxes = torch.rand(40, 2).repeat(1, 2) * 60 + torch.tensor([0.0, 0, 40, 40])
    head = region_head(tops={"box": box_top()}, limit=40, learn=40)
    trunk, image = Pyramid(), torch.rand(1, 3, 128, 128)
    found = sampled(head, boxes)
    all_terms = head.box.loss(maps_of(trunk, image), found)
    costs = [sum(head.box.loss(maps_of(trunk, image), found[torch.tensor([k])]).values()).item() for k in range(43)]
    head.box.rules = BoxRules(**{**vars(head.box.rules), "hardest": 5})
    hard = head.box.loss(maps_of(trunk, image), found)
    torch.testing.assert_close(sum(hard.values()).item(), sum(sorted(costs)[-5:]) / 5, rtol=1e-4, atol=1e-5)
    assert sum(hard.values()) > sum(all_terms.values())


def test_one_box_for_all_classes_learns_from_each_and_answers_for_each(image):
    top = box_top(boxes=1)
    head = region_head(tops={"box": top})
    given = (BOXES + 3,)
    maps = maps_of(Pyramid(), image, given)
    raw = head(maps)
    assert raw.tops["box"].codes.shape == (1, 30, 1, 4)
    assert head.loss(maps, truth())["box"] > 0
    assert head.decode(raw)[0].present() == head.gives


class Area(ColumnTop):
    """The area of each row that stays, for want of a mask."""

    reads, terms = ("fine",), ("area",)
    gives, needs = frozenset({"area"}), frozenset({"boxes"})

    def forward(self, maps, regions):
        return {"area": (regions.boxes[..., 2:] - regions.boxes[..., :2]).prod(-1)}

    def loss(self, maps, sampled):
        return {"area": maps["fine"].mean() + len(sampled.objects)}

    def columns(self, raw, picture, rows, size):
        return {"area": raw["area"][picture, : len(rows)]}


def test_other_tops_speak_of_what_stays(image):
    head = region_head(tops={"box": box_top(), "area": Area()})
    maps = maps_of(Pyramid(), image.repeat(2, 1, 1, 1), (BOXES[:1] + 3, BOXES + 3))
    raw = head(maps)
    assert raw.kept.regions.boxes.shape == (2, 100, 4)
    alone = region_head(tops={"box": head.box})
    for found, want in zip(head.decode(raw), alone.decode(alone(maps)), strict=True):
        rows = found.instances
        torch.testing.assert_close(rows.boxes, want.instances.boxes)
        torch.testing.assert_close(rows.area, (rows.boxes[:, 2:] - rows.boxes[:, :2]).prod(1))
    assert head.loss(maps, truth(2))["area"] > 8
    assert "instances.area" in head.gives


class WithColumns(nn.Module):
    """A trunk and a head whose top speaks of what stays, on tensors."""

    def __init__(self):
        super().__init__()
        self.trunk, self.head = Pyramid(), region_head(proposing(), tops={"box": box_top(), "area": Area()})

    def forward(self, images, sizes):
        raw = self.head(Maps({"image": images, **self.trunk(images)}, sizes))
        return raw.kept.regions.boxes, raw.kept.scores, raw.kept.labels, raw.tops["area"]["area"]


def test_what_stays_leaves_as_a_graph_with_those_who_speak_of_it():
    torch.manual_seed(0)
    module = WithColumns().eval()
    many = {0: torch.export.Dim.DYNAMIC}
    images, sizes = torch.rand(3, 3, 128, 128), torch.tensor([[128, 128]] * 3)
    with torch.no_grad():
        program = torch.export.export(module, (images[:2], sizes[:2]), dynamic_shapes=(many, many)).module()
        for count in (1, 3):
            found, wanted = (run(images[:count], sizes[:count]) for run in (program, module))
            assert wanted[1].count_nonzero() > count
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_rule_that_goes_box_by_box_amid_the_network_is_no_graph():
    soft = box_top(suppression=Suppression(suppress="linear"))
    assert region_head(tops={"box": soft}).not_exportable is None
    assert "one by one" in region_head(tops={"box": soft, "area": Area()}).not_exportable
    assert region_head(proposing()).not_exportable is None


def test_regions_are_padded_and_come_back():
    regions = Regions.of([BOXES[:1], BOXES, BOXES[:0]], 2)
    assert regions.shown.tolist() == [[True, False], [True, True], [False, False]]
    torch.testing.assert_close(regions.flat, BOXES[[0, 0, 1]])
    assert regions.owners.tolist() == [0, 1, 1]
    assert regions.spread(torch.tensor([5, 6, 7])).tolist() == [[5, 0], [6, 7], [0, 0]]
    assert [len(boxes) for boxes in regions.each()] == [1, 2, 0]
    assert regions.pick(torch.tensor([1, 0])).shown.tolist() == [[True, True], [True, False]]


def test_regions_are_cut_or_filled_up_to_a_number():
    regions = Regions.of([BOXES[:1], BOXES, BOXES[:0]])
    assert regions.shown.sum(1).tolist() == [1, 3, 0]
    assert regions.first(2).boxes.tolist() == Regions.of([BOXES[:1], BOXES, BOXES[:0]], 2).boxes.tolist()
    filled = regions.first(5)
    assert filled.shown.tolist()[1] == [True, True, True, False, False]
    assert not filled.boxes[:, 3:].any()


def test_large_regions_are_read_from_the_deep_map():
    maps = {"fine": torch.zeros(1, 8, 64, 64), "deep": torch.ones(1, 8, 32, 32)}
    # The finest map has stride 8, where a pyramid of FPN reads sides below 224; twice that belongs to the next.
    regions = torch.tensor([[0.0, 0, 200, 200], [0, 0, 480, 480], [0, 0, 3, 3]])
    pooled = RegionPool(LEVELS, ("fine", "deep"), 3, "align")(maps, regions, torch.zeros(3, dtype=torch.int64))
    assert pooled.mean((1, 2, 3)).tolist() == [0, 1, 0]


def test_a_map_of_one_position_is_no_place_for_regions():
    with pytest.raises(UsageError, match="positions"):
        RegionPool({"fc7": Level(8, None)}, ("fc7",))
