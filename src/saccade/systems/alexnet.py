"""AlexNet: the network that began it."""

from functools import partial

from saccade.core.augmentation import Augmentation
from saccade.core.input_spec import InputSpec
from saccade.layers.initialise import normal_linear
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.image_classifier import image_classifier
from saccade.trunks.alexnet import Variant
from saccade.trunks.alexnet import alexnet as alexnet_trunk
from saccade.trunks.inputs import raw_pixels

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
    variant: Variant = "paper",
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    size: int | None = None,
) -> System:
    """AlexNet on the central square of pictures whose shorter side is 256.

    Args:
        classes: Names of the classes.
        variant: ``paper``: two groups and local response normalisation. ``torchvision``: neither, fewer channels.
        pretrained: Take torchvision's ImageNet weights, which exist for its variant alone.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Side of the square in pixels, at least 67; by default 227, or 224 for torchvision's variant.
    """
    trunk = alexnet_trunk(variant=variant, pretrained=pretrained, width=width, channels=channels)
    side = size or (227 if variant == "paper" else 224)
    spec = InputSpec.centre_crop(side, round(side * 256 / (227 if variant == "paper" else 224)), channels)
    spec = raw_pixels(spec) if variant == "paper" else spec
    begin = partial(normal_linear, width=width) if variant == "paper" else None
    return image_classifier(trunk, classes, spec, RECIPE, begin=begin)
