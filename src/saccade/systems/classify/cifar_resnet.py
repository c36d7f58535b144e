"""Residual networks for pictures of 32 × 32 pixels, of 20 to 110 layers."""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.network.card import Card
from saccade.network.recipe import Recipe
from saccade.systems.classify.image_classifier import unpretrained_member

SIDE = 32

CARD = Card(
    task="classify",
    year=2015,
    paper="He, Zhang, Ren, Sun: Deep residual learning for image recognition, arXiv 1512.03385, section 4.2",
    needs=("label",),
    size=SIDE,
    classes=10,
)

RECIPE = Recipe(
    lr=0.1,
    weight_decay=1e-4,
    milestones=(0.5, 0.75),
    epochs=164,
    batch=128,
    augmentation=Augmentation(flip=0.5, pad_crop=4),
    best="top1",
    note="He 2015: 64 000 steps of 128 pictures, rate divided by 10 after 32 000 and 48 000; four pixels padded, a "
    "random crop of 32, flips. CIFAR-10 test error of 20 / 32 / 44 / 56 / 110 layers: 8.75, 7.51, 7.17, 6.97, 6.43 %.",
)

# The deepest begins at a rate of .01 until its error is below 80 %, about 400 steps of 64 000; here the rate rises from
# there to .1 over as long.
DEEPEST = replace(RECIPE, warmup=400 / 64_000, warmup_start=0.1)

resnet20 = unpretrained_member("resnet20", CARD, RECIPE, shorter=SIDE)
resnet32 = unpretrained_member("resnet32", CARD, RECIPE, shorter=SIDE)
resnet44 = unpretrained_member("resnet44", CARD, RECIPE, shorter=SIDE)
resnet56 = unpretrained_member("resnet56", CARD, RECIPE, shorter=SIDE)
resnet110 = unpretrained_member("resnet110", CARD, DEEPEST, shorter=SIDE)
