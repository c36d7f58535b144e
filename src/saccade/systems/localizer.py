"""Classification with localization: a class head and a box head on one trunk."""

from dataclasses import replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.box_form import BoxForm, BoxName, LossName
from saccade.heads.locate import LocateHead
from saccade.heads.locate_many import LocateManyHead
from saccade.heads.main_object import box_of_label
from saccade.layers.fully_connected import fully_connected
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.head import Head
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.systems.image_classifier import class_head, last_level
from saccade.trunks import trunk as build_trunk
from saccade.trunks import trunk_input

RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=0.05,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=32,
    clip=5.0,
    augmentation=Augmentation(flip=0.5, scale=(0.8, 1.25), translate=0.1, brightness=0.2, contrast=0.2, saturation=0.2),
    note="The papers fine-tune networks that know ImageNet, with plain gradient descent at 1e-3; these numbers also "
    "learn from nothing on small data. The box head has no dropout, which would shake its edges.",
)

# Positions a side of the map that the box head's own layers read, as VGG's do; and their size where a trunk has none.
GRID, HIDDEN = 7, 512

# The lecture's order: the classifier to its end, then the box head alone on a trunk that stands still.
IN_ORDER = (
    Stage(share=0.5, freeze=("box",), silent=("box",)),
    Stage(share=0.5, freeze=("trunk", "label"), silent=("label",)),
)


@system(
    Card(
        task="localize",
        year=2014,
        paper="Simonyan, Zisserman: arXiv 1409.1556, appendix A; Sermanet et al.: OverFeat, arXiv 1312.6229",
        needs=("label", "instances.boxes"),
        size=224,
    )
)
def localizer(
    classes: tuple[str, ...],
    *,
    trunk: str = "resnet18",
    box: BoxName = "corner",
    loss: LossName = "smooth_l1",
    attach: Literal["conv", "fc"] = "conv",
    per_class: bool = False,
    objects: int = 1,
    order: Literal["both", "paper"] = "both",
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    size: int = 224,
) -> System:
    """A class head ``label`` and a box head ``box`` on pictures stretched to a square, so that nothing is cut away.

    With ``trunk="vgg16"`` it is the lecture's: 257 919 788 parameters, 119 562 244 of them in the box head.

    Args:
        classes: Names of the classes.
        trunk: A trunk of ours, or any name of timm's.
        box: ``corner``: x, y, height, width from the upper left corner. ``centre``: x, y of the centre, width, height.
        loss: ``l2``: half the squared distance. ``mse_sigmoid``: the same after a sigmoid. ``smooth_l1``.
        attach: ``conv``: the last convolutional map, through layers of its own. ``fc``: what the class head reads.
        per_class: Whether each class has a box of its own; the guessed class's is the answer.
        objects: Boxes a picture; above 1 each has class scores, and matching settles which learns what.
        order: ``both``: both heads learn at once. ``paper``: classifier first, then the box head alone.
        pretrained: Take ImageNet weights for the trunk.
        width: Factor of all channels, for our own trunks.
        channels: Channels of the picture.
        size: Side in pixels that pictures are stretched to.

    Raises:
        UsageError: An option has a value that it cannot have.
    """
    _check(attach, order, per_class, objects)
    built = build_trunk(trunk, pretrained=pretrained, width=width, channels=channels)
    form, outputs = BoxForm(box, loss), _outputs(len(classes), per_class, objects)
    reads, body = _beside(built, outputs, scaled(HIDDEN, width), size) if attach == "conv" else _above(built, outputs)
    many = LocateManyHead(reads, body, form, objects=objects)
    boxes: Head = many if objects > 1 else LocateHead(reads, body, form, per_class=per_class)
    return System(
        built,
        {"label": class_head(built, len(classes)), "box": boxes},
        settle=box_of_label if objects == 1 else None,
        classes=classes,
        input=replace(trunk_input(trunk, size, channels), rule="stretch", shorter=None),
        recipe=replace(RECIPE, stages=IN_ORDER) if order == "paper" else RECIPE,
    )


def _check(attach: str, order: str, per_class: bool, objects: int) -> None:
    if attach not in ("conv", "fc"):
        raise UsageError("attach='conv' or 'fc'", repr(attach))
    if order not in ("both", "paper"):
        raise UsageError("order='both' or 'paper'", repr(order))
    if objects < 1 or (per_class and objects > 1):
        raise UsageError(
            "one object or more",
            f"objects={objects}, per_class={per_class}",
            cure="per_class gives a box to each class and goes with objects=1",
        )


def _outputs(classes: int, per_class: bool, objects: int) -> int:
    """Numbers that the box head's last layer gives."""
    if objects > 1:
        return objects * (4 + classes)
    return 4 * classes if per_class else 4


def _beside(trunk: Trunk, outputs: int, hidden: int, size: int) -> tuple[str, nn.Module]:
    """Layers on the last convolutional map: as many and as wide as the trunk's own dense ones, else one of `hidden`."""
    name, level = next(
        (name, level) for name, level in reversed(list(trunk.levels.items())) if level.stride is not None
    )
    own = [level.channels for level in trunk.levels.values() if level.stride is None]
    grid = max(1, min(GRID, size // (level.stride or 1)))
    return name, fully_connected(level, own or [hidden], outputs, grid=grid)


def _above(trunk: Trunk, outputs: int) -> tuple[str, nn.Module]:
    """One layer on what the class head reads."""
    name, level = last_level(trunk)
    return name, fully_connected(level, (), outputs)
