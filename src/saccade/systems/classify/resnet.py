"""Residual networks as classifiers: basic blocks up to 34 layers, bottleneck blocks from 50."""

from saccade.core.augmentation import Augmentation
from saccade.network.card import Card
from saccade.network.recipe import Recipe
from saccade.systems.classify.image_classifier import member

CARD = Card(
    task="classify",
    year=2015,
    paper="He, Zhang, Ren, Sun: Deep residual learning for image recognition, arXiv 1512.03385",
    needs=("label",),
    size=224,
)

RECIPE = Recipe(
    lr=0.1,
    weight_decay=1e-4,
    milestones=(0.3, 0.6, 0.85),
    epochs=90,
    batch=256,
    augmentation=Augmentation(flip=0.5, scale=(1.0, 1.875), translate=0.06, lighting=0.1),
    best="top1",
    note="He 2015: rate divided by 10 when the error stalls (here at fixed shares), shorter side drawn from 256 to 480 "
    "(here a factor of 1 to 1.875), flips, colour along the principal axes, no dropout. ILSVRC-2012, one crop: top-1 / "
    "top-5 error of 50 layers 24.7 / 7.8, 101 layers 23.6 / 7.1, 152 layers 23.0 / 6.7 %.",
)

resnet18 = member("resnet18", CARD, RECIPE)
resnet34 = member("resnet34", CARD, RECIPE)
resnet50 = member("resnet50", CARD, RECIPE)
resnet101 = member("resnet101", CARD, RECIPE)
resnet152 = member("resnet152", CARD, RECIPE)
