"""Two small systems of tasks that have no system of their own yet, by which the contracts see every kind."""

from typing import Any

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.vocabulary import Vocabularies
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.towers.anchors import Anchors, pyramid_anchors
from saccade.layers.towers.dense_towers import TwinTower
from saccade.necks.pyramid import Pyramid
from saccade.network.card import Card, SystemFunction, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.detect.retinanet import OCTAVES, RATIOS, RULES
from saccade.trunks import trunk as build_trunk
from saccade.trunks.surgery.cut import cut

RECIPE = Recipe(
    optimiser="adamw", lr=2e-3, schedule="cosine", epochs=20, batch=8, augmentation=Augmentation(flip=0.5), best="miou"
)
READS = "layer3"


def trunk_of(width: float, channels: int) -> Trunk:
    return cut(build_trunk("resnet18", width=width, channels=channels), READS)


def pixel_head(trunk: Trunk, classes: int) -> PixelHead:
    """A 1 × 1 convolution, brought to the picture's pixels."""
    return PixelHead(READS, nn.Conv2d(trunk.levels[READS].channels, classes, 1), classes)


@system(Card(task="segment", year=2015, paper="none: a proof", needs=("semantic",), size=64, classes=10))
def pixels(classes: tuple[str, ...], *, width: float = 1.0, channels: int = 3, size: int = 64) -> System:
    """A trunk and one head for pixels.

    Args:
        classes: Names of the classes.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Side in pixels that pictures are stretched to.
    """
    trunk = trunk_of(width, channels)
    heads = {"pixels": pixel_head(trunk, len(classes))}
    return System(trunk, heads, classes=classes, input=InputSpec.stretch(size, channels), recipe=RECIPE)


@system(
    Card(
        task="many",
        year=2017,
        paper="none: a proof",
        needs=("instances.boxes", "instances.labels", "semantic"),
        size=64,
        classes=10,
    )
)
def boxes_and_pixels(classes: Vocabularies, *, width: float = 1.0, channels: int = 3, size: int = 64) -> System:
    """A trunk with a head for boxes and one for pixels, whose classes are two lists.

    Args:
        classes: Names of the classes of objects and of pixels.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Side in pixels that pictures are stretched to.
    """
    trunk = trunk_of(width, channels)
    neck = Pyramid(trunk.levels, ("layer2", READS), 16)
    tower = TwinTower(16, OCTAVES * len(RATIOS), len(classes["instances"]), depth=1)
    anchors = Anchors(pyramid_anchors([8.0, 24.0], OCTAVES, RATIOS))
    boxes = DenseBoxHead(tuple(neck.levels), tower, anchors, RULES, len(classes["instances"]))
    heads: dict[str, Any] = {"boxes": boxes, "pixels": pixel_head(trunk, len(classes["semantic"]))}
    return System(trunk, heads, neck, classes=classes, input=InputSpec.stretch(size, channels), recipe=RECIPE)


PROOFS: dict[str, SystemFunction] = {"pixels": pixels, "boxes_and_pixels": boxes_and_pixels}
