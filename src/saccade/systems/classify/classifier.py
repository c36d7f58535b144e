"""A classifier on any trunk: ours, or any of timm's."""

from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.classify.image_classifier import image_classifier
from saccade.trunks.options import CHOSEN, TrunkOptions

RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=0.05,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=64,
    clip=1.0,
    augmentation=Augmentation(flip=0.5, crop_area=(0.35, 1.0), brightness=0.2, contrast=0.2, saturation=0.2),
    best="top1",
    note="No paper's recipe, since the trunk is free: decoupled weight decay and a cosine suit old and new trunks.",
)


@system(
    Card(
        task="classify",
        year=2015,
        paper="Any trunk of ours or of timm's with one linear layer; by default He et al., arXiv 1512.03385",
        needs=("label",),
        size=224,
    )
)
def classifier(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet18", offers=CHOSEN),
    loss: Literal["softmax", "sigmoid"] = "softmax",
    size: int = 224,
) -> System:
    """A linear class head on the average of the last map of any trunk.

    Args:
        classes: Names of the classes.
        trunk: A trunk of ours, or any name of timm's.
        loss: ``softmax``: one class a picture. ``sigmoid``: many classes a picture, learnt from `labels`.
        size: Side in pixels of the square cut from the middle.
    """
    built = trunk.built()
    return image_classifier(built, classes, built.preprocessing.centre_crop(size), RECIPE, loss=loss)
