"""What all classifiers of whole pictures share: one class head on a trunk's last map."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from torch import nn

from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.heads.classify.classify import ClassifyHead
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.network.card import Card, SystemFunction, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.trunks.options import FIXED, SCALED, TrunkOptions


def image_classifier(
    trunk: Trunk,
    classes: Sequence[str],
    input: InputSpec,
    recipe: Recipe,
    *,
    loss: Literal["softmax", "sigmoid"] = "softmax",
    begin: Callable[[nn.Module], None] | None = None,
) -> System:
    """A trunk with a linear class head, named ``label``, on the average of its last map.

    Where the trunk brings the last layer that its weights were learnt with, and its classes are asked for, by name or
    by number, the head is that layer, and the system has those names.

    Args:
        trunk: Pictures to maps.
        classes: Names of the classes.
        input: How a picture gets in.
        recipe: How the system is trained.
        loss: ``softmax``: one class a picture. ``sigmoid``: many.
        begin: How the head's weights begin, or None for PyTorch's way.
    """
    head, known = class_head(trunk, len(classes), loss=loss), trunk.class_layer
    if known is not None and loss == "softmax" and known.serves(classes):
        known.copy_to(next(layer for layer in head.modules() if isinstance(layer, nn.Linear)))
        classes = known.names
    elif begin is not None:
        begin(head)
    return System(trunk, {"label": head}, classes=classes, input=input, recipe=recipe)


def class_head(trunk: Trunk, classes: int, *, loss: Literal["softmax", "sigmoid"] = "softmax") -> ClassifyHead:
    """Linear scores of the average of a trunk's last map."""
    name, level = last_level(trunk)
    return ClassifyHead(name, fully_connected(level, (), classes), classes, loss=loss)


def last_level(trunk: Trunk) -> tuple[str, Level]:
    """Name and level of a trunk's deepest map: its last fully connected layer, where it has one."""
    return list(trunk.levels.items())[-1]


def member(name: str, card: Card, recipe: Recipe, *, begin: Callable[..., None] | None = None) -> SystemFunction:
    """The classifier on the trunk of the same name, for families whose members differ in their trunk alone.

    Args:
        name: Name of the trunk and of the system.
        card: The system at a glance.
        recipe: How it is trained.
        begin: How the head's weights begin at a `width`, or None for PyTorch's way.
    """

    @system(card)
    def function(
        classes: tuple[str, ...], *, trunk: TrunkOptions = TrunkOptions(name, offers=FIXED), size: int = 224
    ) -> System:
        """A trunk with a linear class head, on the central square of pictures.

        Args:
            classes: Names of the classes.
            trunk: How the trunk is built.
            size: Side in pixels of the square cut from the middle, once the shorter side has 8/7 of it.
        """
        built = trunk.built()
        spec = built.preprocessing.centre_crop(size)
        return image_classifier(built, classes, spec, recipe, begin=_at(trunk.width, begin))

    return function


def unpretrained_member(
    name: str,
    card: Card,
    recipe: Recipe,
    *,
    shorter: int = 256,
    begin: Callable[..., None] | None = None,
    **trunk_options: Any,
) -> SystemFunction:
    """As `member`, for trunks of which nobody offers weights.

    Args:
        name: Name of the trunk and of the system.
        card: The system at a glance.
        recipe: How it is trained.
        shorter: Length of the shorter side before the centre is cut out, for the card's size.
        begin: How the head's weights begin at a `width`, or None for PyTorch's way.
        **trunk_options: Options of the trunk.
    """

    @system(card)
    def function(
        classes: tuple[str, ...],
        *,
        trunk: TrunkOptions = TrunkOptions(name, channels=card.channels, offers=SCALED),
        size: int = card.size,
    ) -> System:
        """A trunk with a linear class head, on the central square of pictures.

        Args:
            classes: Names of the classes.
            trunk: How the trunk is built.
            size: Side in pixels of the square cut from the middle; the margin around it keeps the paper's share.
        """
        built = trunk.built(**trunk_options)
        spec = built.preprocessing.centre_crop(size, round(size * shorter / card.size))
        return image_classifier(built, classes, spec, recipe, begin=_at(trunk.width, begin))

    return function


def _at(width: float, begin: Callable[..., None] | None) -> Callable[[nn.Module], None] | None:
    return None if begin is None else partial(begin, width=width)
