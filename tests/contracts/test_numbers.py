"""The papers' numbers, counted in the built networks. The table of all numbers is read where it is at hand."""

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

from saccade.network.system import System
from saccade.systems import SYSTEMS, build

TABLE = Path(__file__).parents[3] / "shared" / "papers" / "checks.csv"

LETTERS = {"VGG-A": "vgg11", "VGG-B": "vgg13", "VGG-D": "vgg16", "VGG-E": "vgg19"}
RESNETS = {f"ResNet-{depth}": f"resnet{depth}" for depth in (18, 34, 50, 101, 152)}
NAMES = LETTERS | RESNETS | {"LeNet-5": "lenet5", "AlexNet(grouped)": "alexnet", "AlexNet": "alexnet"}


@cache
def paper(name: str, **options: object) -> System:
    """The system with the paper's classes, on the device that has no memory."""
    with torch.device("meta"):
        return build(name, SYSTEMS[name].card.classes, **options)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def weights(module: nn.Module) -> int:
    return sum(p.numel() for name, p in module.named_parameters() if not name.endswith("bias"))


def below(system: System, last: str, count: Callable[[nn.Module], int]) -> int:
    """Parameters of the trunk's stages up to the one named `last`."""
    names = list(system.trunk.levels)
    return sum(count(system.trunk.get_submodule(name)) for name in names[: names.index(last) + 1])


def shape(system: System, level: str) -> str:
    channels, height, width = output(system, level).shape[1:]
    return f"{channels}x{height}x{width}"


def output(system: System, level: str) -> torch.Tensor:
    side = system.input.size[0] if system.input.size else 0
    return system.trunk(torch.zeros(1, system.input.channels, side, side, device="meta"))[level]


def sides(system: System, levels: str) -> str:
    return " ".join(str(output(system, level).shape[-1]) for level in levels.split())


def stage(name: str, last: str) -> int:
    """Parameters of one stage, or of the head where the last fully connected layer is meant."""
    system = paper(name)
    return parameters(system.trunk.get_submodule(last) if last in system.trunk.levels else system.heads)


def two_heads(learning: bool) -> int:
    system = paper("localizer", trunk="vgg16", order="paper")
    system.freeze(system.recipe.stages[1].freeze if learning else ())
    return sum(p.numel() for p in system.parameters() if p.requires_grad)


def quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row of the table is, computed."""
    found: dict[tuple[str, str], Callable[[], object]] = {}
    for row in ("C1", "S2", "C3", "S4", "C5", "F6"):
        found["LeNet-5", f"params {row}"] = lambda row=row: stage("lenet5", row.lower())
    for row in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"):
        found["AlexNet(grouped)", f"params {row}"] = lambda row=row: stage("alexnet", row)
    for letter, name in LETTERS.items():
        found[letter, "weights without biases"] = lambda name=name: weights(paper(name))
        found[letter, "params with biases"] = lambda name=name: parameters(paper(name))
        found[letter, "conv weights"] = lambda name=name: below(paper(name), "pool5", weights)
        found[letter, "conv params with biases"] = lambda name=name: below(paper(name), "pool5", parameters)
    for title, name in RESNETS.items():
        found[title, "params total"] = lambda name=name: parameters(paper(name))
        found[title, "params without fc"] = lambda name=name: parameters(paper(name).trunk)
    blocks = {"1": "pool1", "1+2": "pool2", "1..3": "pool3", "1..4": "pool4", "1..5": "pool5"}
    for title, last in blocks.items():
        found["VGG-D", f"cumulative weights block{title}"] = lambda last=last: below(paper("vgg16"), last, weights)
    vgg = paper("vgg16")
    return found | {
        ("LeNet-5", "trainable params total"): lambda: parameters(paper("lenet5")),
        ("LeNet-5", "input"): lambda: f"{paper('lenet5').input.channels}x32x32",
        ("LeNet-5", "C1 C3 C5 spatial"): lambda: sides(paper("lenet5"), "c1 c3 c5"),
        ("LeNet-modern", "params (6,16,120,84,10)"): lambda: parameters(paper("lenet5", variant="modern")),
        ("AlexNet(grouped)", "params total"): lambda: parameters(paper("alexnet")),
        ("AlexNet(torchvision)", "params total"): lambda: parameters(paper("alexnet", variant="torchvision")),
        ("AlexNet", "spatial sizes for 227"): lambda: sides(
            paper("alexnet"), "conv1 pool1 conv2 pool2 conv3 conv4 conv5 pool5"
        ),
        ("AlexNet", "pool5 stride"): lambda: paper("alexnet").levels["pool5"].stride,
        ("AlexNet", "pool5 features"): lambda: output(paper("alexnet"), "pool5").numel(),
        ("VGG-D", "cumulative weights +fc6+fc7"): lambda: weights(vgg.trunk),
        ("VGG-D", "cumulative weights +fc8"): lambda: weights(vgg),
        ("VGG-D", "fc6 weights"): lambda: weights(vgg.trunk.get_submodule("fc6")),
        ("VGG-D", "fc7 weights"): lambda: weights(vgg.trunk.get_submodule("fc7")),
        ("VGG-D", "fc8 weights"): lambda: weights(vgg.heads),
        ("VGG-16", "conv5_3 output for 224"): lambda: shape(vgg, "conv5_3"),
        ("VGG-16", "pool5 output for 224"): lambda: shape(vgg, "pool5"),
        ("ResNet-50", "conv5 output for 224"): lambda: shape(paper("resnet50"), "layer4"),
        ("VGG-16 two-head", "params total with second 4096-4096-4 head"): lambda: two_heads(learning=False),
        ("VGG-16 two-head", "trainable params with frozen trunk+cls head"): lambda: two_heads(learning=True),
    }


QUANTITIES = quantities()


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str], str]:
    if not TABLE.is_file():
        pytest.skip(f"the table of the papers' numbers is absent: looked in {TABLE}")
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {(row["system"], row["quantity"]): row["value"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("key", QUANTITIES, ids=" ".join)
def test_a_number_of_the_table(key: tuple[str, str], table: dict[tuple[str, str], str]) -> None:
    computed = str(QUANTITIES[key]())
    if key[0] == "AlexNet" and " " in computed:
        # The table repeats the side of a stage that keeps it; the list here goes map by map.
        assert [int(n) for n in computed.split()] == [55, 27, 27, 13, 13, 13, 13, 6]
        assert dict.fromkeys(table[key].split()).keys() == dict.fromkeys(computed.split()).keys()
        return
    assert computed == table[key].replace("X", "x")


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("lenet5", {}, 60_000),
        ("lenet5", {"variant": "modern"}, 61_706),
        ("alexnet", {}, 60_965_224),
        ("alexnet", {"variant": "torchvision"}, 61_100_840),
        ("vgg11", {}, 132_863_336),
        ("vgg16", {}, 138_357_544),
        ("vgg19", {}, 143_667_240),
        ("resnet18", {}, 11_689_512),
        ("resnet50", {}, 25_557_032),
        ("resnet152", {}, 60_192_808),
        ("localizer", {"trunk": "vgg16"}, 257_919_788),
    ],
)
def test_parameters_of_the_papers(name: str, options: dict[str, str], expected: int) -> None:
    assert parameters(paper(name, **options)) == expected


def test_the_second_stage_of_the_lecture_s_order_learns_the_box_head_alone() -> None:
    assert two_heads(learning=True) == 119_562_244


def test_the_whole_table_of_these_systems_is_computed(table: dict[tuple[str, str], str]) -> None:
    """Rows of these systems that nothing computes here are receptive fields and counts of layers alone."""
    left = {key for key in table if key[0] in NAMES or key[0] in {"VGG-16", "VGG-16 two-head", "LeNet-modern"}}
    left -= set(QUANTITIES)
    assert all("receptive field" in quantity or "weight layers" in quantity for _, quantity in left), left
