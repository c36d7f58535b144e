"""Learning rates as pure functions of the share of the run that is done, so that a resumed run needs no memory."""

from itertools import accumulate
from math import cos, pi

from saccade.network.recipe import Recipe, Stage


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
    start = recipe.warmup_start
    warm = 1.0 if progress >= recipe.warmup else start + (1 - start) * progress / recipe.warmup
    return warm * shapes[recipe.schedule]()


def _cosine(progress: float) -> float:
    return 0.5 * (1 + cos(pi * progress))


def stage_at(recipe: Recipe, progress: float) -> int:
    """Position of the stage that the run is in; the last one at the very end."""
    for position, end in enumerate(_ends(recipe)):
        if progress < end - 1e-12:
            return position
    return len(recipe.stages) - 1


def within_stage(recipe: Recipe, progress: float) -> tuple[Stage, float]:
    """The stage that the run is in, and the share of the schedule that is done.

    Each stage runs the whole schedule, together with the stages after it that say that they go on.
    """
    position, ends = stage_at(recipe, progress), _ends(recipe)
    first, last = position, position
    while first > 0 and recipe.stages[first].continue_schedule:
        first -= 1
    while last + 1 < len(ends) and recipe.stages[last + 1].continue_schedule:
        last += 1
    start = ends[first - 1] if first > 0 else 0.0
    done = (progress - start) / max(ends[last] - start, 1e-12)
    return recipe.stages[position], min(max(done, 0.0), 1.0)


def solving_stage(recipe: Recipe, progress: float, solved: int) -> int | None:
    """Position of the next stage that solves, where its turn has come; None where it has not, or all are solved.

    Args:
        recipe: Whose stages they are.
        progress: Share of the descent that is done, 0..1; a recipe without any has done it all.
        solved: Stages that are solved.
    """
    places = [position for position, stage in enumerate(recipe.stages) if stage.solve]
    if solved >= len(places) or (recipe.descends and progress < _ends(recipe)[places[solved]] - 1e-12):
        return None
    return places[solved]


def _ends(recipe: Recipe) -> list[float]:
    """Share of the descent after which each stage ends; all at once where nothing descends."""
    total = sum(stage.share for stage in recipe.stages)
    return [end / total if total else 1.0 for end in accumulate(stage.share for stage in recipe.stages)]
