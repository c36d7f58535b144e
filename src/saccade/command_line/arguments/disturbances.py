"""The part of ``saccade evaluate`` that disturbs pictures and measures again."""

import argparse
import math
import sys
from collections.abc import Mapping
from typing import Any

from saccade.command_line.terminal.output import print_table
from saccade.core.errors import UsageError


def add_disturbances(parser: argparse.ArgumentParser) -> None:
    """Which disturbances, and how strong."""
    parser.add_argument(
        "--disturb",
        type=_names,
        metavar="KIND,…",
        help="measure again on disturbed pictures: shift, rotate, scale, brightness, blur, noise",
    )
    parser.add_argument(
        "--strengths",
        type=_numbers,
        metavar="S,…",
        help="how strongly; 1 is a kind's full amount, 0 is always measured (.25,.5,.75,1)",
    )


def measure_disturbed(typed: Any, predictor: Any, dataset: Any, plain: Mapping[str, float | None]) -> dict[str, Any]:
    """Scores on disturbed pictures as the flags ask for them; empty where they do not.

    Args:
        typed: The parsed flags.
        predictor: The network in use.
        dataset: The data that it was measured on.
        plain: What was found there.

    Raises:
        UsageError: A kind or strength is unknown.
    """
    from saccade.runtime.evaluate.disturb import STRENGTHS, disturb

    if typed.disturb is None:
        if typed.strengths is not None:
            raise UsageError(
                "--disturb beside --strengths",
                "--strengths alone",
                cure="write --disturb shift,rotate --strengths .5,1",
            )
        return {}
    shared = {"batch": typed.batch, "workers": typed.workers, "out": typed.out}
    return disturb(
        predictor, dataset, kinds=typed.disturb, strengths=typed.strengths or STRENGTHS, plain=plain, **shared
    )


def print_disturbed(disturbed: Mapping[str, Mapping[str, Any]]) -> None:
    """A line a kind and strength; losses are left to JSON."""
    if not disturbed:
        return
    names = [name for name in next(iter(disturbed.values()))["scores"] if name != "loss" and "/" not in name]
    rows: list[list[str]] = []
    for kind, found in disturbed.items():
        for place, amount in enumerate(found["amounts"]):
            values = [found["scores"][name][place] for name in names]
            told = ["undefined" if value is None else f"{value:.4f}" for value in values]
            rows.append([kind, f"{amount:g} {found['unit']}", *told])
    sys.stdout.write("\n")
    print_table(["disturbed", "amount", *names], rows)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(math.isfinite(value) and value >= 0 for value in values):
        raise UsageError("numbers from 0, separated by commas", repr(text))
    return values
