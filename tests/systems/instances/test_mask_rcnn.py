"""Mask R-CNN: what it is made of, and what it learns from pictures that lack masks."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade.cli import main
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, UsageError
from saccade.heads.regions.region_head import RegionHead
from saccade.network.system import System
from saccade.systems.build import build

CLASSES = 10
SMALL = {"trunk": "resnet18", "width": 1 / 16, "size": 64, "scales": (2.0,)}
MAP = {"trunk": "vgg11", "width": 1 / 16, "size": 96, "scales": (1.0, 2.0)}


def head_of(system: System) -> RegionHead:
    head = system.heads["regions"]
    assert isinstance(head, RegionHead)
    return head


def made(**options: object) -> System:
    torch.manual_seed(0)
    return build("mask_rcnn", CLASSES, **{**SMALL, **options})


def test_it_is_faster_r_cnn_with_one_more_top() -> None:
    with torch.device("meta"):
        instances, boxes = build("mask_rcnn", 80), build("faster_rcnn", 80, trunk="resnet50", size=800)
    ours, theirs = (dict(system.named_parameters()) for system in (instances, boxes))
    assert {name: p.shape for name, p in theirs.items()}.items() <= {name: p.shape for name, p in ours.items()}.items()
    assert all(name.startswith("heads.regions.tops.mask") for name in ours.keys() - theirs.keys())
    head = head_of(instances)
    assert head.terms == ("propose_class", "propose_box", "class", "box", "mask")
    assert head.tops["mask"].reads == head.box.reads
    assert instances.input == boxes.input
    assert (instances.input.shorter, instances.input.longest) == (800, 1333)


@pytest.mark.parametrize("options", [SMALL, MAP])
@pytest.mark.parametrize(("masks", "channels"), [("per_class", CLASSES), ("agnostic", 1)])
def test_a_region_has_a_mask_for_each_class_or_one_for_all(
    options: dict[str, object], masks: str, channels: int
) -> None:
    system = made(**options, masks=masks)
    assert head_of(system).tops["mask"].get_submodule("tower.score").get_parameter("weight").shape[0] == channels
    rows = system.eval().predict(system.batch([torch.rand(3, 64, 80)]))[0].instances
    assert rows is not None
    assert rows.masks is not None
    assert len(rows.masks) == len(rows.boxes)


def test_on_one_map_regions_are_aligned_for_both_answers() -> None:
    system = made(**MAP)
    assert system.neck is None
    assert [head_of(system).tops[name].get_submodule("tower.pool").kind for name in ("box", "mask")] == ["align"] * 2
    with pytest.raises(UsageError, match="neck"):
        made(**MAP, neck_channels=8)


def test_channels_of_the_neck_are_those_of_the_masks_layers() -> None:
    system = made(neck_channels=12)
    body = head_of(system).tops["mask"].get_submodule("tower.body")
    assert [layer.out_channels for layer in body if isinstance(layer, torch.nn.Conv2d)] == [12] * 4


def pictures(masks: tuple[bool, ...]) -> tuple[list[torch.Tensor], list[Annotation]]:
    """Scenes, of which some lack all masks."""
    data = sc.open_data(f"scenes:count={len(masks)},size=64")
    samples = [data[index] for index in range(len(masks))]
    truths = [
        shown.truth
        if has
        else replace(shown.truth, instances=replace(shown.truth.get("instances"), masks=None, masked=None))
        for shown, has in zip(samples, masks, strict=True)
    ]
    return [shown.image for shown in samples], truths


def test_a_picture_with_boxes_alone_teaches_boxes() -> None:
    system = made()
    images, truth = pictures((False, False))
    losses = system.loss(system.batch(images, truth))
    assert losses["regions/mask"] == 0
    assert losses["regions/class"] > 0
    assert losses["regions/propose_class"] > 0
    torch.stack(list(losses.values())).sum().backward()
    assert [name for name, p in system.named_parameters() if p.grad is None] == []
    images, truth = pictures((True, False))
    assert system.loss(system.batch(images, truth))["regions/mask"] > 0


def test_a_data_set_without_a_mask_is_refused(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes"
    assert main(["data", "convert", "scenes:count=4,size=64", str(boxes), "--to", "yolo", "--lossy"]) == 0
    with pytest.raises(ConfigError, match=r"instances\.masks"):
        sc.train("mask_rcnn", boxes, out=tmp_path / "run", steps=1, **SMALL)
