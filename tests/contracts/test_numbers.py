"""The numbers of papers and of their authors' code, counted in the built networks."""

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from contour_numbers import contour_quantities
from crf_numbers import crf_quantities
from deconvnet_reseg_numbers import deconvnet_reseg_quantities
from described_numbers import described_quantities
from detector_numbers import detector_quantities
from object_mask_numbers import object_mask_quantities
from pose_numbers import pose_quantities
from region_numbers import region_quantities
from segment_context_numbers import segment_context_quantities
from segment_decoder_numbers import segment_decoder_quantities
from segmenter_numbers import segmenter_quantities
from torch import nn

from saccade.layers.scale import SizesAlone
from saccade.network.system import System
from saccade.systems import SYSTEMS
from saccade.systems.build import build
from saccade.trunks import trunk
from saccade.trunks.networks.cifar_resnet import cifar_resnet

TABLE = Path(__file__).parent / "published_numbers.csv"

LETTERS = {"VGG-A": "vgg11", "VGG-B": "vgg13", "VGG-C": "vgg16c", "VGG-D": "vgg16", "VGG-E": "vgg19"}
RESNETS = {f"ResNet-{depth}": f"resnet{depth}" for depth in (18, 34, 50, 101, 152)}
SMALL = {f"ResNet-{depth} CIFAR optionA": f"resnet{depth}" for depth in (20, 32, 44, 56, 110)}


@cache
def paper(name: str, **options: object) -> System:
    """The system with the paper's classes, on the device that has no memory."""
    with torch.device("meta"), SizesAlone():
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


@cache
def outputs(system: System) -> dict[str, torch.Tensor]:
    side = system.input.size[0] if system.input.size else 0
    with torch.no_grad(), SizesAlone():
        return system.trunk(torch.zeros(1, system.input.channels, side, side, device="meta"))


def output(system: System, level: str) -> torch.Tensor:
    return outputs(system)[level]


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


def weighted(module: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def without_groups(name: str) -> int:
    """Parameters that a network would have if all channels of a layer saw each other."""
    biases = sum(m.bias.numel() for m in weighted(paper(name)) if m.bias is not None)
    return biases + sum(m.weight.numel() * getattr(m, "groups", 1) for m in weighted(paper(name)))


def all_yolo() -> nn.Module:
    with torch.device("meta"):
        return trunk("yolo24")


def deepest_small() -> int:
    """Parameters of the residual network of 1202 layers with its layer for ten classes."""
    with torch.device("meta"), SizesAlone():
        made = cifar_resnet(1202)
    return parameters(made) + 10 * (made.levels["layer3"].channels + 1)


def dense_sides(height: int, width: int) -> dict[str, str]:
    """OverFeat's maps of a larger picture: before and after the last pool, and of classes at its 3 × 3 places."""
    made = paper("overfeat", variant="accurate").trunk
    maps = made(torch.zeros(1, 3, height, width, device="meta"))
    before, after = maps["conv6"].shape[2:], maps["pool6"].shape[2:]
    window = made.get_submodule("fc7.pool").output_size
    classes = [3 * (side - window + 1) for side in after]
    sides = {"layer5 pre-pool": before, "layer5 post-pool": after, "class map": classes}
    return {row: "x".join(str(side) for side in found) for row, found in sides.items()}


def further_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """Rows of the trunks that came after the first."""
    found: dict[tuple[str, str], Callable[[], object]] = {}
    for title, name in SMALL.items():
        found[title, "params"] = lambda name=name: parameters(paper(name))
    for block in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        name = f"inception{block}"
        found["GoogLeNet", f"params inception {block}"] = lambda name=name: stage("googlenet", name)
        found["GoogLeNet", f"output channels {block}"] = lambda name=name: paper("googlenet").levels[name].channels
    scales = ("245x245", "281x317", "317x389", "389x461", "425x497", "461x569")
    for number, scale in enumerate(scales, 1):
        height, width = (int(side) for side in scale.split("x"))
        for row in ("layer5 pre-pool", "layer5 post-pool", "class map"):
            title = f"scale {number} input {scale} {row}" if row == "layer5 pre-pool" else f"scale {number} {row}"
            found["OverFeat accurate", title] = lambda h=height, w=width, row=row: dense_sides(h, w)[row]
    return found | {
        ("LectureCNN", "params"): lambda: parameters(paper("lecture_cnn")),
        ("LectureCNN", "flatten size"): lambda: output(paper("lecture_cnn"), "pool2").numel(),
        ("LectureCNN", "input"): lambda: f"3x{SYSTEMS['lecture_cnn'].card.size}x224",
        ("AlexNet(no groups, 96/256/384/384/256)", "params total"): lambda: without_groups("alexnet"),
        ("VGG-16", "weight layers A,B,C,D,E"): lambda: " ".join(str(len(weighted(paper(n)))) for n in LETTERS.values()),
        ("GoogLeNet", "params no aux (bias, no BN)"): lambda: parameters(paper("googlenet", auxiliary=False)),
        ("GoogLeNet", "params with 2 aux"): lambda: parameters(paper("googlenet")),
        ("Inception-v3", "params no aux (BN, no conv bias)"): lambda: parameters(
            paper("inception_v3", auxiliary=False)
        ),
        ("Inception-v3", "params with aux"): lambda: parameters(paper("inception_v3")),
        ("Inception-v3", "spatial chain 299"): lambda: sides(
            paper("inception_v3"), "conv1a conv2a conv2b pool1 conv3b conv4a pool2 mixed6a mixed7a"
        ),
        ("ResNet-1202 CIFAR optionA", "params"): deepest_small,
        ("OverFeat fast", "params total"): lambda: parameters(paper("overfeat")),
        ("OverFeat fast", "spatial chain 231"): lambda: sides(
            paper("overfeat"), "conv1 pool1 conv2 pool2 conv3 conv4 conv5 pool5"
        ),
        ("OverFeat accurate", "params total"): lambda: parameters(paper("overfeat", variant="accurate")),
        ("OverFeat accurate", "spatial chain 221"): lambda: sides(
            paper("overfeat", variant="accurate"), "conv1 pool1 conv2 pool2 conv3 conv4 conv5 conv6 pool6"
        ),
        ("OverFeat accurate", "total stride before offsets"): lambda: (
            paper("overfeat", variant="accurate").levels["pool6"].stride
        ),
        ("OverFeat accurate", "box regressor params"): lambda: parameters(
            paper("overfeat_localizer").heads["windows"].get_submodule("box")
        ),
        ("OverFeat accurate", "effective stride with 3x3 offsets"): lambda: (
            paper("overfeat_localizer").trunk.get_submodule("body").levels["conv6"].stride
        ),
        ("ReNet", "output of 28x28 with two 2x2 layers"): lambda: renet_shape(),
        ("YOLO v1", "conv layers"): lambda: len(weighted(all_yolo())),
        ("YOLO v1", "conv params"): lambda: parameters(all_yolo()),
    }


def renet_shape() -> str:
    system = paper("renet", variant="mnist")
    channels, height, width = output(system, "renet2").shape[1:]
    return f"{height}x{width}x{channels // 256}d"


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
    vgg = paper("vgg16")
    return (
        found
        | further_quantities()
        | described_quantities()
        | detector_quantities()
        | region_quantities()
        | object_mask_quantities()
        | segmenter_quantities()
        | segment_decoder_quantities()
        | segment_context_quantities()
        | deconvnet_reseg_quantities()
        | crf_quantities()
        | contour_quantities()
        | pose_quantities()
        | {
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
            ("VGG-D", "fc6 weights"): lambda: weights(vgg.trunk.get_submodule("fc6")),
            ("VGG-D", "fc7 weights"): lambda: weights(vgg.trunk.get_submodule("fc7")),
            ("VGG-D", "fc8 weights"): lambda: weights(vgg.heads),
            ("VGG-16", "conv5_3 output for 224"): lambda: shape(vgg, "conv5_3"),
            ("VGG-16", "pool5 output for 224"): lambda: shape(vgg, "pool5"),
            ("ResNet-50", "conv5 output for 224"): lambda: shape(paper("resnet50"), "layer4"),
            ("VGG-16 two-head", "params total with second 4096-4096-4 head"): lambda: two_heads(learning=False),
            ("VGG-16 two-head", "trainable params with frozen trunk+cls head"): lambda: two_heads(learning=True),
        }
    )


QUANTITIES = quantities()


def published() -> dict[tuple[str, str], str]:
    """Values by system and quantity; a row that stands twice would hide one."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {(row["system"], row["quantity"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


PUBLISHED = published()


@pytest.mark.parametrize("key", QUANTITIES, ids=" ".join)
def test_a_number_of_the_table(key: tuple[str, str]) -> None:
    assert str(QUANTITIES[key]()) == PUBLISHED[key]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("caffenet", {}, 60_965_224),
        ("zfnet", {}, 62_357_608),
        ("googlenet", {"variant": "torchvision"}, 13_004_888),
        ("retinanet", {}, 37_968_692),
    ],
)
def test_parameters_that_no_paper_counts(name: str, options: dict[str, str], expected: int) -> None:
    assert parameters(paper(name, **options)) == expected


def test_the_whole_table_is_computed() -> None:
    assert PUBLISHED.keys() == QUANTITIES.keys()
