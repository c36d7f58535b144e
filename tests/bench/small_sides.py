"""Sides of a comparison that take no time; started by name in processes of their own."""

import os
import sys
from collections.abc import Callable
from itertools import count
from typing import Any


def counting(start: int) -> Callable[[], int]:
    """Answers with the number of the round, and prints where a library would."""
    numbers = count(start)

    def run_worker() -> int:
        sys.stdout.write("not a prediction\n")
        return next(numbers)

    return run_worker


def surroundings(name: str) -> Callable[[], Any]:
    """Answers with a variable of the environment."""
    return lambda: os.environ.get(name)


def failing() -> Callable[[], None]:
    """Fails in its first round."""

    def run_worker() -> None:
        raise ValueError("as a test asks")

    return run_worker
