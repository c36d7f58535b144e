"""GoogLeNet: branches instead of depth alone, and three classifiers, two of which only help to learn."""

from torch import nn
from torchvision.models.googlenet import BasicConv2d

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.heads.classify.classify import ClassifyHead
from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.blocks.fully_connected import averaged_linear
from saccade.layers.initialise import xavier
from saccade.layers.scale import scaled
from saccade.layers.towers.auxiliary import GRID, auxiliary_dense
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import last_level
from saccade.trunks.networks.googlenet import SIDE, Variant
from saccade.trunks.options import FIXED, TrunkOptions

READS = {"aux1": "inception4a", "aux2": "inception4d"}
AUXILIARY_WEIGHT = 0.3
PASSES, FALL_EVERY = 120, 8

RECIPE = Recipe(
    lr=0.01,
    weight_decay=2e-4,
    milestones=tuple(fall / PASSES for fall in range(FALL_EVERY, PASSES, FALL_EVERY)),
    gamma=0.96,
    epochs=PASSES,
    batch=32,
    ema=0.999,
    augmentation=Augmentation(flip=0.5, crop_area=(0.08, 1.0), brightness=0.2, contrast=0.2, saturation=0.2),
    best="top1",
    note="Szegedy 2014: momentum .9, rate times .96 every 8 passes, average of the weights for use, crops of 8 to "
    "100 % of the area, colour changes; the losses of the two auxiliary classifiers count .3. Passes, first rate, "
    "penalty and batch are not in the paper. ILSVRC-2014 top-5 error, one network, one crop: 10.07 %.",
)


@system(
    Card(
        task="classify",
        year=2014,
        paper="Szegedy et al.: Going deeper with convolutions, arXiv 1409.4842",
        needs=("label",),
        size=SIDE,
    )
)
def googlenet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("googlenet", offers=FIXED),
    variant: Variant = "paper",
    auxiliary: bool = True,
    size: int = SIDE,
) -> System:
    """GoogLeNet with its class head and two auxiliary ones, which are trained but do not predict.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built; its weights exist for torchvision's variant alone.
        variant: ``paper``: biases, local response normalisation, 5 × 5 kernels. ``torchvision``: batch normalisation,
            and 3 × 3 kernels in their place.
        auxiliary: Whether the auxiliary classifiers are there.
        size: Side in pixels of the square cut from the middle, once the shorter side has 8/7 of it.
    """
    built = trunk.built(variant=variant)
    paper = variant == "paper"
    label = averaged_linear(nn.Linear(last_level(built)[1].channels, len(classes)), dropout=0.4 if paper else 0.2)
    bodies: dict[str, nn.Module] = {"label": label}
    if auxiliary:
        bodies |= {name: _auxiliary(built, map, len(classes), trunk.width, paper) for name, map in READS.items()}
    for body in bodies.values() if paper else ():
        xavier(body)
    return three_headed(built, bodies, classes, built.preprocessing.centre_crop(size))


def three_headed(trunk: Trunk, bodies: dict[str, nn.Module], classes: tuple[str, ...], input: InputSpec) -> System:
    """A trunk with the head ``label`` and those auxiliary ones that are there, silent and with the paper's weight."""
    reads = {"label": last_level(trunk)[0]} | READS
    heads = {name: ClassifyHead(reads[name], body, len(classes)) for name, body in bodies.items()}
    silent = tuple(name for name in heads if name in READS)
    return System(
        trunk,
        heads,
        loss_weights=dict.fromkeys(silent, AUXILIARY_WEIGHT),
        silent=silent,
        classes=classes,
        input=input,
        recipe=RECIPE,
    )


def _auxiliary(trunk: Trunk, map: str, classes: int, width: float, paper: bool) -> nn.Sequential:
    entry, size, dense = trunk.levels[map].channels, scaled(128, width), scaled(1024, width)
    return auxiliary_dense(
        conv_relu(entry, size, 1) if paper else BasicConv2d(entry, size, kernel_size=1),
        nn.Linear(size * GRID * GRID, dense),
        nn.Linear(dense, classes),
        dropout=0.7,
        spaced=paper,
    )
