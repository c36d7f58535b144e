"""Rows of the table of the papers' numbers that a description says: fields, running totals, windows side by side."""

from collections.abc import Callable
from functools import cache

import torch

from saccade.analysis.describe import describe
from saccade.analysis.layers import Layer
from saccade.analysis.reach import Reach
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fc_to_conv import dense

# Layers after which a lecture on VGG-16 stops to add up.
TOTALS = {
    "block1": "conv1_2",
    "block1+2": "conv2_2",
    "block1..3": "conv3_3",
    "block1..4": "conv4_3",
    "block1..5": "conv5_3",
    "+fc6+fc7": "fc7",
    "+fc8": "label",
}


@cache
def layers(name: str) -> tuple[Layer, ...]:
    return describe(name).layers


def last_of(name: str, part: str) -> Layer:
    """The last described layer of a stage or head."""
    return [layer for layer in layers(name) if part in layer.name.split(".")][-1]


def dilated_fields() -> str:
    """What a position sees after 3 × 3 convolutions of dilation 1, 2, 4."""
    reach, sizes = Reach(), list[str]()
    for dilation in (1, 2, 4):
        reach = reach.window(3, dilation=dilation)
        sizes.append(f"{reach.size:g}")
    return " ".join(sizes)


def side_by_side() -> str:
    """Answers of OverFeat's windows of 221 pixels on a picture of 257."""
    with torch.device("meta"):
        made = trunk("overfeat", variant="accurate")
        assert isinstance(made, Chain)
        return "x".join(str(side) for side in dense(made)(torch.zeros(1, 3, 257, 257))["fc8"].shape[2:])


def described_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, read from the description."""
    found: dict[tuple[str, str], Callable[[], object]] = {
        ("AlexNet", "pool5 receptive field"): lambda: last_of("alexnet", "pool5").receptive_field,
        ("Dilation", "exponential RF after layers 1,2,3"): dilated_fields,
        ("OverFeat toy", "257 image 221 window outputs"): side_by_side,
    }
    for part in ("pool1", "pool2", "pool3", "pool4", "conv5_3", "pool5", "fc6"):
        found["VGG-16", f"receptive field {part}"] = lambda part=part: last_of("vgg16", part).receptive_field
    for title, part in TOTALS.items():
        row = ("VGG-D", f"cumulative weights {title}")
        found[row] = lambda part=part: last_of("vgg16", part).cumulative_weights
    return found
