"""ReNet: recurrent networks that sweep a picture in four directions, in the place of convolutions."""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.layers.recurrent.renet import Cell
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import image_classifier
from saccade.trunks.networks.renet import COLUMNS, Variant
from saccade.trunks.options import SCALED, TrunkOptions

RECIPE = Recipe(
    optimiser="adam",
    lr=1e-3,
    weight_decay=0.0,
    schedule="cosine",
    epochs=100,
    batch=64,
    clip=5.0,
    augmentation=Augmentation(flip=0.5, translate=0.0625),
    best="top1",
    note="Visin 2015: Adam, dropout after each layer, flips (none for digits) and shifts of two pixels. Rate, "
    "schedule and batch are our own. Test error: CIFAR-10 12.35 %, SVHN 2.38 %, MNIST .45 %.",
)


@system(
    Card(
        task="classify",
        year=2015,
        paper="Visin, Kastner, Cho, Matteucci, Courville, Bengio: ReNet, arXiv 1505.00393",
        needs=("label",),
        size=32,
        classes=10,
    )
)
def renet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("renet", offers=SCALED),
    variant: Variant = "cifar10",
    cell: Cell = "gru",
    size: int | None = None,
) -> System:
    """ReNet on the central square of pictures.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        variant: ``cifar10``: three layers, one fully connected. ``mnist``: two and two. ``svhn``: three and two.
        cell: Kind of the recurrent networks, ``gru`` or ``lstm``.
        size: Side of the square in pixels, the picture's whole shorter side; by default the paper's, 32 or 28.
    """
    built = trunk.built(variant=variant, cell=cell)
    side = COLUMNS[variant].side if size is None else size
    recipe = replace(RECIPE, augmentation=replace(RECIPE.augmentation, flip=0.5 if variant == "cifar10" else 0.0))
    return image_classifier(built, classes, built.preprocessing.centre_crop(side, side), recipe)
