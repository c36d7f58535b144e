"""Regions that a trunk's last stage looks at (ResNet-C4), for boxes and for masks alike."""

import copy

import pytest
import torch
import torchvision
from torch import nn
from torchvision.ops import roi_align

import saccade as sc
from saccade.core.errors import UsageError
from saccade.heads.regions.region_head import RegionHead
from saccade.network.system import System
from saccade.systems.build import build
from saccade.systems.detect.faster_rcnn_c4 import standing_still

SMALL = {"pooled_from": "c4", "trunk": "resnet18", "width": 1 / 16, "size": 96, "scales": (1.0, 2.0, 4.0)}


def head_of(system: System) -> RegionHead:
    head = system.heads["regions"]
    assert isinstance(head, RegionHead)
    return head


def made(name: str = "mask_rcnn", **options: object) -> System:
    torch.manual_seed(0)
    return build(name, 3, **{**SMALL, **options}).eval()


def count(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


def test_its_layers_are_as_many_as_the_papers_parts_have() -> None:
    with torch.device("meta"):
        system, resnet = build("mask_rcnn", 80, pooled_from="c4"), torchvision.models.resnet50()
    anchors, head = 15, head_of(system)
    proposing = (1024 * 9 + 1) * 1024 + (1024 + 1) * anchors * 5
    boxes = (2048 + 1) * 81 * 5
    masks = 2048 * 4 * 256 + 256 + (256 + 1) * 80
    assert head.propose is not None
    assert count(head.propose) == proposing == 9_515_083
    assert count(system.trunk) == count(resnet) - count(resnet.fc) - count(resnet.layer4)
    assert count(head.tops["box"]) == count(resnet.layer4) + boxes
    assert count(head.tops["mask"]) == masks == 2_117_968
    assert count(system) == count(resnet) - count(resnet.fc) + proposing + boxes + masks
    assert (head.rules.limit, head.propose.suppression.first) == (1000, 6000)


@torch.no_grad()
def test_a_region_is_seen_as_torchvision_s_own_layers_see_it() -> None:
    system, regions = made(), torch.tensor([[4.0, 7.5, 70.0, 66.0], [20.0, 10.0, 90.0, 41.0]])
    maps = system.maps(system.batch([torch.rand(3, 96, 120)]))
    (reads,) = head_of(system).tops["box"].reads
    tower, masks = (head_of(system).tops[name].get_submodule("tower") for name in ("box", "mask"))
    owners = torch.zeros(2, dtype=torch.int64)
    pooled = roi_align(maps[reads], torch.cat([owners[:, None], regions], 1), 14, 1 / 16, sampling_ratio=2)
    seen = tower.get_submodule("body.layer4")(pooled)
    logits, codes = tower(maps, regions, owners)
    torch.testing.assert_close(logits, tower.get_submodule("score")(seen.mean((2, 3))))
    assert codes.shape == (2, 4, 4)
    grids = masks(maps, regions, owners)
    assert grids.shape == (2, 3, 14, 14)
    larger = torch.relu(masks.get_submodule("enlarge")(seen))
    torch.testing.assert_close(grids, masks.get_submodule("score")(larger))


def test_the_last_stage_is_one_for_both_answers_also_in_a_copy() -> None:
    system = made()
    names = [name for name in system.state_dict() if "layer4" in name]
    assert names
    assert all(name.startswith("heads.regions.tops.box.tower.body.layer4") for name in names)
    other = copy.deepcopy(system)
    top = head_of(other).tops
    top["box"].get_submodule("tower.body.layer4").get_parameter("0.conv1.weight").data.zero_()
    maps, regions = torch.rand(1, 16, 6, 8), torch.tensor([[4.0, 7.5, 70.0, 66.0]])
    reads, owners = top["mask"].reads[0], torch.zeros(1, dtype=torch.int64)
    changed, kept = (
        head_of(one).tops["mask"].get_submodule("tower")({reads: maps}, regions, owners) for one in (other, system)
    )
    assert not torch.allclose(changed, kept)


def test_of_imagenet_s_weights_the_last_stage_s_normalisation_stands_still_too() -> None:
    system, whole = made(), build("resnet18", 3, width=1 / 16).trunk
    names = standing_still(whole, system.trunk, pretrained=True)
    system.freeze(names)
    learns = {name for name, one in system.named_parameters() if one.requires_grad}
    assert not any(".bn" in name or "norm" in name or "trunk.layer1" in name for name in learns)
    assert any("box.tower.body.layer4" in name for name in learns)
    assert standing_still(whole, system.trunk, pretrained=False) == ()


@pytest.mark.parametrize("name", ["mask_rcnn", "faster_rcnn"])
def test_what_does_not_fit_together_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="neck"):
        made(name, neck_channels=8)
    with pytest.raises(UsageError, match="last stage"):
        made(name, trunk="vgg11")
    with pytest.raises(UsageError, match="anchors that fit"):
        made(name, scales=(64.0,))


def test_trained_in_turn_the_last_stage_learns_with_the_regions() -> None:
    system = made("faster_rcnn", schedule="alternate")
    first, second, third, fourth = system.recipe.stages
    for stage, wanted in ((first, False), (second, True), (third, False), (fourth, True)):
        system.freeze(stage.freeze)
        learns = {name for name, one in system.named_parameters() if one.requires_grad}
        assert any("layer4" in name for name in learns) == wanted
        assert any("regions.propose" in name for name in learns) != wanted


@pytest.mark.slow
def test_two_pictures_are_learnt() -> None:
    data = sc.open_data("scenes:count=2,size=96,seed=3", "train")
    torch.manual_seed(0)
    system = build("mask_rcnn", data.classes, **{**SMALL, "width": 1 / 8, "samples": 16})
    batch = system.batch([data[place].image for place in (0, 1)], [data[place].truth for place in (0, 1)])
    for module in system.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.5
    with torch.no_grad():
        for _ in range(5):
            system.forward(batch)
    for module in system.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    optimiser = torch.optim.Adam(system.parameters(), lr=3e-3)
    terms = [system.loss(batch)]
    for _ in range(120):
        terms.append(system.loss(batch))
        optimiser.zero_grad()
        torch.stack(list(terms[-1].values())).sum().backward()
        optimiser.step()
    first, last = terms[0], terms[-1]
    assert sum(last.values()) < 0.35 * sum(first.values())
    assert last["regions/mask"] < 0.7 * first["regions/mask"]
