"""Learning rates as pure functions of the share of the run that is done, so that a resumed run needs no memory."""

from math import cos, pi

from saccade.network.recipe import Recipe, Stage

WARMUP_START = 1e-3


def factor(recipe: Recipe, progress: float, drops: int = 0) -> float:
    """Factor of the base learning rate.

    Args:
        recipe: Whose schedule, milestones, gamma and warm-up are followed.
        progress: Share of the run that is done, 0..1.
        drops: Times that validation has stalled, for ``plateau``.
    """
    shapes = {
        "constant": lambda: 1.0,
        "step": lambda: recipe.gamma ** sum(progress >= milestone for milestone in recipe.milestones),
        "cosine": lambda: _cosine(progress),
        "poly": lambda: (1 - progress) ** recipe.gamma,
        "plateau": lambda: recipe.gamma**drops,
    }
    warm = 1.0 if progress >= recipe.warmup else WARMUP_START + (1 - WARMUP_START) * progress / recipe.warmup
    return warm * shapes[recipe.schedule]()


def _cosine(progress: float) -> float:
    return 0.5 * (1 + cos(pi * progress))


def stage_at(recipe: Recipe, progress: float) -> int:
    """Position of the stage that the run is in; the last one at the very end."""
    total, passed = sum(stage.share for stage in recipe.stages), 0.0
    for position, stage in enumerate(recipe.stages):
        passed += stage.share / total
        if progress < passed - 1e-12:
            return position
    return len(recipe.stages) - 1


def within_stage(recipe: Recipe, progress: float) -> tuple[Stage, float]:
    """The stage that the run is in, and the share of that stage that is done: each stage runs the whole schedule."""
    position = stage_at(recipe, progress)
    total = sum(stage.share for stage in recipe.stages)
    start = sum(stage.share for stage in recipe.stages[:position]) / total
    stage = recipe.stages[position]
    return stage, min(max((progress - start) / (stage.share / total), 0.0), 1.0)
