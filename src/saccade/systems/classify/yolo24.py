"""YOLO's convolutions as a classifier: what the detector learns first."""

from saccade.core.augmentation import Augmentation
from saccade.network.card import Card
from saccade.network.recipe import Recipe
from saccade.systems.classify.image_classifier import unpretrained_member

CARD = Card(
    task="classify",
    year=2015,
    paper="Redmon, Divvala, Girshick, Farhadi: You only look once, arXiv 1506.02640, section 2.2",
    needs=("label",),
    size=224,
)

RECIPE = Recipe(
    lr=0.01,
    schedule="poly",
    gamma=4.0,
    warmup=0.01,
    epochs=90,
    batch=128,
    clip=5.0,
    augmentation=Augmentation(
        flip=0.5, scale=(1.0, 1.25), translate=0.06, saturation=0.5, brightness=0.5, contrast=0.2
    ),
    best="top1",
    note="Redmon 2015: the first 20 of the 24 convolutions, their average and one layer learn ImageNet at 224 pixels, "
    "to a top-5 accuracy of 88 %; the detector adds four convolutions, and sees 448 pixels. The paper says no more; "
    "rate and schedule are the later Darknet classifiers'.",
)

yolo24 = unpretrained_member("yolo24", CARD, RECIPE, blocks=5)
