"""Pixels that teach a detector: trained beside it, silent in use, the same network without them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.batch import Batch
from saccade.core.errors import UsageError
from saccade.core.masks import Masks
from saccade.data.scenes import Scenes
from saccade.heads.pixels.object_pixel_head import ObjectPixelHead
from saccade.network.graphs.graph import graph_of
from saccade.network.system import System
from saccade.ops.regions.paint import painted
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of

SMALL = {
    "ssd300": {"width": 1 / 16, "size": 64},
    "ssd512": {"width": 1 / 16, "size": 64},
    "retinanet": {"trunk": "resnet18", "width": 1 / 16, "size": 64},
    "yolo1": {"width": 1 / 4, "size": 64, "hidden": 64},
    "ion": {"trunk": "vgg11", "width": 1 / 16, "size": 64, "search": "windows", "proposals": 50},
}
TAUGHT = {"ssd300": "fc7", "ssd512": "fc7", "retinanet": "layer3", "ion": "context"}
EVERY = pytest.mark.parametrize("name", SMALL)


def built(name: str, weight: float, seed: int = 3) -> System:
    torch.manual_seed(seed)
    return build(name, 4, **SMALL[name], segmentation_loss=weight)


def truths(masks: bool = False) -> list[Annotation]:
    boxes = torch.tensor([[8.0, 8.0, 40.0, 40.0], [30.0, 30.0, 60.0, 50.0]])
    dense = torch.zeros(2, 64, 64, dtype=torch.bool)
    dense[0, 10:20, 10:20], dense[1, 30:50, 30:60] = True, True
    rows = Instances(boxes=boxes, labels=torch.tensor([1, 2]), masks=Masks.from_dense(dense) if masks else None)
    return [Annotation(instances=rows), Annotation(instances=rows[:1])]


def batch_of(system: System, shown: list[Annotation] | None = None) -> Batch:
    draw = torch.Generator().manual_seed(0)
    return system.batch([torch.rand(3, 64, 64, generator=draw) for _ in range(2)], truths() if shown is None else shown)


def test_systems_with_the_option_are_these() -> None:
    assert {name for name, function in SYSTEMS.items() if "segmentation_loss" in options_of(function)} == set(SMALL)


@EVERY
def test_the_option_adds_one_silent_head_and_no_need(name: str) -> None:
    plain, taught = built(name, 0), built(name, 0.5)
    assert set(dict(taught.each_head())) - set(dict(plain.each_head())) == {"pixels"}
    assert taught.silent == ("pixels",)
    assert taught.needs == plain.needs == set(SYSTEMS[name].card.needs)
    assert (taught.gives, taught.vocabularies) == (plain.gives, plain.vocabularies)
    head = taught.heads["pixels"]
    assert isinstance(head, ObjectPixelHead)
    level = taught.levels[head.map]
    assert level.stride == (8 if name == "yolo1" else 16)
    assert name not in TAUGHT or TAUGHT[name] in head.map


@EVERY
def test_it_teaches_the_trunk_and_answers_stay_those_of_the_same_network_without(name: str) -> None:
    plain, taught = built(name, 0).eval(), built(name, 0.5).eval()
    own = plain.state_dict()
    assert all(torch.equal(value, own[key]) for key, value in taught.state_dict().items() if "heads.pixels" not in key)
    batch = batch_of(taught)
    losses = taught.loss(batch)
    twice = replace_weight(taught, 1.0).loss(batch)
    torch.testing.assert_close(twice["pixels/class"], 2 * losses["pixels/class"])
    losses["pixels/class"].backward()
    assert any(bool(p.grad is not None and p.grad.any()) for p in taught.trunk.parameters())
    assert all(p.grad is None for n, p in taught.named_parameters() if n.startswith(("heads.boxes", "heads.regions")))
    for with_pixels, without in zip(taught.predict(batch), plain.predict(batch), strict=True):
        assert with_pixels.present() == without.present()
        pairs = zip(tree_leaves(with_pixels), tree_leaves(without), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs if isinstance(one, Tensor))


def replace_weight(system: System, weight: float) -> System:
    system.loss_weights["pixels"] = weight
    return system


@pytest.mark.parametrize("name", ["ssd300", "retinanet", "yolo1"])
def test_the_graph_does_not_run_it(name: str) -> None:
    plain, taught = built(name, 0).eval(), built(name, 1).eval()
    batch = batch_of(plain)
    runs: list[int] = []
    taught.heads["pixels"].register_forward_hook(lambda *_: runs.append(1))
    graphs = [graph_of(system, batch) for system in (plain, taught)]
    assert graphs[0].outputs == graphs[1].outputs
    with torch.no_grad():
        found = [graph.module(*graph.tensors(batch)) for graph in graphs]
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
    assert runs == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ssd300", "retinanet"])
def test_what_is_exported_is_the_network_without(name: str) -> None:
    plain, taught = built(name, 0).eval(), built(name, 1).eval()
    batch = batch_of(plain)
    graphs = [graph_of(system, batch) for system in (plain, taught)]
    exported = [torch.export.export(g.module, g.example, dynamic_shapes=g.dynamic) for g in graphs]
    ops = [[str(node.target) for node in e.graph.nodes if node.op == "call_function"] for e in exported]
    assert ops[0] == ops[1]


@EVERY
def test_it_learns(name: str) -> None:
    system = built(name, 1).train()
    batch = batch_of(system)
    optimiser = torch.optim.Adam(system.parameters(), lr=3e-3)
    told: list[float] = []
    while len(told) < 120 and (not told or told[-1] >= 0.75 * told[0]):
        losses = system.loss(batch)
        told.append(losses["pixels/class"].item())
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimiser.step()
    assert told[-1] < 0.75 * told[0]


def test_a_run_is_trained_on_boxes_alone_and_loaded(tmp_path: Path) -> None:
    data = Scenes(count=8, size=64)
    sc.train("ssd300", data, out=tmp_path / "run", steps=2, batch=4, size=64, width=1 / 16, segmentation_loss=0.5)
    assert "loss/pixels/class" in (tmp_path / "run" / "metrics.jsonl").read_text()
    predictor = sc.load(tmp_path / "run")
    assert predictor.system.silent == ("pixels",)
    assert predictor(data[0].image).semantic is None


def test_masks_teach_where_there_are_some_and_boxes_else() -> None:
    with_masks, boxes = truths(masks=True)[0].instances, truths()[0].instances
    assert with_masks is not None
    assert boxes is not None
    by_mask, by_box = painted(with_masks, (64, 64), 4), painted(boxes, (64, 64), 4)
    assert (by_mask == 1).sum() == 100
    assert (by_box == 2).sum() == 30 * 20
    assert (by_box == 1).sum() == 32 * 32 - 10 * 10  # the smaller box lies above
    half = replace(with_masks, masked=torch.tensor([True, False]))
    assert (painted(half, (64, 64), 4) == 2).sum() == 30 * 20


def test_crowds_are_ignored_but_where_objects_lie_on_them_and_boxes_may_leave_the_picture() -> None:
    rows = Instances(
        boxes=torch.tensor([[2.0, 2.0, 4.0, 4.0], [-5.0, -5.0, 6.0, 6.0], [9.4, 0.0, 20.0, 1.6]]),
        labels=torch.tensor([1, 0, 2]),
        crowd=torch.tensor([False, True, False]),
    )
    found = painted(rows, (8, 12), 3)
    assert (found == 255).sum() == 36 - 4
    assert (found == 1).sum() == 4
    assert found[:2, 9:].eq(2).all()
    assert int((found == 2).sum()) == 6
    anything = painted(replace(rows, labels=torch.tensor([-1, 0, 2])), (8, 12), 3)
    assert (anything == 255).sum() == 36
    assert painted(Instances(), (2, 3), 3).eq(3).all()


def test_the_background_of_a_picture_in_which_not_all_was_sought_is_unknown() -> None:
    system = built("ssd300", 1)
    head = system.heads["pixels"]
    assert isinstance(head, ObjectPixelHead)
    whole = truths()
    batch = batch_of(system, whole)
    maps = system.maps(batch)
    partly = [replace(shown, sought=torch.tensor([True, True, True, False])) for shown in whole]
    assert head._shown(whole[0], (64, 64)).get("semantic").eq(head.background).any()
    assert set(head._shown(partly[0], (64, 64)).get("semantic").unique().tolist()) == {1, 2, 255}
    assert head.loss(maps, partly)["class"] != head.loss(maps, whole)["class"]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_that_are_none_are_refused(weight: float) -> None:
    with pytest.raises(UsageError, match="weight of the pixels' loss from 0"):
        built("ssd300", weight)


def test_more_classes_than_a_map_holds_are_refused() -> None:
    with pytest.raises(UsageError, match="up to 254"):
        build("ssd300", 255, **SMALL["ssd300"], segmentation_loss=1.0)
    assert build("ssd300", 255, **SMALL["ssd300"]).silent == ()
