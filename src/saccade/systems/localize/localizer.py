"""Classification with localization: a class head and a box head on one trunk."""

from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup
from saccade.heads.locate.box_form import BoxForm, BoxName, LossName
from saccade.heads.locate.locate import LocateHead
from saccade.heads.locate.locate_many import LocateManyHead
from saccade.heads.locate.main_object import box_of_label
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.head import Head
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.systems.classify.image_classifier import class_head, last_level
from saccade.trunks.options import CHOSEN, TrunkOptions

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


@dataclass(frozen=True)
class BoxOptions(OptionGroup):
    """What a localizer's box head says, and what it reads.

    Attributes:
        box: ``corner``: x, y, height, width from the upper left corner. ``centre``: x, y of the centre, width, height.
        loss: ``l2``: half the squared distance. ``mse_sigmoid``: the same after a sigmoid. ``smooth_l1``.
        attach: ``conv``: the last convolutional map, through layers of its own. ``fc``: what the class head reads.
        per_class: Whether each class has a box of its own; the predicted class's is the prediction.
        objects: Boxes a picture; above 1 each has class scores, and matching settles which learns what.

    Raises:
        UsageError: There is no object, or several of which each class has its own.
    """

    box: BoxName = "corner"
    loss: LossName = "smooth_l1"
    attach: Literal["conv", "fc"] = "conv"
    per_class: bool = False
    objects: int = 1

    def __post_init__(self) -> None:
        if self.objects < 1 or (self.per_class and self.objects > 1):
            raise UsageError(
                "one object or more",
                f"objects={self.objects}, per_class={self.per_class}",
                cure="per_class gives a box to each class and goes with objects=1",
            )

    def numbers(self, classes: int) -> int:
        """Numbers that the box head's last layer gives."""
        if self.objects > 1:
            return self.objects * (4 + classes)
        return 4 * classes if self.per_class else 4


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
    trunk: TrunkOptions = TrunkOptions("resnet18", offers=CHOSEN),
    boxes: BoxOptions = BoxOptions(),
    order: Literal["both", "paper"] = "both",
    size: int = 224,
) -> System:
    """A class head ``label`` and a box head ``box`` on pictures stretched to a square, so that nothing is cut away.

    With ``trunk="vgg16"`` it is the lecture's: 257 919 788 parameters, 119 562 244 of them in the box head.

    Args:
        classes: Names of the classes.
        trunk: A trunk of ours, or any name of timm's.
        boxes: What the box head says, and what it reads.
        order: ``both``: both heads learn at once. ``paper``: classifier first, then the box head alone.
        size: Side in pixels that pictures are stretched to.

    Raises:
        UsageError: An option has a value that it cannot have.
    """
    built = trunk.built()
    above = boxes.attach == "fc"
    numbers = boxes.numbers(len(classes))
    reads, body = _above(built, numbers) if above else _beside(built, numbers, scaled(HIDDEN, trunk.width), size)
    head = _box_head(boxes, reads, body)
    system = System(
        built,
        {"label": class_head(built, len(classes)), "box": head},
        classes=classes,
        input=built.preprocessing.stretch(size),
        recipe=replace(RECIPE, stages=IN_ORDER) if order == "paper" else RECIPE,
    )
    return system.with_postprocess(box_of_label) if boxes.objects == 1 else system


def _box_head(options: BoxOptions, reads: str, body: nn.Module) -> Head:
    form = BoxForm(options.box, options.loss)
    if options.objects > 1:
        return LocateManyHead(reads, body, form, objects=options.objects)
    return LocateHead(reads, body, form, per_class=options.per_class)


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
