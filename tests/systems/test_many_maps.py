"""R-FCN, ION and MultiPathNet: what they are made of, what each region is told to say, and how it is looked at."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from saccade.core.annotation import Instances
from saccade.core.errors import UsageError
from saccade.explain.occlusion import occlude
from saccade.heads.regions.box_top import BoxRules, BoxTop, ScoredRegions
from saccade.heads.regions.region_head import RegionRaw
from saccade.heads.regions.region_top import Sampled
from saccade.layers.norms.norm import with_norm
from saccade.losses.integral_scores import IntegralScores
from saccade.network.regions import Regions
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.build import build
from saccade.systems.detect.multipath import OVERLAPS

KEEP = Suppression(score=0.05, overlap=0.3)
NARROW = {"trunk": "vgg11", "width": 1 / 32, "size": 64, "search": "windows"}


def on_meta(name, **options):
    with torch.device("meta"):
        return build(name, 20, **options)


def test_r_fcn_trains_in_four_steps_where_asked():
    system = build("rfcn", ("a", "b"), trunk="resnet18", width=1 / 16, size=128, schedule="alternate", norm="group")
    assert [sorted(stage.silent) for stage in system.recipe.stages] == [
        ["regions/box", "regions/class"],
        ["regions/propose_box", "regions/propose_class"],
    ] * 2
    assert [("trunk" in stage.freeze) for stage in system.recipe.stages] == [False, False, True, True]
    assert not any(isinstance(module, nn.BatchNorm2d) for module in system.modules())


def test_r_fcn_needs_a_trunk_that_can_be_dilated():
    with pytest.raises(UsageError, match="trunk of ours"):
        build("rfcn", ("a",), trunk="regnetx_002", size=64)


def test_multipath_has_five_times_the_fully_connected_layers():
    trunk, body = 14_714_688, 102_764_544 + 16_781_312
    mixed = 2 * (1280 * 512 + 512) + 2 * (1024 * 512 + 512) + 512 * 512 + 512
    last = 6 * 21 * (4 * 4096 + 1) + 21 * 4 * (4096 + 1)
    assert sum(p.numel() for p in on_meta("multipath").parameters()) == trunk + 5 * body + mixed + last


def test_ion_reads_three_depths_and_the_context():
    system = on_meta("ion")
    head = system.heads["regions"]
    assert head.reads == ("conv3_3", "conv4_3", "conv5_3", "context")
    assert [pool.strides for pool in head.box.tower.pool.pools] == [(4,), (8,), (16,), (16,)]
    assert head.box.tower.pool.scale.shape == (1792, 1, 1)
    tricks = on_meta("ion", rounds=2, vote=True).heads["regions"].box.rules
    assert (tricks.rounds, tricks.suppression.vote) == (2, 0.5)


def test_multipath_s_views_read_what_the_paper_says():
    system = on_meta("multipath")
    tower = system.heads["regions"].box.tower
    assert tower.factors == (1, 1.5, 2, 4, 1.5)
    strides = [[pool.strides[0] for pool in view.pools] for view in tower.pools]
    assert strides == [[4, 8, 16], [8, 16], [8, 16], [16], [4, 8, 16]]
    assert (tower.score.in_features, tower.box.in_features) == (16_384, 4096)
    assert (tower.score.out_features, tower.box.out_features) == (6 * 21, 21 * 4)
    bodies = {id(body.get_submodule("fc6.linear").weight) for body in tower.bodies}
    assert len(bodies) == 5
    head = system.heads["regions"]
    assert (head.rules.limit, head.rules.learn, system.search.count) == (400, 1000, 1000)
    assert (head.sample.number, head.sample.share, system.recipe.batch) == (64, 0.25, 4)


class Says(nn.Module):
    """A tower that says the same of every region, and remembers the regions."""

    def __init__(self, logits, code):
        super().__init__()
        self.logits, self.code, self.seen = torch.tensor(logits), torch.tensor(code), []

    def forward(self, maps, regions, owners):
        self.seen.append(regions)
        return self.logits.expand(len(regions), -1), self.code.view(1, 1, 4).expand(len(regions), -1, -1)


def test_each_classifier_matches_by_its_own_overlap():
    rules = BoxRules(suppression=KEEP, score_loss=IntegralScores(6), overlaps=OVERLAPS)
    top = BoxTop(Says([0.0], [0.0] * 4), (), rules, 3)
    truth = Instances(boxes=torch.tensor([[0.0, 0, 100, 100]]), labels=torch.tensor([2]))
    boxes = torch.tensor([[0.0, 0, 100, 62], [0, 0, 100, 100], [200, 0, 300, 100]])
    rows = torch.tensor([0, 0, -1])
    targets = torch.cat([truth.boxes[rows[:2]], boxes[2:]])
    sampled = Sampled(boxes, torch.zeros(3, dtype=torch.int64), torch.tensor([2, 2, -1]), rows, targets, [truth])
    assert top._labels(sampled).tolist() == [[2, 2, 2, -1, -1, -1], [2] * 6, [-1] * 6]
    assert replace(top.rules, overlaps=()).overlaps == ()


def test_a_second_look_is_where_the_first_saw_the_object():
    tower = Says([0.0, 9.0], [1.0, 0, 0, 0])  # a tenth of its width to the right
    top = BoxTop(tower, (), BoxRules(suppression=KEEP, rounds=2), 1)
    regions = Regions.of([torch.tensor([[0.0, 0, 100, 50]])], 2)
    raw = top({}, regions)
    torch.testing.assert_close(tower.seen[0], torch.tensor([[0.0, 0, 100, 50]]))
    torch.testing.assert_close(tower.seen[1], torch.tensor([[10.0, 0, 110, 50]]))
    (found,) = top.candidates(raw, regions, torch.tensor([[500, 500]])).each()
    torch.testing.assert_close(found.boxes, torch.tensor([[20.0, 0, 120, 50]]))


def test_a_region_without_area_is_looked_at_twice_all_the_same():
    top = BoxTop(Says([0.0, 9.0], [1.0, 0, 0, 0]), (), BoxRules(suppression=KEEP, rounds=2), 1)
    raw = top({}, Regions.of([torch.tensor([[5.0, 5, 5, 20]])], 1))
    assert raw.codes.isfinite().all()


@pytest.mark.parametrize(("name", "boxes"), [("rfcn", 1), ("ion", 4), ("multipath", 4)])
def test_a_perfect_raw_output_decodes_to_the_truth(name: str, boxes: int) -> None:
    options = {"trunk": "resnet18", "width": 1 / 16, "size": 128} if name == "rfcn" else NARROW
    head = build(name, 3, **options).heads["regions"]
    truth = torch.tensor([[10.0, 12, 40, 50], [30, 5, 60, 25]])
    labels = torch.tensor([0, 2])
    shifted = truth + torch.tensor([2.0, -1, 3, 1])
    regions = Regions.of([torch.cat([shifted, torch.tensor([[0.0, 40, 20, 60]])])], head.rules.limit)
    classifiers = len(head.box.rules.overlaps) or 1
    logits = torch.full((1, head.rules.limit, classifiers, 4), -20.0)
    logits[0, [0, 1], :, 1 + labels] = 20.0
    logits[0, 2:, :, 0] = 20.0
    codes = torch.zeros(1, head.rules.limit, boxes, 4)
    wanted = head.box.rules.coder.encode(truth, shifted)
    codes[0, [0, 1], (1 + labels) if boxes > 1 else torch.zeros(2, dtype=torch.int64)] = wanted
    raw = RegionRaw(None, regions, {"box": ScoredRegions(logits.flatten(2), codes)}, None, torch.tensor([[64, 64]]))
    (found,) = head.decode(raw)
    assert found.instances.labels.tolist() == labels.tolist()
    torch.testing.assert_close(found.instances.boxes, truth, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["ion", "multipath"])
def test_pictures_without_regions_are_answered_with_nothing(name: str) -> None:
    system = build(name, 2, **NARROW).eval()
    batch = system.batch([torch.rand(3, 64, 80)], regions=[torch.zeros(0, 4)])
    (found,) = system.predict(batch)
    assert len(found.instances) == 0


def test_norms_of_a_dilated_trunk_are_replaced():
    trunk = build("rfcn", ("a",), trunk="resnet18", width=1 / 16, size=128, norm="frozen").trunk
    assert with_norm(trunk, "frozen") is trunk
    assert not any(isinstance(module, nn.BatchNorm2d) for module in trunk.modules())


def test_a_picture_with_a_hidden_part_keeps_its_regions():
    system = build("ion", 2, **NARROW).eval()
    batch = system.batch([torch.rand(3, 64, 80)])
    found = occlude(system, batch, 0, side=40, stride=40)
    assert found.probability.shape == (2, 2)
    assert bool(((found.probability >= 0) & (found.probability <= 1)).all())
