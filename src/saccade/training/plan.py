"""A plan: the recipe and the user's settings, settled into the numbers that the training follows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError
from saccade.network.recipe import Recipe
from saccade.training.settings import FREE_TO_CHANGE, TrainSettings

# Fields of the settings that replace the recipe's field of the same name.
OVERRIDES = ("optimiser", "momentum", "weight_decay", "schedule", "warmup", "clip", "best")


@dataclass(frozen=True)
class Plan:
    """What a training does, step by step.

    Attributes:
        recipe: The recipe with the user's changes; its `lr` is the one that is really used.
        settings: What the user said, with the batch settled.
        batches: Batches of an epoch on each device.
        world: Number of processes that train together.
    """

    recipe: Recipe
    settings: TrainSettings
    batches: int
    world: int = 1

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of an epoch; the last one of an epoch may average fewer batches."""
        return -(-self.batches // self.settings.accumulate)

    @property
    def total_steps(self) -> int | None:
        """Optimiser steps of the run, or None where minutes bound it."""
        if self.settings.minutes is not None:
            return None
        return self.settings.steps or (self.settings.epochs or self.recipe.epochs) * self.steps_per_epoch

    def progress(self, step: int, seconds: float) -> float:
        """Share of the run that is done, 0..1, after `step` steps and `seconds` of training."""
        if self.settings.minutes is not None:
            return min(seconds / max(self.settings.minutes * 60, 1e-9), 1.0)
        return min(step / (self.total_steps or 1), 1.0)


def settle_recipe(recipe: Recipe, settings: TrainSettings, batch: int, world: int = 1) -> Recipe:
    """The recipe with the user's changes, its learning rate scaled with the pictures of a step.

    Linear scaling (Goyal et al. 2017, section 2.1) holds for SGD; for adaptive optimisers the square root does.
    """
    changes = {name: getattr(settings, name) for name in OVERRIDES if getattr(settings, name) is not None}
    recipe = replace(recipe, **changes)
    ratio = batch * world * settings.accumulate / recipe.batch
    scale = ratio if recipe.optimiser == "sgd" else ratio**0.5
    recipe = replace(recipe, lr=recipe.lr * min(scale, 1.0) if settings.lr is None else settings.lr)
    if settings.ema is not None:
        recipe = replace(recipe, ema=settings.ema or None)
    if settings.augment == "none":
        recipe = replace(recipe, augmentation=Augmentation())
    if settings.freeze:
        stages = (replace(s, freeze=(*s.freeze, *settings.freeze)) for s in recipe.stages)
        recipe = replace(recipe, stages=tuple(stages))
    return recipe


def differences(old: Mapping[str, Any], new: TrainSettings) -> list[str]:
    """Settings that change the arithmetic, as lines ``name: old -> new``."""
    before, after = TrainSettings.from_dict(old).as_dict(), new.as_dict()
    names = [f.name for f in fields(TrainSettings) if f.name not in FREE_TO_CHANGE]
    return [f"{name}: {before[name]} -> {after[name]}" for name in names if before[name] != after[name]]


def check_same(old: Mapping[str, Any], new: TrainSettings) -> None:
    """Refuse to go on with settings that would change the arithmetic of a run.

    Raises:
        ConfigError: Some differ; the message is a diff.
    """
    changed = differences(old, new)
    if changed:
        listed = "\n    ".join(changed)
        raise ConfigError(
            f"the settings that the run was begun with are expected, found changes:\n    {listed}",
            hint="repeat the run's own settings, or train into another folder with --init",
        )
