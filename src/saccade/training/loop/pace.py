"""What fits into the minutes of a training, told as soon as its pace is known."""

import time
from collections.abc import Callable, Mapping
from math import sqrt

from saccade.core.input.input_spec import InputSpec
from saccade.training.setup.plan import Plan
from saccade.training.step.schedule import stage_at

# Fewer steps than these teach little, whatever is learnt.
ENOUGH = 100
LEAST_BATCH, LEAST_SIDE, SIDES = 4, 96, 32


class Pace:
    """A callback that measures the second step, the first that is taken warm, and says what it means.

    Where more of the network learns later, it measures and says it again.

    Args:
        plan: What is done.
        input: How pictures get in.
        say: Takes a line for the person who waits.
    """

    def __init__(self, plan: Plan, input: InputSpec, say: Callable[[str], None]) -> None:
        self.plan, self.input, self.say = plan, input, say
        self.second, self.stage = -1, -1
        self.begun = self.at = time.monotonic()

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        """Say it after the second step of a stage."""
        del losses
        now = time.monotonic()
        stage = stage_at(self.plan.recipe, self.plan.progress(step, now - self.begun))
        if stage != self.stage:
            self.stage, self.second = stage, step + 1
        elif step == self.second:
            still = ", ".join(name for name in self.plan.recipe.stages[stage].freeze if name in ("trunk", "neck"))
            self.say(told(self.plan, self.input, now - self.at) + (f" ({still} standing still)" if still else ""))
        self.at = now

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None:
        """Nothing: validation is none of the steps."""


def told(plan: Plan, input: InputSpec, seconds: float) -> str:
    """What fits at a pace, and smaller steps where it is little.

    Args:
        plan: What is done.
        input: How pictures get in.
        seconds: What a step takes.
    """
    pictures = (plan.settings.batch or 1) * plan.settings.accumulate * plan.world
    pace = f"{pictures / max(seconds, 1e-9):.1f} pictures/s"
    if plan.settings.minutes is None:
        steps = plan.total_steps or 1
        return f"pace: {pace}; {steps} steps take about {_minutes(steps * seconds)}, validation apart"
    fits = max(round(plan.settings.minutes * 60 / max(seconds, 1e-9)), 1)
    line = f"pace: {pace}; about {fits} steps, {fits / plan.steps_per_epoch:.1f} epochs, fit into the minutes"
    return line if fits >= ENOUGH else f"{line}: few to learn from; try {smaller(plan, input, ENOUGH / fits)}"


def smaller(plan: Plan, input: InputSpec, factor: float) -> str:
    """Flags for steps that cost a `factor` less: fewer pictures first, then smaller ones."""
    batch = plan.settings.batch or 1
    fewer = min(batch, max(LEAST_BATCH, round(batch / factor)))
    left = max(factor * fewer / batch, 1.0)
    side = input.shorter or (min(input.size) if input.size else 0)
    flags = [f"--batch {fewer}"] if fewer < batch else []
    size = max(round(side / sqrt(left) / SIDES) * SIDES, LEAST_SIDE)
    if side and size < side and left > 1:
        flags.insert(0, f"--size {size}")
    return " ".join(flags) or "more --minutes, or a smaller --trunk"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
