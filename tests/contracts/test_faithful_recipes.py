"""How systems are trained as their papers, or the authors' released files, say: read from the built systems."""

from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.data.augment.colour import change_colour
from saccade.data.augment.crop import draw_window
from saccade.data.augment.rng import RandomDraws
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.training.parallel.machine import make_fabric
from saccade.training.settings import TrainSettings
from saccade.training.step.optimiser import make_optimiser, set_rate
from saccade.training.step.schedule import factor, within_stage
from saccade.training.step.train_state import TrainState


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
    state = TrainState(system, system.recipe, make_fabric(TrainSettings(device="cpu")), seed=0)
    state.enter(system.recipe.stages[0])
    truth = [Annotation(label=torch.tensor(0)), Annotation(label=torch.tensor(1))]
    state.backward([system.batch([torch.rand(3, 80, 80) for _ in truth], truth)], step=0)
    state.step(0.01)
    filters = [m.weight.detach() for m in system.modules() if isinstance(m, nn.Conv2d)]
    assert max(float(f.square().mean((1, 2, 3)).sqrt().max()) for f in filters) == pytest.approx(0.1)


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


LEAVE_OUT = {"rpn", "faster_rcnn", "rfcn", "spp_net", "yolo1"}


@pytest.mark.parametrize("name", ["rpn", "faster_rcnn", "rfcn", "spp_net", "yolo1", "ssd300", "rcnn", "fast_rcnn"])
def test_difficult_objects_are_learnt_where_the_papers_code_learns_them(name: str) -> None:
    """R-CNN, Fast R-CNN and SSD learn them; the others read VOC without them."""
    small = {"rpn": {"scales": (1.0, 2.0)}, "faster_rcnn": {"trunk": "vgg11", "scales": (1.0, 2.0)}}
    small |= {"rfcn": {"trunk": "resnet18", "scales": (1.0, 2.0)}, "yolo1": {"trunk": "yolo_tiny", "hidden": 0}}
    searched = {"search": "windows"} if "search" in options_of(SYSTEMS[name]) else {}
    size = {} if name == "rcnn" else {"size": 128}
    torch.manual_seed(0)
    system = build(name, 2, width=1 / 16, **small.get(name, {}), **searched, **size).eval()
    rows = Instances(boxes=torch.tensor([[8.0, 8, 60, 60], [70, 64, 120, 118]]), labels=torch.tensor([0, 1]))
    marked = replace(rows, difficult=torch.tensor([False, True]))
    picture = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    regions = None if system.search is None else [torch.tensor([[8.0, 8, 60, 62], [68, 64, 120, 118], [0, 60, 40, 99]])]

    def loss(shown: Instances) -> dict[str, float]:
        torch.manual_seed(1)
        batch = system.batch([picture], [Annotation(instances=shown)], regions)
        return {term: float(value.detach()) for term, value in system.loss(batch).items()}

    alone, both = loss(marked[:1]), loss(rows)
    assert alone != both
    assert loss(marked) == (alone if name in LEAVE_OUT else both)


def test_multipath_learns_from_64_regions_of_each_picture_of_at_most_1000_pixels() -> None:
    """Zagoruyko's released BatchProviderROI.lua and train.lua."""
    with torch.device("meta"):
        system = build("multipath", 2, trunk="vgg11", width=1 / 16, search="windows")
    assert system.heads["regions"].sample.number * system.heads["regions"].sample.share == 16
    assert (system.heads["regions"].sample.number, system.input.shorter, system.input.longest) == (64, 800, 1000)
