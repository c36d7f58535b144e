"""CaffeNet: AlexNet as Caffe's users have it, on one graphics card."""

from dataclasses import replace

from saccade.layers.initialise import normal_linear
from saccade.network.card import Card
from saccade.systems.classify.alexnet import RECIPE as ALEXNET
from saccade.systems.classify.image_classifier import unpretrained_member

CARD = Card(
    task="classify",
    year=2012,
    paper="Jia et al.: Caffe, arXiv 1408.5093, after Krizhevsky, Sutskever, Hinton, NIPS 2012",
    needs=("label",),
    size=227,
)

RECIPE = replace(
    ALEXNET,
    bias_lr_factor=2.0,
    decay_all=False,
    note="AlexNet's recipe, biases at twice the rate and without decay, as in Caffe's train_val.prototxt; the network "
    "pools before it normalises, and normalises with k = 1. It is the trunk of R-CNN and of the first fully "
    "convolutional networks.",
)

caffenet = unpretrained_member("caffenet", CARD, RECIPE, begin=normal_linear)
