"""AlexNet: the network that began it."""

from functools import partial

from saccade.core.augmentation import Augmentation
from saccade.layers.initialise import normal_linear
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import image_classifier
from saccade.trunks.networks.alexnet import Variant
from saccade.trunks.options import FIXED, TrunkOptions

RECIPE = Recipe(
    lr=0.01,
    milestones=(0.35, 0.65, 0.85),
    epochs=90,
    batch=128,
    augmentation=Augmentation(flip=0.5, translate=0.06, lighting=0.1),
    best="top1",
    note="Krizhevsky 2012: 90 passes, rate divided by 10 three times when validation stalls (here at fixed shares), "
    "random crops of 224 from 256 (here shifts of as much), flips, colour along the principal axes. ILSVRC-2012: top-1 "
    "error 40.7 %, top-5 18.2 %, one network.",
)


@system(
    Card(
        task="classify",
        year=2012,
        paper="Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional networks, NIPS 2012",
        needs=("label",),
        size=227,
    )
)
def alexnet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("alexnet", offers=FIXED),
    variant: Variant = "paper",
    size: int | None = None,
) -> System:
    """AlexNet on the central square of pictures whose shorter side is 256.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built; its weights exist for torchvision's variant alone.
        variant: ``paper``: two groups and local response normalisation. ``torchvision``: neither, fewer channels.
        size: Side of the square in pixels, at least 67; by default 227, or 224 for torchvision's variant.
    """
    built = trunk.built(variant=variant)
    usual = 227 if variant == "paper" else 224
    side = usual if size is None else size
    spec = built.preprocessing.centre_crop(side, round(side * 256 / usual))
    begin = partial(normal_linear, width=trunk.width) if variant == "paper" else None
    return image_classifier(built, classes, spec, RECIPE, begin=begin)
