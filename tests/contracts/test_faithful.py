"""What systems do as their papers, or the authors' released files, say: read from the built networks."""

from itertools import accumulate, pairwise

import pytest
import torch
from torch import nn

from saccade.systems.build import build
from saccade.training.step.schedule import factor, within_stage
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
