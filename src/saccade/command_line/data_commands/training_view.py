"""What a training would see of some data: under a system's recipe and input, or under changes of one's own."""

from dataclasses import replace

import torch

from saccade.core.augmentation import Augmentation
from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.core.input.channels import statistics
from saccade.core.input.input_spec import InputSpec
from saccade.data.augment.check import check_augmentation
from saccade.data.augment.choice import AugmentOptions
from saccade.data.datasets.augmented import AugmentedDataset
from saccade.data.datasets.classes.painted import with_pixels
from saccade.systems import every_system
from saccade.systems.build import build, options_of


def training_view(
    data: Dataset, system: str | None, choice: AugmentOptions, side: int | None, seed: int
) -> AugmentedDataset:
    """The data as a training sees them: classes of pixels are painted where the system learns them of objects.

    Args:
        data: The pictures.
        system: Whose input and recipe count; None: pictures keep their size, and `choice` begins with nothing.
        choice: What is said of augmentation.
        side: Side of the input in pixels; None: the system's own.
        seed: Seed of the changes.

    Raises:
        UsageError: There is no such system, or the fields of the choice contradict each other.
        ConfigError: What is chosen changes nothing in such data or such an input.
    """
    if system is not None and system in (known := every_system()):
        data = with_pixels(data, () if known[system].card.heads else known[system].card.needs)
    spec, recipe = _native(data) if system is None else _of_system(system, data, side)
    if system is None and side is not None:
        spec = replace(spec, rule="stretch", size=(side, side))
    augmentation = choice.resolve(recipe)
    check_augmentation(choice, spec, data)
    return AugmentedDataset(data, augmentation, spec, seed)


def _native(data: Dataset) -> tuple[InputSpec, Augmentation]:
    mean, std = statistics(data[0].image.shape[0])
    return InputSpec(mean=mean, std=std), Augmentation()


def _of_system(name: str, data: Dataset, side: int | None) -> tuple[InputSpec, Augmentation]:
    known = every_system()
    if name not in known:
        raise UsageError("a system", repr(name), cure=f"choose one of {', '.join(known)}")
    options = options_of(known[name])
    sized = {"size": side} if side is not None and "size" in options else {}
    channels = {"channels": data[0].image.shape[0]} if "channels" in options else {}
    joints = {"joints": len(data.joints.names)} if data.joints and "joints" in options else {}
    with torch.device("meta"):  # its input and its recipe are wanted, not its weights
        made = build(name, data.vocabularies, **sized, **channels, **joints)
    spec = made.input if side is None else made.input.resized(side)
    return spec, made.recipe.augmentation
