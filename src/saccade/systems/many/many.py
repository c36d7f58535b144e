"""Many: one trunk, any set of heads.

Papers: Caruana 1997, Multitask learning (heads on shared features); Teichmann et al. 2016, MultiNet, arXiv 1612.07695
(classes, boxes and pixels of one pass); Kokkinos 2017, UberNet, arXiv 1609.02132 (data that annotate a part of it). The
parts are those of the systems of single tasks, on one pyramid (Lin et al. 2017, arXiv 1612.03144).
"""

from collections.abc import Mapping
from dataclasses import replace
from math import pi

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.core.vocabulary import Names, Vocabularies
from saccade.layers.scale import scaled
from saccade.necks.fused import FUSED, Fused
from saccade.necks.pyramid import Coarse, Pyramid
from saccade.necks.several import Necks
from saccade.network.card import Card, system
from saccade.network.head import Head
from saccade.network.part import Neck
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.heatmaps import PAPER
from saccade.systems.detect.parts.detector import shorter_side, trunk_to
from saccade.systems.detect.parts.region_stages import one_stage
from saccade.systems.many.heads import BUILDERS, NEEDS, Shared
from saccade.systems.pose.joint_list import joint_list
from saccade.trunks.options import TrunkOptions

# Channels of the pyramid, times `width`: a quarter of a detector's, so that heads cost a sixteenth.
NECK = 64
USUAL = ("label", "boxes", "pixels", "contours", "pose")
# Cells of a heat map that a joint fills: the integral of its Gaussian's square.
JOINT = pi * PAPER.deviation**2

RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=0.05,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    warmup_start=0.1,
    epochs=40,
    batch=16,
    clip=1.0,
    augmentation=Augmentation(flip=0.5, zoom=(0.75, 1.33), brightness=0.2, contrast=0.2, saturation=0.2),
    note="Ours: no paper trains this set of heads. AdamW, a cosine to 0, flips, sizes and light, which harm no task; "
    "contours, learnt by several sides, weigh as one head.",
)


@system(
    Card(
        task="many",
        year=2017,
        paper="ours, after Kokkinos: UberNet, arXiv 1609.02132, and Teichmann et al.: MultiNet, arXiv 1612.07695",
        needs=("label", "instances.boxes", "instances.labels", "semantic", "contours", "pose", "pose_visible"),
        size=480,
        classes=20,
        heads=NEEDS,
    )
)
def many(
    classes: Names,
    *,
    heads: tuple[str, ...] = USUAL,
    trunk: TrunkOptions = TrunkOptions("efficientnet_lite0"),
    size: int = 480,
    finest: float = 32,
    neck_channels: int | None = None,
    joints: int | None = None,
) -> System:
    """One trunk and one pyramid, which any set of heads reads.

    Args:
        classes: Names of the classes; those of objects and of pixels may differ.
        heads: What is told of a picture: ``label`` its class, ``labels`` its many classes, ``boxes`` or ``masks`` its
            objects, ``pixels`` the class of each pixel, ``layers`` its several classes, ``contours``, and ``pose`` the
            joints of one person. A training has one for each kind of annotation of its data, where nothing is said.
        trunk: One with maps of strides 4, 8, 16 and 32.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        finest: Side of the smallest anchors in input pixels; those of each coarser map are twice as large. Objects much
            smaller are not found.
        neck_channels: Channels of the pyramid and of the heads' layers; by default 64 times `width`.
        joints: Number of joints of a pose; that of the data, or COCO's 17.

    Raises:
        UsageError: There is no such head, none at all, or two that tell the same; the trunk lacks a map of a stride;
            the smallest anchors are below a pixel; or there are no channels.
    """
    chosen = _checked(heads)
    wide = scaled(NECK, trunk.width) if neck_channels is None else neck_channels
    if wide < 1 or not finest >= 1:
        raise UsageError("at least 1 channel of the neck, and anchors from 1 pixel", f"{wide} and {finest:g}")
    body, (fine, *reads) = trunk_to(trunk, (4, 8, 16, 32))
    pyramid = Pyramid(body.levels, reads, wide, _coarse(chosen))
    fused = Fused({**body.levels, **pyramid.levels}, (fine, *list(pyramid.levels)[: len(reads)]), wide)
    lists = _lists(classes, chosen, joints)
    on = Shared(body.levels, pyramid.levels, fused.levels[FUSED], lists, finest)
    built = {name: BUILDERS[name](on) for name in chosen}
    return System(
        body,
        built,
        _read(built, pyramid, fused),
        loss_weights=_weights(built, (size / (on.fused.stride or 1)) ** 2),
        classes=lists,
        input=shorter_side(size, body.preprocessing, multiple=32),
        recipe=replace(RECIPE, stages=one_stage(body, trunk.pretrained)),
    )


def _checked(heads: tuple[str, ...]) -> tuple[str, ...]:
    """The heads that are built, each once, in the table's order; of boxes and masks, which have boxes too, masks."""
    unknown = [name for name in heads if name not in NEEDS]
    if unknown or not heads:
        cure = did_you_mean(unknown[0], NEEDS, "") if unknown else ""
        raise UsageError(f"heads, of {', '.join(NEEDS)}", ", ".join(unknown) or "none", within="heads", cure=cure)
    for pair in (("label", "labels"), ("pixels", "layers")):
        if set(pair) <= set(heads):
            raise UsageError("one class or several", " and ".join(pair), within="heads", cure=f"leave out {pair[1]}")
    asked = {name: set(NEEDS[name].needs) for name in NEEDS if name in heads}
    return tuple(name for name, needs in asked.items() if not any(needs < other for other in asked.values()))


def _coarse(heads: tuple[str, ...]) -> Coarse:
    """What comes above the trunk's deepest stride: what the head of objects looks for the largest on."""
    return "convs_of_c5" if "boxes" in heads else "pool" if "masks" in heads else "none"


def _read(heads: Mapping[str, Head], pyramid: Neck, fused: Neck) -> Neck | None:
    """The necks that somebody reads; what nobody reads would cost time, and never learn."""
    read = {name for head in heads.values() for name in head.reads}
    if read & set(fused.levels):
        return Necks(pyramid, fused)
    return Necks(pyramid) if read & set(pyramid.levels) else None


def _lists(classes: Names, heads: tuple[str, ...], joints: int | None) -> Vocabularies:
    """Names of what each head tells, joints among them, which few data name."""
    lists = Vocabularies.of(classes, [need for name in heads for need in NEEDS[name].needs])
    return Vocabularies({**lists, "joints": joint_list(lists, joints)}) if "pose" in heads else lists


def _weights(heads: Mapping[str, Head], cells: float) -> dict[str, float]:
    """Weights by which losses come out alike: sides of contours count as one head, cells of a joint as one map.

    Args:
        heads: What is weighed.
        cells: Cells of a square picture's heat map, over which its loss is a mean.
    """
    sides = len(heads["contours"].terms) if "contours" in heads else 1
    return {name: weight for name, weight in {"contours": 1 / sides, "pose": cells / JOINT}.items() if name in heads}
