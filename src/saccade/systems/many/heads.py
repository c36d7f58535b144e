"""The heads that a system of several tasks may have: what each learns from, and how it is put together.

A further head is a row in each of the two tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from saccade.core.level import Level
from saccade.core.vocabulary import Vocabularies
from saccade.heads.classify.classify import ClassifyHead
from saccade.heads.contours.contour_head import ContourHead
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.heatmaps.heatmap_head import HeatmapHead
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.heads.regions.region_head import RegionHead
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.decoder.contour_scores import SideScores
from saccade.layers.initialise import kaiming, normal
from saccade.layers.towers.anchors import Anchors, pyramid_anchors
from saccade.layers.towers.dense_towers import TwinTower
from saccade.losses.contours import Consensus
from saccade.losses.pixels import PixelLoss
from saccade.necks.fused import FUSED
from saccade.network.card import HeadChoice
from saccade.network.head import Head
from saccade.ops.heatmaps import PAPER
from saccade.systems.contours.edgenet import target_of
from saccade.systems.detect.faster_rcnn_pyramid import pyramid_regions
from saccade.systems.detect.parts.region import RegionOptions
from saccade.systems.detect.retinanet import OCTAVES, RATIOS, RULES
from saccade.systems.instances.mask_rcnn import mask_column

# In the order in which they speak. `unless`: what another head tells too is not learnt twice, unless it is asked for.
NEEDS: dict[str, HeadChoice] = {
    "label": HeadChoice(("label",)),
    "labels": HeadChoice(("labels",), unless=("label",)),
    "boxes": HeadChoice(("instances.boxes", "instances.labels"), unless=("masks",)),
    "masks": HeadChoice(("instances.boxes", "instances.labels", "instances.masks")),
    "pixels": HeadChoice(("semantic",)),
    "layers": HeadChoice(("semantic_masks",), unless=("pixels",)),
    "contours": HeadChoice(("contours",)),
    "pose": HeadChoice(("pose", "pose_visible")),
}

# Regions of a picture that masks are learnt from, of the paper's 512, and proposals of a map among which they are
# drawn, of its 2000: else they would take most of a step.
SAMPLES, PROPOSALS = 64, 500


@dataclass(frozen=True)
class Shared:
    """What the heads stand on.

    Attributes:
        trunk: The trunk's maps, finest first; the last is what the class of the picture is read from.
        pyramid: The neck's maps of strides 8 and more, finest first.
        fused: All of them as one, at stride 4.
        classes: Names of the classes by field.
        finest: Side of the smallest anchors in input pixels.
    """

    trunk: Mapping[str, Level]
    pyramid: Mapping[str, Level]
    fused: Level
    classes: Vocabularies
    finest: float

    def names(self, key: str) -> tuple[str, ...]:
        """Names of the classes of one vocabulary."""
        return self.classes.get(key, ())


def label(on: Shared) -> ClassifyHead:
    """One class of the picture: linear scores of the mean of the trunk's last map."""
    name, level = list(on.trunk.items())[-1]
    classes = len(on.names("instances"))
    return ClassifyHead(name, fully_connected(level, (), classes), classes, inside=True)


def labels(on: Shared) -> ClassifyHead:
    """Many classes of the picture, each by itself."""
    name, level = list(on.trunk.items())[-1]
    classes = len(on.names("instances"))
    return ClassifyHead(name, fully_connected(level, (), classes), classes, loss="sigmoid", inside=True)


def boxes(on: Shared) -> DenseBoxHead:
    """RetinaNet's two towers on the pyramid."""
    classes, wide = len(on.names("instances")), on.fused.channels
    sizes = [on.finest * 2**step for step in range(len(on.pyramid))]
    anchors = Anchors(
        pyramid_anchors(sizes, OCTAVES, RATIOS), tuple(level.stride or 1 for level in on.pyramid.values())
    )
    tower = TwinTower(wide, OCTAVES * len(RATIOS), classes)
    return DenseBoxHead(tuple(on.pyramid), tower, anchors, RULES, classes)


def masks(on: Shared) -> RegionHead:
    """Mask R-CNN's proposals, boxes and masks, on the fused map and the pyramid above it; it tells boxes too."""
    levels = {FUSED: on.fused, **on.pyramid}
    classes, stride = len(on.names("instances")), on.fused.stride or 1
    regions = RegionOptions(scales=(on.finest / stride,), samples=SAMPLES)
    return pyramid_regions(levels, classes, regions, mask_column(classes), PROPOSALS)


def pixels(on: Shared) -> PixelHead:
    """One class a pixel, of the fused map."""
    classes = len(on.names("semantic"))
    return PixelHead(FUSED, _scores(on.fused.channels, classes), classes)


def layers(on: Shared) -> PixelHead:
    """Several classes a pixel, or none."""
    classes = len(on.names("semantic"))
    return PixelHead(FUSED, _scores(on.fused.channels, classes), classes, loss=PixelLoss(labels="several"))


def contours(on: Shared) -> ContourHead:
    """HED's sides, of the trunk's maps finer than the pyramid and of the pyramid's own, up to stride 32."""
    whole = {name: level for name, level in on.trunk.items() if not level.offset}
    fine = {level.stride: name for name, level in whole.items() if (level.stride or 8) < 8}
    sides = {name: on.trunk[name] for name in fine.values()}
    sides |= {name: level for name, level in on.pyramid.items() if (level.stride or 64) <= 32}
    target = target_of(on.names("contours"), Consensus())
    return ContourHead(SideScores(sides, corners=False), target, told="merged")


def pose(on: Shared) -> HeatmapHead:
    """The joints of the picture's one person, by a heat map each, of the fused map."""
    joints, pitch = len(on.names("joints")), on.fused.stride or 1
    body = _scores(on.fused.channels, joints)
    normal(body[-1], 1e-3)  # maps of nothing, as nearly all of a joint's map is
    return HeatmapHead(FUSED, pitch, bump=PAPER, absent="ignored", body=body)


BUILDERS: dict[str, Callable[[Shared], Head]] = {
    "label": label,
    "labels": labels,
    "boxes": boxes,
    "masks": masks,
    "pixels": pixels,
    "layers": layers,
    "contours": contours,
    "pose": pose,
}


def _scores(channels: int, classes: int) -> nn.Sequential:
    """A 3 × 3 layer, and a score a class."""
    body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, classes, 1))
    kaiming(body[0])
    return body
