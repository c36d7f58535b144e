"""A plan: the recipe and the user's settings, settled into the numbers that the training follows."""

from dataclasses import dataclass, replace
from typing import Any

from saccade.data.augment.choice import parse_augment
from saccade.network.recipe import Recipe
from saccade.training.settings import TrainSettings
from saccade.training.setup.unfreeze import staged
from saccade.training.setup.weights.init_weights import INIT

# Fields of the settings that replace the recipe's field of the same name.
OVERRIDES = ("optimiser", "trunk_lr_factor", "momentum", "weight_decay", "schedule", "warmup", "clip", "best")
# Numbers of a schedule that takes the place of the recipe's own, whose numbers mean something else.
SHAPES: dict[str, dict[str, Any]] = {
    "step": {"milestones": (0.5, 0.75), "gamma": 0.1},
    "plateau": {"milestones": (3,), "gamma": 0.1},
    "poly": {"gamma": 0.9},
}


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

    def progress(self, step: int, seconds: float, reserve: float = 0.0) -> float:
        """Share of the descent that is done, 0..1.

        Args:
            step: Steps of it that are done.
            seconds: Seconds of the run that have passed.
            reserve: Seconds of a run of so many minutes that are laid by for its end; two thirds of them at most.
        """
        if not self.recipe.descends:
            return 1.0
        if self.settings.minutes is not None:
            whole = self.settings.minutes * 60
            return min(seconds / max(whole - reserve, whole / 3), 1.0)
        return min(step / (self.total_steps or 1), 1.0)


def resolve_recipe(recipe: Recipe, settings: TrainSettings, batch: int, world: int = 1) -> Recipe:
    """The recipe with the user's changes, its learning rate scaled with the pictures of a step.

    Linear scaling (Goyal et al. 2017, section 2.1) holds for SGD; for adaptive optimisers the square root does.
    """
    changes = {name: getattr(settings, name) for name in OVERRIDES if getattr(settings, name) is not None}
    if changes.get("schedule", recipe.schedule) != recipe.schedule:
        changes |= SHAPES.get(changes["schedule"], {})
    recipe = replace(recipe, **changes)
    ratio = batch * world * settings.accumulate / recipe.batch
    scale = ratio if recipe.optimiser == "sgd" else ratio**0.5
    recipe = replace(recipe, lr=recipe.lr * min(scale, 1.0) if settings.lr is None else settings.lr)
    if settings.ema is not None:
        recipe = replace(recipe, ema=settings.ema or None)
    recipe = replace(recipe, pixel_loss=settings.pixel_loss or recipe.pixel_loss)
    recipe = replace(recipe, augmentation=parse_augment(settings.augment).resolve(recipe.augmentation))
    # What `init` means is in the recipe already, by name.
    named = [name for name in settings.freeze if name != INIT]
    if named:
        stages = (replace(s, freeze=(*s.freeze, *named)) for s in recipe.stages)
        recipe = replace(recipe, stages=tuple(stages))
    return replace(recipe, stages=staged(recipe.stages, settings.unfreeze)) if settings.unfreeze else recipe
