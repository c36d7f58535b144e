"""ZFNet: what pictures of AlexNet's filters taught its readers to mend."""

from dataclasses import replace

from saccade.layers.initialise import normal_linear
from saccade.network.card import Card
from saccade.systems.classify.alexnet import RECIPE as ALEXNET
from saccade.systems.classify.image_classifier import unpretrained_member

CARD = Card(
    task="classify",
    year=2013,
    paper="Zeiler, Fergus: Visualizing and understanding convolutional networks, arXiv 1311.2901",
    needs=("label",),
    size=224,
)

RECIPE = replace(
    ALEXNET,
    epochs=70,
    filter_rms=0.1,
    note="Zeiler and Fergus 2013 follow AlexNet: 70 passes, rate .01 lowered by hand (here at fixed shares), crops of "
    "224 from 256 and flips; filters whose root mean square exceeds .1 are brought back to it after each step. "
    "SPP-net's authors, who train the same network: ILSVRC-2012 top-1 / top-5 error 35.99 / 14.76 %, ten crops.",
)

zfnet = unpretrained_member("zfnet", CARD, RECIPE, begin=normal_linear)
