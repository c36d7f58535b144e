"""Inception v3, with an auxiliary classifier that only helps to learn."""

from torch import nn
from torchvision.models.inception import BasicConv2d

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.heads.classify.classify import ClassifyHead
from saccade.layers.blocks.fully_connected import averaged_linear
from saccade.layers.initialise import truncated_normal
from saccade.layers.scale import scaled
from saccade.layers.towers.auxiliary import auxiliary_convolutions
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import last_level
from saccade.trunks.networks.inception import SIDE
from saccade.trunks.options import FIXED, TrunkOptions

READS = "mixed6e"
AUXILIARY_WEIGHT = 0.4
SMOOTHING = 0.1
PASSES, FALL_EVERY = 100, 2

RECIPE = Recipe(
    optimiser="rmsprop",
    lr=0.045,
    momentum=0.9,
    decay=0.9,
    epsilon=1.0,
    weight_decay=4e-5,
    milestones=tuple(fall / PASSES for fall in range(FALL_EVERY, PASSES, FALL_EVERY)),
    gamma=0.94,
    epochs=PASSES,
    batch=32,
    clip=2.0,
    ema=0.999,
    augmentation=Augmentation(flip=0.5, crop_area=(0.08, 1.0), brightness=0.125, saturation=0.5, contrast=0.5),
    best="top1",
    note="Szegedy 2015: RMSProp with decay .9 and epsilon 1, rate .045 times .94 every 2 of 100 passes, gradients "
    "clipped at 2, labels smoothed by .1, average of the weights for use. The auxiliary loss counts .4 and the penalty "
    "is 4e-5, which the paper does not say. ILSVRC-2012, one crop: top-1 / top-5 error 21.2 / 5.6 %.",
)


@system(
    Card(
        task="classify",
        year=2015,
        paper="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception architecture, arXiv 1512.00567",
        needs=("label",),
        size=SIDE,
    )
)
def inception_v3(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("inception_v3", offers=FIXED),
    auxiliary: bool = True,
    size: int = SIDE,
) -> System:
    """Inception v3 with its class head and an auxiliary one, which is trained but does not predict.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        auxiliary: Whether the auxiliary classifier is there.
        size: Side in pixels of the square cut from the middle, at least 75, once the shorter side has 8/7 of it.
    """
    built = trunk.built()
    label = averaged_linear(nn.Linear(last_level(built)[1].channels, len(classes)), dropout=0.5)
    truncated_normal(label)
    auxiliary_body = _auxiliary(built, len(classes), trunk.width) if auxiliary else None
    return two_headed(built, label, auxiliary_body, classes, built.preprocessing.centre_crop(size))


def two_headed(
    trunk: Trunk, label: nn.Module, auxiliary: nn.Module | None, classes: tuple[str, ...], input: InputSpec
) -> System:
    """A trunk with the head ``label``, and with the silent head ``aux`` where there is a body for it."""
    bodies = {"label": label} | ({} if auxiliary is None else {"aux": auxiliary})
    reads = {"label": last_level(trunk)[0], "aux": READS}
    heads = {n: ClassifyHead(reads[n], body, len(classes), smoothing=SMOOTHING) for n, body in bodies.items()}
    return System(
        trunk,
        heads,
        loss_weights={} if auxiliary is None else {"aux": AUXILIARY_WEIGHT},
        silent=() if auxiliary is None else ("aux",),
        classes=classes,
        input=input,
        recipe=RECIPE,
    )


def _auxiliary(trunk: Trunk, classes: int, width: float) -> nn.Sequential:
    """The paper's auxiliary classifier, normalised by batch; its layers begin as torchvision's do."""
    entry, size, wide = trunk.levels[READS].channels, scaled(128, width), scaled(768, width)
    convolutions = (BasicConv2d(entry, size, kernel_size=1), BasicConv2d(size, wide, kernel_size=5))
    body = auxiliary_convolutions(*convolutions, nn.Linear(wide, classes))
    truncated_normal(body[1])
    truncated_normal(body[2], 0.01)
    truncated_normal(body[-1], 0.001)
    return body
