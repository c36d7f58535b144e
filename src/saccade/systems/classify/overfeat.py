"""OverFeat as a classifier of one window; `overfeat_localizer` reads the same network densely."""

from functools import partial

from saccade.core.augmentation import Augmentation
from saccade.layers.initialise import normal_linear
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import image_classifier
from saccade.trunks.networks.overfeat import Variant
from saccade.trunks.options import SCALED, TrunkOptions

SIDES = {"fast": 231, "accurate": 221}

RECIPE = Recipe(
    lr=0.05,
    momentum=0.6,
    weight_decay=1e-5,
    milestones=(0.3, 0.5, 0.6, 0.7, 0.8),
    gamma=0.5,
    epochs=100,
    batch=128,
    augmentation=Augmentation(flip=0.5, translate=0.07),
    best="top1",
    note="Sermanet 2013: momentum .6, rate halved after passes 30, 50, 60, 70 and 80 (of 100 here), five random crops "
    "from a shorter side of 256 (here shifts of as much) and flips. ILSVRC-2012, one fast network, one scale: top-1 / "
    "top-5 error 39.28 / 17.12 %; accurate, corners, centre and flips: 35.60 / 14.71 %.",
)


@system(
    Card(
        task="classify",
        year=2013,
        paper="Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun: OverFeat, arXiv 1312.6229",
        needs=("label",),
        size=SIDES["fast"],
    )
)
def overfeat(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("overfeat", offers=SCALED),
    variant: Variant = "fast",
    size: int | None = None,
) -> System:
    """OverFeat on the central window of pictures whose shorter side is 256.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        variant: ``fast``: 231 pixels, stride 32. ``accurate``: 221 pixels, stride 36, more layers and smaller steps.
        size: Side of the window in pixels, at least 71 (fast) or 77 (accurate); by default the paper's.
    """
    built = trunk.built(variant=variant)
    side = SIDES[variant] if size is None else size
    spec = built.preprocessing.centre_crop(side, round(side * 256 / SIDES[variant]))
    return image_classifier(built, classes, spec, RECIPE, begin=partial(normal_linear, width=trunk.width))
