"""Schedules, stages, plans and progress by numbers worked out by hand."""

from dataclasses import replace
from math import isclose

import pytest

from saccade.core.augmentation import Augmentation
from saccade.network.recipe import Recipe, Stage
from saccade.training.loop.progress import Progress
from saccade.training.settings import TrainSettings
from saccade.training.setup.plan import Plan, resolve_recipe
from saccade.training.step.schedule import factor, stage_at, within_stage

RECIPE = Recipe(lr=0.1, batch=32)


@pytest.mark.parametrize(
    ("schedule", "gamma", "progress", "expected"),
    [
        ("constant", 0.1, 0.7, 1.0),
        ("step", 0.1, 0.49, 1.0), ("step", 0.1, 0.5, 0.1), ("step", 0.1, 0.75, 0.01), ("step", 0.1, 1.0, 0.01),
        ("cosine", 0.1, 0.0, 1.0), ("cosine", 0.1, 0.5, 0.5), ("cosine", 0.1, 1.0, 0.0),
        ("cosine", 0.1, 1 / 3, 0.75),
        ("poly", 2.0, 0.5, 0.25), ("poly", 0.9, 1.0, 0.0),
    ],
)  # fmt: skip
def test_shapes(schedule, gamma, progress, expected):
    assert isclose(factor(replace(RECIPE, schedule=schedule, gamma=gamma), progress), expected, abs_tol=1e-12)


def test_a_plateau_falls_by_its_drops():
    plateau = replace(RECIPE, schedule="plateau", gamma=0.5)
    assert [factor(plateau, 0.3, drops) for drops in range(3)] == [1.0, 0.5, 0.25]


def test_warmup_rises_from_a_thousandth():
    warm = replace(RECIPE, schedule="constant", warmup=0.2)
    assert isclose(factor(warm, 0.0), 0.001)
    assert isclose(factor(warm, 0.1), 0.5005)
    assert factor(warm, 0.2) == factor(warm, 0.9) == 1.0


def test_stages_by_their_shares():
    staged = replace(RECIPE, stages=(Stage(share=0.5), Stage(share=1.0), Stage(share=0.5, lr=0.1)))
    assert [stage_at(staged, p) for p in (0.0, 0.249, 0.25, 0.74, 0.75, 1.0)] == [0, 0, 1, 1, 2, 2]
    assert within_stage(staged, 0.125) == (staged.stages[0], 0.5)
    assert within_stage(staged, 0.5) == (staged.stages[1], 0.5)
    stage, done = within_stage(staged, 1.0)
    assert (stage.lr, done) == (0.1, 1.0)


def test_stages_of_thirds_lose_no_step():
    """Three thirds of nine steps: floating point must not move a border."""
    thirds = replace(RECIPE, stages=tuple(Stage(share=1 / 3) for _ in range(3)))
    assert [stage_at(thirds, step / 9) for step in range(9)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def plan(batches: int = 10, **settings: object) -> Plan:
    return Plan(RECIPE, TrainSettings(**settings), batches)


def test_steps_of_an_epoch_count_a_smaller_last_one():
    assert plan(10, accumulate=4, epochs=2).steps_per_epoch == 3
    assert plan(10, accumulate=4, epochs=2).total_steps == 6
    assert plan(10).total_steps == 900  # the recipe's 90 epochs
    assert plan(10, steps=7).total_steps == 7
    assert plan(10, minutes=1.0).total_steps is None


def test_progress_by_steps_and_by_minutes():
    assert plan(steps=8).progress(2, 1e9) == 0.25
    assert plan(steps=8).progress(9, 0.0) == 1.0
    assert plan(minutes=2.0).progress(10**9, 30.0) == 0.25
    assert plan(minutes=2.0).progress(0, 500.0) == 1.0


def settled(recipe: Recipe = RECIPE, batch: int = 32, world: int = 1, **settings: object) -> Recipe:
    return resolve_recipe(recipe, TrainSettings(**settings), batch, world)


def test_the_rate_falls_with_the_batch_and_never_rises():
    assert isclose(settled(batch=8).lr, 0.025)
    assert isclose(settled(batch=8, accumulate=2, world=2).lr, 0.1)
    assert settled(batch=256).lr == 0.1
    assert isclose(settled(replace(RECIPE, optimiser="adamw"), batch=8).lr, 0.05)
    assert settled(batch=8, lr=0.3).lr == 0.3


def test_the_users_numbers_replace_the_recipes():
    found = settled(optimiser="adam", momentum=0.8, weight_decay=0.0, warmup=0.1, clip=2.0, best="top1", ema=0.99)
    assert (found.optimiser, found.momentum, found.weight_decay) == ("adam", 0.8, 0.0)
    assert (found.warmup, found.clip, found.best, found.ema) == (0.1, 2.0, "top1", 0.99)
    assert settled(replace(RECIPE, ema=0.9), ema=0.0).ema is None
    assert settled(replace(RECIPE, augmentation=Augmentation(flip=0.5)), augment="none").augmentation.is_empty


def test_freezing_joins_every_stage():
    staged = replace(RECIPE, stages=(Stage(0.5, freeze=("box",)), Stage(0.5)))
    assert [stage.freeze for stage in settled(staged, freeze=("trunk",)).stages] == [("box", "trunk"), ("trunk",)]


def test_a_schedule_in_place_of_the_recipes_brings_its_own_numbers():
    poly = replace(RECIPE, schedule="poly", gamma=0.9, milestones=())
    assert settled(poly, schedule="step").gamma == 0.1
    assert settled(poly, schedule="step").milestones == (0.5, 0.75)
    assert settled(poly, schedule="plateau").milestones == (3,)
    assert settled(poly, schedule="poly") == poly  # the same schedule keeps them
    assert settled(RECIPE, schedule="poly").gamma == 0.9


def test_progress_sums_and_closes_an_epoch():
    progress = Progress(batch=3)
    progress.add({"loss": 1.0})
    progress.add({"loss": 2.0})
    assert progress.means() == {"loss": 1.5}
    progress.next_epoch()
    assert (progress.epoch, progress.batch, progress.summed, progress.means()) == (1, 0, 0, {})
    assert Progress(**progress.as_dict()) == progress
