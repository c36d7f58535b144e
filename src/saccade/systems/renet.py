"""ReNet: recurrent networks that sweep a picture in four directions, in the place of convolutions."""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.core.input_spec import InputSpec
from saccade.layers.renet import Cell
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.image_classifier import image_classifier
from saccade.trunks.renet import COLUMNS, Variant
from saccade.trunks.renet import renet as renet_trunk

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
    variant: Variant = "cifar10",
    cell: Cell = "gru",
    width: float = 1.0,
    channels: int = 3,
    size: int | None = None,
) -> System:
    """ReNet on the central square of pictures.

    Args:
        classes: Names of the classes.
        variant: ``cifar10``: three layers, one fully connected. ``mnist``: two and two. ``svhn``: three and two.
        cell: Kind of the recurrent networks, ``gru`` or ``lstm``.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Side of the square in pixels, the picture's whole shorter side; by default the paper's, 32 or 28.
    """
    trunk = renet_trunk(variant=variant, cell=cell, width=width, channels=channels)
    side = size or COLUMNS[variant].side
    recipe = replace(RECIPE, augmentation=replace(RECIPE.augmentation, flip=0.5 if variant == "cifar10" else 0.0))
    return image_classifier(trunk, classes, InputSpec.centre_crop(side, side, channels), recipe)
