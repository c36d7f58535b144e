"""Dense evaluation against every window by itself, OverFeat's published shapes, and merging by hand."""

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation, Instances
from saccade.heads.windows.window_head import WindowHead, WindowShape
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.network.maps import Maps
from saccade.ops.boxes.merge import merge_boxes
from saccade.ops.windows.dense import coverage, interleave, pool_from_offsets, window_grid
from saccade.systems.localize.overfeat_localizer import overfeat_localizer
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fc_to_conv import convolutional
from saccade.trunks.surgery.scales import Scales

CLASSES, SIDE, STEP, POOL = 3, 24, 4, 3


@pytest.fixture
def small():
    """A trunk without padding, of one scale, for windows of 24 pixels; and its head, as vectors and as maps."""
    torch.manual_seed(0)
    body = Chain({"conv": nn.Sequential(nn.Conv2d(3, 5, 4, 4), nn.ReLU())})
    level = body.levels["conv"]
    score, box = (fully_connected(level, (8,), count, grid=2) for count in (CLASSES, 4))
    head = WindowHead(
        convolutional(score, level.channels), convolutional(box, level.channels), WindowShape(SIDE, STEP, POOL, (1.0,))
    )
    return Scales(body, (1.0,)), head.eval(), score, box


def run(trunk, head, image):
    return head(Maps({"image": image, **trunk(image)}, torch.tensor([image.shape[-2:]] * len(image))))


def test_dense_evaluation_equals_every_window_by_itself(small):
    trunk, head, score, box = small
    image = torch.rand(2, 3, 47, 58)
    raw = run(trunk, head, image)
    assert raw.logits[0].shape[-2:] == (6, 9)
    for y in range(6):
        for x in range(9):
            x1, y1, x2, y2 = raw.windows[0][0, y, x].long().tolist()
            assert (x2 - x1, y2 - y1) == (SIDE, SIDE)
            pooled = nn.functional.max_pool2d(trunk.body(image[..., y1:y2, x1:x2])["conv"], POOL)
            torch.testing.assert_close(raw.logits[0][..., y, x], score(pooled))
            torch.testing.assert_close(raw.codes[0][..., y, x], box(pooled))


@pytest.mark.parametrize(
    ("shape", "before", "after", "woven"),
    [
        ((245, 245), (17, 17), (5, 5), (3, 3)),
        ((281, 317), (20, 23), (6, 7), (6, 9)),
        ((317, 389), (23, 29), (7, 9), (9, 15)),
        ((389, 461), (29, 35), (9, 11), (15, 21)),
        ((425, 497), (32, 38), (10, 12), (18, 24)),
        ((461, 569), (35, 44), (11, 14), (21, 30)),
    ],
)
def test_the_accurate_network_has_the_published_maps(shape, before, after, woven):
    system = overfeat_localizer(("a",), width=1 / 64, scales=1).eval()
    with torch.no_grad():
        maps = system.trunk(torch.zeros(1, 3, *shape))
        raw = run(system.trunk, system.heads["windows"], torch.zeros(1, 3, *shape))
    assert tuple(maps["scale1"].shape[-2:]) == before
    assert tuple(pool_from_offsets(maps["scale1"], 3).shape[-2:]) == after
    assert tuple(raw.logits[0].shape[-2:]) == woven


def test_two_windows_of_221_pixels_fit_into_257_at_a_stride_of_36():
    side, pooled = 257, (257 - 221) // 36 + 1
    assert pooled == 2
    grid = window_grid((2, 2), (36, 36), (221, 221))
    assert grid[1, 1].tolist() == [36, 36, side, side]


def test_offsets_woven_together_stand_in_order():
    maps = torch.arange(49.0).view(1, 1, 7, 7)
    woven = interleave(pool_from_offsets(maps, 2), 2)
    want = nn.functional.max_pool2d(maps, 2, stride=1)
    torch.testing.assert_close(woven, want)


def test_the_box_learns_from_windows_that_hold_half_of_the_object_and_never_moves_the_trunk(small):
    trunk, head, _, _ = small
    image = torch.rand(1, 3, 52, 52)
    truth = Annotation(
        label=torch.tensor(1), instances=Instances(boxes=torch.tensor([[2.0, 2, 20, 20]]), labels=torch.tensor([1]))
    )
    costs = head.loss(Maps({"image": image, **trunk(image)}, torch.tensor([[52, 52]])), [truth])
    costs["box"].backward(retain_graph=True)
    assert all(p.grad is None for p in trunk.parameters())
    assert all(p.grad is not None for p in head.box.parameters())
    costs["class"].backward()
    assert all(p.grad is not None for p in trunk.parameters())


def test_a_box_is_covered_by_the_share_of_it_that_a_window_holds():
    windows = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]])
    assert coverage(torch.tensor([0.0, 0, 10, 10]), windows).tolist() == [1, 0.5, 0]


def test_boxes_that_agree_are_averaged_and_their_scores_added():
    boxes = torch.tensor([[0.0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]])
    merged, scores = merge_boxes(boxes, torch.tensor([0.4, 0.3, 0.6]))
    assert merged.tolist() == [[1, 0, 11, 10], [50, 50, 60, 60]]
    torch.testing.assert_close(scores, torch.tensor([0.7, 0.6]))
    alone, weight = merge_boxes(boxes[:1], torch.tensor([0.4]))
    assert alone.tolist() == [[0, 0, 10, 10]]
    assert weight.tolist() == [pytest.approx(0.4)]


def test_both_variants_answer_pictures_of_any_shape():
    for variant in ("fast", "accurate"):
        system = overfeat_localizer(("a", "b"), variant=variant, width=1 / 64, scales=2, per_class=True).eval()
        answer = system.predict(system.batch([torch.zeros(3, 40, 90, dtype=torch.uint8)]))[0]
        assert len(answer.instances) == 2
        assert answer.label_scores.shape == (2,)


def test_views_spread_scores_over_what_windows_hold_and_show_boxes_before_they_are_merged():
    system = overfeat_localizer(("a", "b"), width=1 / 64, scales=2).eval()
    batch = system.batch([torch.randint(0, 256, (3, 60, 80), dtype=torch.uint8)])
    with torch.no_grad():
        maps = system.maps(batch)
        head = system.heads["windows"]
        seen, raw = head.views(maps), head(maps)
        (answer,) = system.decode(maps)
    label = int(answer.label)
    assert seen["scores"].shape == (1, 2, 36, 48)
    # In the upper left corner only the first window looks; the smaller scale's is woven of 3 × 3 offsets too.
    for scale, logits in enumerate(raw.logits):
        corner = logits.softmax(1)[0, label, 0, 0]
        torch.testing.assert_close(seen["scores"][0, scale, 0, 0], corner)
        assert seen["scores"][0, scale].max() <= logits.softmax(1)[0, label].max() + 1e-6
    (found,) = seen["boxes"]
    assert len(found.instances) == 6
    assert bool((found.instances.labels == label).all())
    assert system.heads["windows"].evidence(raw).shape == (1, 2)
