"""Errors about boxes and fractions that keep the numbers at fault: of many, `data check` tells what they may mean."""

from collections.abc import Sequence
from typing import Self

from saccade.core.errors import DataError


class BoxError(DataError):
    """A box that has no area, or lies outside its picture (exit code 1).

    Attributes:
        numbers: Its four numbers in pixels, in the format's own order.
        size: (H, W) of the picture where it lies outside; None where it has no area anywhere.
    """

    numbers: tuple[float, ...]
    size: tuple[int, int] | None

    @classmethod
    def of(cls, error: DataError, numbers: Sequence[float], size: tuple[int, int] | None = None) -> Self:
        """The error with the box's numbers."""
        kept = cls(error.expected, error.found)
        vars(kept).update(vars(error), numbers=tuple(numbers), size=size)
        return kept


class FractionError(DataError):
    """A number that is no fraction of the picture (exit code 1).

    Attributes:
        value: The number.
    """

    value: float

    @classmethod
    def of(cls, error: DataError, value: float) -> Self:
        """The error with the number."""
        kept = cls(error.expected, error.found)
        vars(kept).update(vars(error), value=value)
        return kept
