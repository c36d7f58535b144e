"""What systems do as their papers, or the authors' released files, say: read from the built networks."""

from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, cast

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.colour import change_colour
from saccade.data.augment.crop import draw_window
from saccade.data.augment.rng import RandomDraws
from saccade.heads.dense.dense_boxes import DenseBoxes, DenseBoxHead
from saccade.layers.towers.anchors import Anchors
from saccade.ops.boxes.candidates import Candidates
from saccade.ops.boxes.suppression import Suppression
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.systems.detect.rpn import RULES
from saccade.training.parallel.machine import make_fabric
from saccade.training.settings import TrainSettings
from saccade.training.step.optimiser import make_optimiser, set_rate
from saccade.training.step.schedule import factor, within_stage
from saccade.training.step.train_state import TrainState
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


@pytest.mark.parametrize(
    ("name", "trunk_name", "joint", "alternating", "falls"),
    [
        ("faster_rcnn", "vgg11", 70_000, (80_000, 40_000, 80_000, 40_000), 3 / 4),
        ("rfcn", "resnet18", 30_000, (60_000, 30_000, 60_000, 30_000), 2 / 3),
    ],
)
def test_alternating_runs_as_long_as_its_four_steps(
    name: str, trunk_name: str, joint: int, alternating: tuple[int, ...], falls: float
) -> None:
    """Ren 2015's solvers: 80 000 + 40 000 steps, twice, beside 70 000 in all; the rate falls within each."""
    options = {"trunk": trunk_name, "width": 1 / 16}
    plain, recipe = build(name, 2, **options).recipe, build(name, 2, schedule="alternate", **options).recipe
    steps = joint * recipe.epochs / plain.epochs
    assert [stage.share * steps for stage in recipe.stages] == pytest.approx(alternating, rel=0.01)
    ends = list(accumulate(stage.share for stage in recipe.stages))
    for start, end in pairwise([0.0, *ends]):
        at = [
            factor(recipe, within_stage(recipe, start + share * (end - start))[1])
            for share in (falls - 0.01, falls + 0.01)
        ]
        assert at == pytest.approx([1.0, 0.1])


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


def rates_of(name: str) -> dict[str, tuple[float, bool]]:
    """By kind of parameter: its rate over the recipe's, and whether it decays."""
    options = {"search": "windows"} if "search" in options_of(SYSTEMS[name]) else {}
    with torch.device("meta"):
        system = build(name, 2, width=1 / 16, **options)
    optimiser = make_optimiser(system, system.recipe)
    set_rate(optimiser, system.recipe.lr)
    of = {
        id(p): (g["lr"] / system.recipe.lr, bool(g["weight_decay"]))
        for g in optimiser.param_groups
        for p in g["params"]
    }
    found: dict[str, tuple[float, bool]] = {}
    for path, layer in system.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            new = "new " * (path == "heads.regions.tops.box.score")
            for kind, parameter in (("weight", layer.weight), ("bias", layer.bias)):
                rate = of[id(parameter)]
                assert found.setdefault(new + kind, rate) == rate
    return found


@pytest.mark.parametrize("name", ["caffenet", "rpn", "fast_rcnn", "faster_rcnn", "ssd300"])
def test_biases_learn_at_twice_the_rate_without_decay_as_in_caffe_s_files(name: str) -> None:
    assert rates_of(name) == {"weight": pytest.approx((1.0, True)), "bias": pytest.approx((2.0, False))}


def test_r_cnn_s_new_layer_learns_at_ten_times_the_rate() -> None:
    """pascal_finetune_train.prototxt: fc8_pascal has 10 and 20, all others 1 and 2."""
    found = {kind: round(rate, 6) for kind, (rate, _) in rates_of("rcnn").items()}
    assert found == {"weight": 1, "bias": 2, "new weight": 10, "new bias": 20}


def test_zfnet_s_filters_stay_within_a_root_mean_square_of_a_tenth() -> None:
    """Zeiler 2013, section 3: filters that exceed it are brought back to it after each step."""
    torch.manual_seed(0)
    system = build("zfnet", 2, width=1 / 16, size=64)
    with torch.no_grad():
        system.get_submodule("trunk.conv1.conv").weight.mul_(100)
    state = TrainState(system, system.recipe, make_fabric(TrainSettings(device="cpu"), system), seed=0)
    state.enter(system.recipe.stages[0])
    truth = [Annotation(label=torch.tensor(0)), Annotation(label=torch.tensor(1))]
    state.backward([system.batch([torch.rand(3, 80, 80) for _ in truth], truth)], step=0)
    state.step(0.01)
    filters = [m.weight.detach() for m in system.modules() if isinstance(m, nn.Conv2d)]
    assert max(float(f.square().mean((1, 2, 3)).sqrt().max()) for f in filters) == pytest.approx(0.1)


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


@pytest.mark.parametrize(
    ("name", "options", "first"),
    [
        ("resnet110", {}, 0.01),
        ("yolo1", {"trunk": "yolo_tiny", "hidden": 0}, 1e-3),
        ("retinanet", {"trunk": "resnet18"}, 0.01 / 3),
        ("faster_rcnn", {"trunk": "resnet18"}, 0.02 / 3),
    ],
)
def test_warm_ups_begin_at_the_paper_s_rate(name: str, options: dict[str, Any], first: float) -> None:
    with torch.device("meta"):
        recipe = build(name, 2, width=1 / 16, **options).recipe
    assert recipe.lr * factor(recipe, 0.0) == pytest.approx(first)


def drawn_colours(name: str, picture: torch.Tensor, count: int = 200) -> torch.Tensor:
    """(count, 3) colours of a flat picture as the system's training sees it, 0..1."""
    with torch.device("meta"):
        augmentation = build(name, 2, width=1 / 16).recipe.augmentation
    rng = RandomDraws(torch.Generator().manual_seed(0))
    return torch.stack([change_colour(picture, augmentation, rng, (0.0,) * 3)[:, 0, 0] for _ in range(count)])


def test_yolo_draws_exposure_and_saturation_from_two_thirds_to_one_and_a_half() -> None:
    """Darknet: a factor from 1 to 1.5, or its inverse, in HSV."""
    colours = drawn_colours("yolo1", torch.tensor([0.6, 0.4, 0.2]).view(3, 1, 1))
    exposure = colours.amax(1) / 0.6
    saturation = (1 - colours.amin(1) / colours.amax(1)) / (1 - 0.2 / 0.6)
    for factors in (exposure, saturation):
        assert factors.min() == pytest.approx(1 / 1.5, abs=0.01)
        assert factors.max() == pytest.approx(1.5, abs=0.01)
        assert 0.4 < float((factors > 1).float().mean()) < 0.6


def test_ssd_shifts_brightness_by_32_of_255() -> None:
    with torch.device("meta"):
        augmentation = build("ssd300", 2, width=1 / 16).recipe.augmentation
    rng = RandomDraws(torch.Generator().manual_seed(0))
    alone = Augmentation(brightness_shift=augmentation.brightness_shift, colour=augmentation.colour)
    grey = torch.full((3, 1, 1), 0.5)
    shifts = torch.tensor([float(change_colour(grey, alone, rng, (0.0,) * 3)[0]) - 0.5 for _ in range(300)]) * 255
    assert -32 <= float(shifts.min()) < -30
    assert 30 < float(shifts.max()) <= 32
    assert 0.4 < float((shifts == 0).float().mean()) < 0.6


def test_ssd_s_crops_are_uniform_by_side() -> None:
    """Sampler of bbox_util.cpp: scale from .3 to 1, width scale · √ratio, height scale / √ratio, of each side."""
    with torch.device("meta"):
        augmentation = build("ssd300", 2, width=1 / 16).recipe.augmentation
    plain = replace(augmentation, expand=1.0, crop_overlap=None)
    rng = RandomDraws(torch.Generator().manual_seed(0))
    windows = torch.tensor([draw_window(plain, (2000, 4000), Annotation(), rng) for _ in range(1500)]).double()
    wide, high = (windows[:, 2] - windows[:, 0]) / 4000, (windows[:, 3] - windows[:, 1]) / 2000
    side, ratio = (wide * high).sqrt(), wide / high
    assert (float(side.min()), float(side.max())) == pytest.approx((0.3, 1.0), abs=0.01)
    assert float(side.mean()) == pytest.approx(0.65, abs=0.02)  # .57 where areas are uniform
    small = ratio[side < 0.7]
    assert (float(small.min()), float(small.max())) == pytest.approx((0.5, 2.0), abs=0.02)
    assert float(small.mean()) == pytest.approx(1.25, abs=0.05)
