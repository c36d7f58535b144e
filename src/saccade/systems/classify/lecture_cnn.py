"""The network with which a lecture introduces convolutions: small enough to count by hand."""

from saccade.core.augmentation import Augmentation
from saccade.network.card import Card
from saccade.network.recipe import Recipe
from saccade.systems.classify.image_classifier import unpretrained_member

CARD = Card(
    task="classify",
    year=2016,
    paper="Lecture notes on convolutional networks: two convolutions, two fully connected layers",
    needs=("label",),
    size=224,
    classes=10,
)

RECIPE = Recipe(
    lr=0.01,
    weight_decay=5e-4,
    schedule="cosine",
    epochs=30,
    batch=32,
    clip=5.0,
    augmentation=Augmentation(flip=0.5, translate=0.06),
    best="top1",
    note="The lecture gives the layers alone (5 397 482 parameters for ten classes, of which 5 393 400 stand in one "
    "layer); rate, momentum and augmentation are the time's usual ones.",
)

lecture_cnn = unpretrained_member("lecture_cnn", CARD, RECIPE)
