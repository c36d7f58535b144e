"""VGG: depth from 3 × 3 convolutions alone; configurations A to E, of 11, 13, 16, 16 and 19 layers with weights."""

from saccade.core.augmentation import Augmentation
from saccade.layers.initialise import normal_linear
from saccade.network.card import Card
from saccade.network.recipe import Recipe
from saccade.systems.classify.image_classifier import member, unpretrained_member

CARD = Card(
    task="classify",
    year=2014,
    paper="Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, arXiv 1409.1556",
    needs=("label",),
    size=224,
)

RECIPE = Recipe(
    lr=0.01,
    milestones=(0.4, 0.7, 0.9),
    epochs=74,
    batch=256,
    augmentation=Augmentation(flip=0.5, scale=(1.0, 2.0), translate=0.06, lighting=0.1),
    best="top1",
    note="Simonyan and Zisserman 2014: 74 passes, rate divided by 10 three times, shorter side drawn from 256 to 512 "
    "(here a factor of 1 to 2), random crops and flips, colour shifts. ILSVRC-2012, one scale, one crop: top-1 / top-5 "
    "error of A 29.6 / 10.4, B 28.7 / 9.9, C 27.3 / 8.8, D 25.6 / 8.1, E 25.5 / 8.0 %.",
)

vgg11 = member("vgg11", CARD, RECIPE, begin=normal_linear)
vgg13 = member("vgg13", CARD, RECIPE, begin=normal_linear)
vgg16 = member("vgg16", CARD, RECIPE, begin=normal_linear)
vgg16c = unpretrained_member("vgg16c", CARD, RECIPE, begin=normal_linear)
vgg19 = member("vgg19", CARD, RECIPE, begin=normal_linear)
