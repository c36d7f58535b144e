"""The mask top against torchvision's loss and targets, on rows that lack masks, and back from a perfect output."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import maskrcnn_loss, project_masks_on_boxes

from saccade.core.annotation import Annotation, Instances
from saccade.core.level import Level
from saccade.core.masks import Masks
from saccade.heads.regions.mask_top import MaskTop, RegionMasks
from saccade.heads.regions.region_top import Sampled
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.mask_tower import MaskTower, mask_body
from saccade.network.regions import Regions
from saccade.ops.regions.mask_targets import mask_targets

CLASSES, SIZE = 3, (40, 56)
BOXES = torch.tensor([[2.0, 3, 30, 20], [10.5, 8.2, 50.1, 39.6], [0, 20, 12, 40]])
LABELS = torch.tensor([2, 0, 1])


def drawn() -> Tensor:
    """(3, H, W) masks: blobs that fill a part of the boxes."""
    draw = torch.Generator().manual_seed(2)
    dense = torch.rand(3, *SIZE, generator=draw) > 0.3
    for mask, (x1, y1, x2, y2) in zip(dense, BOXES.long().tolist(), strict=True):
        kept = torch.zeros_like(mask)
        kept[y1 + 2 : y2 - 2, x1 + 1 : x2] = True
        mask &= kept
    return dense


def rows(**columns: Any) -> Instances:
    return Instances(boxes=BOXES, labels=LABELS, masks=Masks.from_dense(drawn()), **columns)


def sampled(truth: list[Instances]) -> Sampled:
    """Each picture's objects, a little aside, the first of them twice, and a background region."""
    parts: list[tuple[Tensor, ...]] = []
    for picture in range(len(truth)):
        order = torch.tensor([0, 1, 2, 0, -1])
        boxes = torch.cat([BOXES + 1.3, BOXES[:1] - 0.7, torch.tensor([[1.0, 1, 9, 9]])])
        labels = torch.where(order >= 0, LABELS[order], -1)
        parts.append((boxes, torch.full_like(order, picture), labels, order, boxes))
    return Sampled(*(torch.cat(column) for column in zip(*parts, strict=True)), truth=truth)


def top(masks: int = CLASSES) -> MaskTop:
    torch.manual_seed(0)
    pool = RegionPool({"map": Level(4, 4)}, ("map",), 7, "align")
    made = MaskTop(MaskTower(pool, mask_body(4, 6), 6, masks), ("map",))
    nn.init.normal_(made.tower.get_submodule("score").get_parameter("weight"), std=0.5)
    return made


def maps(pictures: int = 1) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(1)
    return {"map": torch.randn(pictures, 4, 10, 14, generator=draw)}


def test_targets_are_torchvision_s() -> None:
    places = torch.tensor([2, 0, 0, 1])
    boxes = BOXES[places] + torch.tensor([-3.3, 0.4, 2.5, 1.1])
    want = project_masks_on_boxes(drawn(), boxes, places, 28)
    found = mask_targets(Masks.from_dense(drawn()), places, boxes, 28)
    torch.testing.assert_close(found, want)
    assert ((found > 0.01) & (found < 0.99)).any()


def test_the_loss_is_torchvision_s() -> None:
    shown, made = [rows(), rows()], top()
    regions = sampled(shown)
    objects = regions[regions.objects]
    logits = made.tower(maps(2), objects.boxes, objects.owners)
    proposals = [objects.boxes[objects.owners == picture] for picture in range(2)]
    places = [objects.rows[objects.owners == picture] for picture in range(2)]
    want = maskrcnn_loss(logits, proposals, [drawn()] * 2, [LABELS] * 2, places)
    torch.testing.assert_close(made.loss(maps(2), regions)["mask"], want)


def test_one_mask_for_all_classes_learns_from_each() -> None:
    shown, one = [rows()], top(1)
    regions = sampled(shown)
    objects = regions[regions.objects]
    logits = one.tower(maps(), objects.boxes, objects.owners)
    targets = project_masks_on_boxes(drawn(), objects.boxes, objects.rows, 14)
    want = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], targets)
    torch.testing.assert_close(one.loss(maps(), regions)["mask"], want)


def test_objects_without_a_mask_are_left_out() -> None:
    made, partly = top(), rows(masked=torch.tensor([True, False, True]))
    regions = sampled([partly])
    masked = sampled([rows()])[torch.tensor([0, 2, 3])]
    torch.testing.assert_close(made.loss(maps(), regions), made.loss(maps(), masked))
    boxes_alone = Instances(boxes=BOXES, labels=LABELS)
    both = made.loss(maps(2), sampled([rows(), boxes_alone]))
    torch.testing.assert_close(both, made.loss({"map": maps(2)["map"][:1]}, sampled([rows()])))


def test_a_class_that_was_not_sought_teaches_no_mask() -> None:
    """Another set's picture, which annotates no object of the last class: what it shows there may be some."""
    made, sought = top(), torch.tensor([True, True, False])
    shown = rows()[torch.tensor([1, 2])]
    regions = sampled([rows()])[torch.tensor([1, 2, 4])]
    regions = replace(regions, rows=torch.tensor([0, 1, -1]), truth=[shown])
    some, every = replace(regions, seek=sought[None, None]), replace(regions, seek=None)
    loss = made.loss(maps(), some)["mask"]
    assert torch.equal(loss, made.loss(maps(), every)["mask"])
    loss.backward()
    slope = made.tower.get_submodule("score").get_parameter("weight").grad
    assert slope is not None
    assert (slope.flatten(1) != 0).any(1).tolist() == sought.tolist()


@pytest.mark.parametrize("places", [[0, 1], [4], []])
def test_without_a_mask_the_term_is_a_zero_that_reaches_every_parameter(places: list[int]) -> None:
    made = top()
    regions = sampled([Instances(boxes=BOXES, labels=LABELS)])[torch.tensor(places, dtype=torch.int64)]
    loss = made.loss(maps(), regions)["mask"]
    assert loss.item() == 0
    loss.backward()
    assert all(p.grad is not None and not p.grad.any() for p in made.parameters())


@pytest.mark.parametrize("masks", [1, CLASSES])
def test_a_perfect_output_decodes_to_the_truth(masks: int) -> None:
    """Masks of whole boxes, of which a grid can say every pixel."""
    dense = torch.zeros(3, *SIZE, dtype=torch.bool)
    boxes = BOXES.round()
    for mask, (x1, y1, x2, y2) in zip(dense, boxes.long().tolist(), strict=True):
        mask[y1:y2, x1:x2] = True
    logits = torch.full((2, 5, masks, 28, 28), -20.0)
    logits[1, torch.arange(3), LABELS if masks > 1 else 0] = 20.0
    kept = Instances(boxes=boxes, labels=LABELS, scores=torch.ones(3))
    found = top(masks).columns(RegionMasks(logits), 1, kept, SIZE)["masks"].dense()
    shared, either = (found & dense).sum((1, 2)), (found | dense).sum((1, 2))
    assert (shared / either > 0.85).all()
    assert Annotation(instances=kept).has("instances.scores")


def test_regions_that_are_padding_have_no_mask() -> None:
    shown = torch.tensor([[True, True, False], [True, False, False]])
    raw = top()(maps(2), Regions(BOXES.expand(2, -1, -1), shown))
    assert raw.logits.shape == (2, 3, CLASSES, 14, 14)
    assert raw.logits[shown].abs().flatten(1).sum(1).all()
    assert not raw.logits[~shown].any()
