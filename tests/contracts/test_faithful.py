"""What systems do as their papers, or the authors' released files, say: read from the built networks."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.heads.dense.dense_boxes import DenseBoxes, DenseBoxHead
from saccade.layers.towers.anchors import Anchors
from saccade.ops.boxes.candidates import Candidates
from saccade.ops.boxes.suppression import Suppression
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.systems.detect.rpn import RULES
from saccade.trunks import trunk


@pytest.mark.parametrize("name", ["rpn", "retinanet", "faster_rcnn"])
@torch.no_grad()
def test_a_detector_s_pictures_reach_zfnet_on_its_own_scale(name: str) -> None:
    """On the scale of ImageNet's deviations conv5 spread by 8e-4, so that nothing was learnt."""
    torch.manual_seed(0)
    small = {"scales": (1.0,)} if name != "retinanet" else {}
    system = build(name, 2, trunk="zfnet", size=128, width=0.25, **small)
    picture = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert float(system.eval().maps(system.batch([picture]))["conv5"].std()) > 1e-2


@pytest.mark.parametrize(("variant", "dropped"), [("paper", ["fc6", "fc7"]), ("torchvision", ["pool5", "fc6"])])
def test_alexnet_drops_outputs_of_its_first_two_fully_connected_layers(variant: str, dropped: list[str]) -> None:
    """Krizhevsky 2012, section 4.2; torchvision's later network drops what they read."""
    made = trunk("alexnet", variant=variant, width=1 / 16)
    layers = [m for m in made.modules() if isinstance(m, nn.Conv2d | nn.MaxPool2d | nn.Linear | nn.Dropout)]
    names = {id(layer): name.split(".")[0] for name, layer in made.named_modules()}
    before = [names[id(one)] for one, after in pairwise(layers) if isinstance(after, nn.Dropout)]
    assert before == dropped


def test_caffenet_begins_as_its_released_file_says() -> None:
    torch.manual_seed(0)
    made = trunk("caffenet", width=0.25)  # where deviations are twice those of the whole width, but for conv1's
    layers = {n.split(".")[0]: m for n, m in made.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    assert {name: layer.bias.unique().tolist() for name, layer in layers.items()} == {
        **{"conv1": [0.0], "conv2": [1.0], "conv3": [0.0], "conv4": [1.0], "conv5": [1.0]},
        **{"fc6": [1.0], "fc7": [1.0]},
    }
    spread = {name: float(layer.weight.detach().std()) for name, layer in layers.items()}
    wanted = dict.fromkeys(layers, 2 * 0.01) | {"conv1": 0.01, "fc6": 2 * 0.005, "fc7": 2 * 0.005}
    assert spread == pytest.approx(wanted, rel=0.03)


def suppression_of(name: str, **options: object) -> Suppression:
    with torch.device("meta"):
        (head,) = (head for _, head in build(name, 20, **options).each_head())
    return cast("Any", head).suppression


@pytest.mark.parametrize("name", ["rcnn", "spp_net"])
@pytest.mark.parametrize("scores", ["svm", "softmax"])
def test_a_hundred_boxes_of_each_class_are_told(name: str, scores: str) -> None:
    """Girshick's rcnn_test.m; with a hundred of all classes most classes had none."""
    rule = suppression_of(name, scores=scores, search="windows")
    corners = torch.arange(300.0)[:, None] * 10 + torch.zeros(1, 2)
    apart = torch.cat([corners, corners + 8], 1)[None]
    ranks = torch.linspace(0.9, 0.5, 300)[None, :, None].expand(1, 300, 20)
    best = rule.best(ranks)
    found = Candidates(apart[:, best.rows[0]], best.scores, best.labels, best.labels)
    (kept,) = rule.final(found, torch.tensor([[4000, 4000]])).each()
    assert kept.labels.bincount().tolist() == [100] * 20


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_what_is_decoded_outside_the_picture_is_not_told(name: str) -> None:
    """Cut at the border it has no area."""
    if SYSTEMS[name].card.task != "detect":
        return
    rule = suppression_of(name, **({"search": "windows"} if "search" in options_of(SYSTEMS[name]) else {}))
    boxes = torch.tensor([[[10.0, 10, 60, 60], [-40, 10, -5, 60], [110, 20, 150, 90], [100, 0, 140, 50]]])
    labels = torch.zeros(1, 4, dtype=torch.int64)
    found = Candidates(boxes, torch.full((1, 4), 0.9), labels, labels)
    (kept,) = rule.final(found, torch.tensor([[100, 100]])).each()
    assert kept.boxes.tolist() == [[10, 10, 60, 60]]


def test_proposals_that_are_too_small_go_before_the_best_are_counted() -> None:
    """Ren 2015's proposal_layer.py: 6000 of those that are large enough."""
    assert suppression_of("rpn").small == "before"
    anchors = torch.tensor([[[0.0, 0, 4, 4], [0, 0, 40, 40]]])
    rules = replace(RULES, suppression=replace(RULES.suppression, first=1))
    head = DenseBoxHead(("map",), nn.Identity(), Anchors([anchors[0]]), rules, None)
    raw = DenseBoxes([torch.tensor([[[0.0, 9], [0, 1]]])], [torch.zeros(1, 2, 4)], [anchors], torch.tensor([[90, 90]]))
    (kept,) = head.candidates(raw).each()
    assert kept.boxes.tolist() == [[0, 0, 40, 40]]


def test_r_fcn_s_proposals_have_512_channels_as_released() -> None:
    with torch.device("meta"):
        tower = build("rfcn", 20).heads["regions"].propose.tower
    assert (tower.conv.in_channels, tower.conv.out_channels) == (1024, 512)


@pytest.mark.parametrize("name", ["retinanet", "faster_rcnn"])
def test_anchors_of_a_pyramid_stand_apart_by_its_strides(name: str) -> None:
    """A picture of 800 pixels has 13 positions of stride 64, 61 pixels apart by torchvision's measure."""
    with torch.device("meta"):
        system = build(name, 2, trunk="resnet18", width=1 / 16)
    head = system.heads["boxes"] if name == "retinanet" else system.heads["regions"].propose
    strides = [level.stride for level in system.neck.levels.values()]
    shapes = [(-(-800 // stride), -(-800 // stride)) for stride in strides]
    with torch.device("cpu"):
        boxes = Anchors([torch.zeros(1, 4)] * len(strides), head.anchors.steps)(shapes, (800, 800))
    assert [float(grid[1, 0] - grid[0, 0]) for grid in boxes] == strides


def test_lenet_s_digits_are_padded_from_28_to_32_pixels() -> None:
    """LeCun 1998, section II.B; a digit's own pixels stay as they are, and black is -.1 as around it."""
    system = build("lenet5", 10)
    digit = torch.randint(0, 256, (1, 28, 28), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    (seen,) = system.batch([digit]).images
    assert seen.shape == (1, 32, 32)
    torch.testing.assert_close(seen[:, 2:30, 2:30], -0.1 + digit / 255 * 1.275, rtol=0, atol=1e-5)
    inner = torch.zeros(32, 32, dtype=torch.bool)
    inner[2:30, 2:30] = True
    assert seen[0][~inner].unique().tolist() == pytest.approx([-0.1])
    augment = Augment(replace(system.recipe.augmentation, scale=(0.5, 0.5)), system.input)
    framed = augment(Sample(digit, Annotation(), "digit"), torch.Generator().manual_seed(0))
    assert float(framed.image[0, 0].float().max()) == 0  # what comes in from outside is black, too


@pytest.mark.parametrize("name", ["rpn", "faster_rcnn"])
def test_a_proposal_s_least_side_is_16_pixels_of_the_picture_as_it_was_read(name: str) -> None:
    """Ren 2015's proposal_layer.py multiplies 16 by the picture's scale."""
    torch.manual_seed(0)
    small = {"trunk": "vgg11", "width": 1 / 16, "size": 300}
    system = build(name, 2, **small).eval()
    head = system.heads["proposals"] if name == "rpn" else system.heads["regions"].propose
    for source, scale in ((150, 2.0), (600, 0.5)):
        batch = system.batch([torch.rand(3, source, source)])
        raw = replace(head(system.maps(batch)), anchors=[torch.tensor([[[0.0, 0, side, side] for side in SIDES]])])
        raw = replace(raw, logits=[torch.tensor([[[0.0, 1.0]] * len(SIDES)])], codes=[torch.zeros(1, len(SIDES), 4)])
        (kept,) = head.candidates(raw).each()
        assert sorted(kept.boxes[:, 2].tolist()) == [side for side in SIDES if side >= 16 * scale]


# Sides that overlap each other by less than .7.
SIDES = (3.0, 4.0, 6.0, 8.0, 11.0, 16.0, 22.0, 32.0, 44.0, 64.0)
