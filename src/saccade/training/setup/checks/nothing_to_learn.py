"""Whether training pictures show something to learn: anything at all, and two classes where classes compete."""

from collections.abc import Callable

from saccade.core.errors import ConfigError
from saccade.core.vocabulary import key_of
from saccade.data.check.classes import rename_flag, renames
from saccade.data.label_places import label_places
from saccade.network.system import System
from saccade.training.feed.balance import count_labels
from saccade.training.setup.data import Data


def check_to_learn(system: System, data: Data, say: Callable[[str], None]) -> None:
    """Check that the pictures show something, and say which classes they do not show.

    Args:
        system: What learns.
        data: What it learns from.
        say: Takes a line for each thing that a person should know, but that is no error.

    Raises:
        ConfigError: No picture shows anything, or there is one class alone and all heads choose one of the classes.
    """
    if all(key_of(need) == "joints" for need in system.needs):
        return  # of joints the pictures that have none are left out, and there is no class to choose
    if _learns_pixels_alone(system) and "instances" in data.train.vocabularies and not _paints_objects(data):
        _check_one_class(system, data)
        return  # counted are the classes of objects, of which it learns nothing
    counts = count_labels(data.train).tolist()
    if not sum(counts) and _learns_from_classes(system):
        raise ConfigError(
            "objects or classes to learn from",
            f"none in {len(data.train)} training pictures; {label_places(data.train)}",
            path=data.title,
            cure="put the labels where they are sought; `saccade data check` says more",
        )
    _check_one_class(system, data)
    shown = {name for name, count in zip(data.train.classes, counts, strict=True) if count}
    missing = [name for name in data.train.classes if name not in shown | data.taught]
    if missing:
        say(f"note: no training picture shows {', '.join(missing[:10])}; these classes cannot be learnt")
    alike = renames(missing, shown)
    if alike:
        say(f"warning: {', '.join(alike)} may be {', '.join(alike.values())} in other letters: {rename_flag(alike)}")


def _learns_from_classes(system: System) -> bool:
    """Whether all heads learn from labels of pictures, objects or pixels."""
    kinds = ("label", "labels", "semantic", "semantic_masks", "instances")
    return all({need.partition(".")[0] for need in head.needs} & set(kinds) for _, head in system.each_head())


def _learns_pixels_alone(system: System) -> bool:
    """Whether all heads learn from classes of pixels, and from nothing else."""
    pixels = {"semantic", "semantic_masks"}
    return all({need.partition(".")[0] for need in head.needs} <= pixels for _, head in system.each_head())


def _paints_objects(data: Data) -> bool:
    """Whether classes of pixels may be painted of objects' masks, so that without objects there are none."""
    return "instances.masks" in data.train.fields


def _check_one_class(system: System, data: Data) -> None:
    """Refuse one class alone, where all heads choose among the classes: they would be right without learning.

    Raises:
        ConfigError: There is one.
    """
    looks = "choose a system that looks for objects"
    for need, what, other in (
        ("label", "picture", looks),
        ("semantic", "pixel", "say --labels several, where the system has it, by which each class is told by itself"),
    ):
        names = data.train.vocabularies.names(need)
        if len(names) == 1 and all(set(head.needs) == {need} for _, head in system.each_head()):
            raise ConfigError(
                f"two classes or more, of which each {what} has one",
                f"{names[0]!r} alone; {label_places(data.train)}",
                path=data.title,
                cure=f"add what is none of it as a class of its own, such as 'other', or {other}",
            )
