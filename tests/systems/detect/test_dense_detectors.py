"""What SSD, RetinaNet and the RPN do with their options: sizes, anchors, limits."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from saccade.core.errors import UsageError
from saccade.data.scenes import Scenes
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.network.part import Trunk
from saccade.network.recipe import Stage
from saccade.network.system import System
from saccade.systems.build import build
from saccade.systems.detect.parts.region_stages import first_layers
from saccade.systems.detect.ssd import DESIGN300, DESIGN512, default_boxes, steps_of
from saccade.training.setup.resolved_run import prepare
from saccade.trunks import trunk

NARROW = {"width": 1 / 16}


def head_of(system: System) -> DenseBoxHead:
    (head,) = (head for _, head in system.each_head())
    assert isinstance(head, DenseBoxHead)
    return head


@pytest.mark.parametrize(
    ("design", "size", "steps"),
    [
        (DESIGN300, 300, (8, 16, 32, 64, 100, 300)),
        (DESIGN512, 512, (8, 16, 32, 64, 128, 256, 512)),
        (DESIGN300, 64, (8, 16, 32, 64)),
        (DESIGN300, 160, (8, 16, 32, 64, 160)),
        (DESIGN512, 300, (8, 16, 32, 64, 128, 256, 300)),
        (DESIGN300, 17, (8, 16, 32)),
    ],
)
def test_ssd_has_as_many_maps_as_a_picture_has_room_for(design, size: int, steps: tuple[int, ...]) -> None:
    assert steps_of(design.extras, size) == steps
    name = "ssd300" if design is DESIGN300 else "ssd512"
    system = build(name, 2, size=size, **NARROW).eval()
    raw = system.forward(system.batch([torch.rand(3, size, size)]))["boxes"]
    assert len(raw.anchors) == len(steps)
    # The maps have the sides that the steps say: the anchors' centres cover the picture and hardly more.
    for level, step in zip(raw.anchors, steps, strict=True):
        centres = (level[0, :, :2] + level[0, :, 2:]) / 2
        assert float(centres.min()) == pytest.approx(step / 2)
        assert size - step < float(centres.max()) < size + step


def test_default_boxes_grow_from_map_to_map_and_with_the_picture() -> None:
    small, large = (default_boxes(DESIGN300, size, steps_of(DESIGN300.extras, size)) for size in (300, 600))
    sides = [float(boxes[0, 2] - boxes[0, 0]) for boxes in small]
    assert sides == pytest.approx([30, 60, 111, 162, 213, 264])
    assert [float(boxes[0, 2] - boxes[0, 0]) for boxes in large[:2]] == pytest.approx([60, 120])
    clipped = default_boxes(replace(DESIGN300, clipped=True), 300, steps_of(DESIGN300.extras, 300))
    widths = torch.cat([boxes[:, 2] - boxes[:, 0] for boxes in clipped])
    assert float(widths.max()) == pytest.approx(300)
    assert float((small[5][:, 2] - small[5][:, 0]).max()) > 300


def test_pretrained_trunks_of_single_batches_keep_their_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Detectors' batches are of one picture or two: statistics that ImageNet taught would be lost in them."""

    def untaught(name: str, **options: Any) -> Trunk:
        return trunk(name, **{**options, "pretrained": False})

    monkeypatch.setattr("saccade.trunks.options.build_trunk", untaught)
    for name in ("rpn", "retinanet"):
        system = build(name, 2, trunk="resnet18", pretrained=True, **NARROW)
        (stage,) = system.recipe.stages
        system.freeze(stage.freeze).train()
        norms = [layer for layer in system.trunk.modules() if isinstance(layer, nn.BatchNorm2d)]
        assert norms
        assert not any(layer.training or layer.weight.requires_grad for layer in norms)
        assert not next(system.trunk.parameters()).requires_grad
        assert build(name, 2, trunk="resnet18", **NARROW).recipe.stages == (Stage(),)


def test_pretrained_trunks_of_timm_s_stand_still_under_names_that_they_have() -> None:
    """Their maps of stride 2 have a name, such as ``stride2``, that no layer has."""
    body = trunk("test_resnet")
    system = build("retinanet", 2, trunk="test_resnet")
    assert any((level.stride or 99) < 4 for level in body.levels.values())
    names = first_layers(system.trunk, True)
    assert names
    system.freeze(names)


@pytest.mark.parametrize(
    ("name", "pictures", "steps"),
    [("rpn", 1, 80_000), ("fast_rcnn", 2, 40_000), ("faster_rcnn", 2, 70_000), ("spp_net", 2, 300_000)],
)
def test_recipes_have_the_paper_s_number_of_steps_on_voc_2007(name: str, pictures: int, steps: int) -> None:
    recipe = build(name, 2, **NARROW).recipe
    assert recipe.batch == pictures
    assert recipe.epochs * 5011 / pictures == pytest.approx(steps, rel=0.01)


def test_a_picture_too_small_and_an_unknown_variant_are_refused() -> None:
    with pytest.raises(UsageError, match="17 pixels"):
        build("ssd300", 2, size=16)
    with pytest.raises(UsageError, match="torchvision"):
        build("ssd300", 2, variant="caffe")


def test_the_training_s_size_reaches_the_default_boxes(tmp_path) -> None:
    data = Scenes(count=2, size=32, seed=1)
    system = prepare("ssd300", data, tmp_path, None, {"size": 64, "width": 1 / 16}).system
    assert system.input.size == (64, 64)
    assert system.origin["options"] == {"size": 64, "width": 1 / 16}
    assert len(head_of(system).reads) == 4


def test_scales_of_the_rpn_are_sides_over_sixteen_and_small_proposals_go_with_small_anchors() -> None:
    paper, small = (head_of(build("rpn", 1, trunk="resnet18", **NARROW, **o)) for o in ({}, {"scales": (2.0,)}))
    (bases,) = (small.anchors.get_buffer("bases0"),)
    torch.testing.assert_close((bases[:, 2:] - bases[:, :2]).prod(1).sqrt(), torch.full((3,), 32.0), atol=1.5, rtol=0)
    assert (paper.rules.suppression.side, small.rules.suppression.side) == (16, 4)


@pytest.mark.parametrize(("name", "trunk"), [("rpn", "resnet18"), ("faster_rcnn", "vgg11"), ("rfcn", "resnet18")])
def test_anchors_that_all_leave_every_picture_are_refused_with_ones_that_fit(name: str, trunk: str) -> None:
    with pytest.raises(UsageError, match="64 by 107 pixels, found 88 × 176 as the smallest") as refused:
        build(name, 1, trunk=trunk, width=1 / 16, size=64)
    cure = refused.value.cure or ""
    scales = tuple(float(scale) for scale in cure.split("such as ")[1].split(",")[:3])
    build(name, 1, trunk=trunk, width=1 / 16, size=64, scales=scales)


def test_a_limit_bounds_the_answers() -> None:
    system = build("retinanet", 3, trunk="resnet18", limit=7, size=64, **NARROW).eval()
    head = head_of(system)
    torch.nn.init.constant_(head.tower.score[-1].bias, 3.0)
    (answer,) = system.predict(system.batch([torch.rand(3, 64, 64)]))
    assert len(answer.get("instances")) == 7


def test_retinanet_s_smallest_anchors_are_chosen() -> None:
    def smallest(**options: float) -> float:
        system = build("retinanet", 2, trunk="resnet18", width=0.125, size=64, **options).eval()
        boxes = system.forward(system.batch([torch.zeros(3, 64, 64)]))["boxes"].anchors[0]
        return float((boxes[..., 2:] - boxes[..., :2]).prod(-1).min().sqrt())

    assert smallest() == pytest.approx(32, abs=1)
    assert smallest(finest=12) == pytest.approx(12, abs=1)
    with pytest.raises(UsageError, match="from 1 pixel"):
        smallest(finest=0.5)
