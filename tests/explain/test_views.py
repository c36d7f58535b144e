"""Views: which a system has, that heat lands on the picture's own pixels, and what parts show of their own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_nets import CLASSES, linear_head_net
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.explain.sheets import filter_sheet
from saccade.explain.subject import Subject
from saccade.explain.views import KINDS, views_of, visualize
from saccade.network.maps import Maps
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.network.views import Evidence, Inspectable
from saccade.runtime.inspect.look import look, subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build
from saccade.systems.classify.image_classifier import image_classifier
from saccade.trunks.chain import Chain, dense_stage

OF_CLASSIFIERS = [name for name in KINDS if name not in ("anchors", "targets", "cells")]


def subject(system: System, size: tuple[int, int] = (20, 30), label: int = 1) -> Subject:
    picture = torch.rand(system.input.channels, *size, generator=torch.Generator().manual_seed(0))
    return subject_of(Predictor(system), picture, label)


def test_a_chain_of_layers_has_all_views_and_each_is_a_picture_with_facts():
    seen = visualize(subject(linear_head_net()))
    assert list(seen) == OF_CLASSIFIERS
    assert seen["cam"].facts["layer"] == "deep"
    assert list(seen["activations"].facts["channels"]) == ["first", "pool", "deep"]
    assert list(seen["deconvnet"].facts["units"]) == ["first", "deep"]
    assert 0 <= seen["occlusion"].facts["lowest"] <= seen["occlusion"].facts["highest"] <= 1
    for one in seen.values():
        assert one.picture.mode == "RGB"
        assert len(set(np.array(one.picture).reshape(-1))) > 4


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vgg11", "localizer"])
def test_real_systems_have_the_views_that_fit_them(name):
    options = {"localizer": {"trunk": "resnet18", "per_class": True, "size": 64}}.get(name, {})
    system = build(name, 3, width=1 / 16, **options)
    branches = name in ("resnet18", "localizer")
    assert views_of(system) == [view for view in OF_CLASSIFIERS if view != "deconvnet" or not branches]


def test_a_trunk_that_sees_regions_one_by_one_has_no_strongest_maps():
    system = build("rcnn", 3, trunk="vgg11", width=1 / 16, size=32, search="windows", proposals=5)
    assert "activations" not in views_of(system)
    with pytest.raises(UsageError, match="no maps of whole pictures"):
        visualize(subject(system, (40, 40)), ["activations"])


def test_the_boxes_of_all_classes_are_a_view_of_the_box_head():
    system = build("localizer", 3, trunk="resnet18", width=1 / 16, per_class=True, size=32).eval()
    (head,) = [head for _, head in system.each_head() if isinstance(head, Inspectable)]
    looked = subject(system, (40, 40))
    assert len(head.views(looked.maps)["boxes"][0].instances) == 3
    seen = visualize(looked, ["box/boxes"])
    assert seen["box/boxes"].title == "box: boxes"


def test_several_objects_give_evidence_by_their_surest_box():
    system = build("localizer", 3, trunk="resnet18", width=1 / 16, objects=2, size=32).eval()
    heads = [head for _, head in system.each_head() if isinstance(head, Evidence)]
    assert len(heads) == 2
    looked = subject(system)
    raw = heads[1](looked.maps)
    assert torch.equal(heads[1].evidence(raw), raw.logits.max(1).values)


class Showing(torch.nn.Module):
    """Stands in for a head that shows maps and boxes of its own."""

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        heat = torch.zeros(1, 2, 4, 4)
        heat[0, 0, 0, 3] = 1.0
        rows = Instances(boxes=torch.tensor([[0.0, 0.0, 6.0, 6.0]]))
        return {"edges": heat[:, :1], "scores": heat, "proposals": [Annotation(instances=rows)]}


def test_a_part_may_show_maps_and_annotations_of_its_own():
    system = linear_head_net()
    system.trunk.views = Showing().views
    looked = subject_of(Predictor(system), torch.zeros(3, 20, 30), 0)
    seen = visualize(looked)
    assert [name for name in seen if "/" in name] == ["trunk/edges", "trunk/scores", "trunk/proposals"]
    assert seen["trunk/scores"].facts == {"maps": 2, "shown": 2}
    one = visualize(looked, ["trunk/edges"])["trunk/edges"].picture
    # The first eighth of the rows and the last of the columns are the upper right position's alone.
    hot = np.array(one).sum(2)
    assert hot.shape == (220, 330)
    assert hot[:27, -40:].min() == hot[:, 200:].max() > 500
    assert hot[60:].max() < 500
    assert hot[110:].max() == 0


def test_heat_lands_where_the_network_looked():
    system = linear_head_net()
    system.input = InputSpec.centre_crop(8, 10)
    looked = subject(system, (100, 200))
    # The middle 80 x 80 of 100 x 200 is seen, and drawn 2 times as large.
    assert looked.canvas.size == (400, 200)
    rows, columns = (looked.seen.any(axis).nonzero() for axis in (1, 0))
    assert (int(rows.min()), int(rows.max())) == (20, 179)
    assert (int(columns.min()), int(columns.max())) == (120, 279)
    heat = torch.zeros(1, 8, 8)
    heat[0, 7, 0] = 1.0
    place = np.unravel_index(int(looked.on_canvas(heat)[0].argmax()), (200, 400))
    assert 160 <= place[0] < 180
    assert 120 <= place[1] < 140


def test_positions_of_padding_are_cut_away():
    system = linear_head_net()
    system.input = InputSpec("letterbox", (16, 16))
    looked = subject(system, (40, 80))
    assert tuple(looked.batch.images.shape[-2:]) == (16, 16)
    assert looked.input_picture.shape == (3, 8, 16)
    assert looked.inner(torch.zeros(5, 8, 8)).shape == (5, 4, 8)
    assert bool(looked.seen.all())


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_the_filters_of_any_number_of_channels_lead_back_to_their_weights(channels):
    system = build("vgg11", 2, width=1 / 16, channels=channels)
    weight = next(module for module in system.trunk.modules() if isinstance(module, torch.nn.Conv2d)).weight.detach()
    picture, facts = filter_sheet(system)
    assert facts["channels"] == channels
    factor, pixels = facts["factor"], np.array(picture).astype(np.float32)
    planes = weight if channels == 3 else weight.reshape(-1, 1, 3, 3)
    columns = {1: 12, 3: 12, 5: 10}[channels]
    columns = min(columns, len(planes))
    for place, plane in enumerate(planes):
        row, column = divmod(place, columns)
        top, left = (10 + at * (3 * factor + 10) + factor // 2 for at in (row, column))
        tile = pixels[top : top + 3 * factor : factor, left : left + 3 * factor : factor].transpose(2, 0, 1)
        found = (torch.from_numpy(tile[: len(plane)].copy()) / 127.5 - 1) * facts["greatest"]
        assert torch.allclose(found, plane, atol=facts["greatest"] / 100)


def test_views_that_a_system_lacks_are_refused_with_the_reason_and_those_that_it_has():
    looked = subject(build("resnet18", CLASSES, width=1 / 16), (32, 32))
    with pytest.raises(UsageError, match=r"do not run in a row(.|\n)*answer, cam"):
        visualize(looked, ["deconvnet"])
    with pytest.raises(UsageError, match="xray"):
        visualize(looked, ["xray"])
    with pytest.raises(UsageError, match="stem, pool1"):
        visualize(looked, ["activations"], layer="layer9")


def test_a_modules_path_is_for_class_activation_and_leaves_views_of_maps_out():
    looked = subject(linear_head_net())
    seen = visualize(looked, layer="trunk.first.conv")
    assert seen["cam"].facts["layer"] == "trunk.first.conv"
    assert not {"activations", "deconvnet"} & set(seen)
    assert list(visualize(looked, ["deconvnet"], layer="pool")["deconvnet"].facts["units"]) == ["pool"]


def test_of_a_detectors_answer_that_is_drawn_of_which_it_is_sure():
    def drawn(score: float) -> bytes:
        return visualize(replace(looked, prediction=annotation(score)), ["answer"])["answer"].picture.tobytes()

    def annotation(score: float) -> Annotation:
        instances = Instances(
            boxes=torch.tensor([[4.0, 4.0, 20.0, 16.0]]), labels=torch.tensor([1]), scores=torch.tensor([score])
        )
        return Annotation(instances=instances)

    looked = subject(linear_head_net())
    assert drawn(0.4) == drawn(0.1)
    assert drawn(0.6) != drawn(0.4)


def test_a_network_without_positions_has_no_class_activation() -> None:
    dense = Chain({"hidden": dense_stage(torch.nn.Linear(3 * 8 * 8, 4), grid=8)})
    system = image_classifier(dense, ["a", "b"], dense.preprocessing.stretch(8), Recipe())
    assert "cam" not in views_of(system)
    with pytest.raises(UsageError, match="no map with several positions"):
        look(system, np.zeros((8, 8, 3), np.uint8), views=["cam"])
