"""LeNet-5: characters of 32 × 32 pixels."""

from saccade.core.augmentation import Augmentation
from saccade.heads.classify.class_codes import class_codes
from saccade.heads.classify.euclidean import EuclideanHead
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import image_classifier, last_level
from saccade.trunks.networks.lenet import Variant
from saccade.trunks.options import SCALED, TrunkOptions

# Digits fill 28 pixels; the field around them lets strokes' ends come into the middle of a window (section II.B).
DIGIT = 28
SIDE = 32

RECIPE = Recipe(
    optimiser="adam",
    lr=0.005,
    weight_decay=0.0,
    schedule="step",
    milestones=(0.1, 0.25, 0.4, 0.6),
    gamma=0.376,
    epochs=20,
    batch=32,
    augmentation=Augmentation(scale=(0.9, 1.1), rotate=5, translate=0.05, shear=5),
    best="top1",
    note="LeCun 1998: 20 passes; the rate falls to a fiftieth in four steps after passes 2, 5, 8 and 12. The paper's "
    "second-order method gives each weight a step of its own, which Adam comes nearest to; plain gradient descent on "
    "squared distances to 84 bits breaks away at a rate of .01. MNIST test error: .95 %, .8 % with distortions.",
)


@system(
    Card(
        task="classify",
        year=1998,
        paper="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86",
        needs=("label",),
        size=SIDE,
        classes=10,
        channels=1,
    )
)
def lenet5(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("lenet5", channels=1, offers=SCALED),
    variant: Variant = "paper",
) -> System:
    """LeNet-5 on pictures of 28 × 28 pixels, padded to 32 × 32; others are stretched to these first.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        variant: ``paper``: trainable subsampling, a table of connections, distances to fixed codes. ``modern``: maximum
            pooling, ReLU, softmax.
    """
    built = trunk.built(variant=variant)
    spec = built.preprocessing.pad(DIGIT, SIDE)
    if variant == "modern":
        return image_classifier(built, classes, spec, RECIPE)
    name, level = last_level(built)
    head = EuclideanHead(name, class_codes(len(classes), level.channels))
    return System(built, {"label": head}, classes=classes, input=spec, recipe=RECIPE)
