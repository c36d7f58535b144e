"""The numbers at fault that errors keep: of many, `data check` tells what they may mean."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WrongBox:
    """A box that has no area, or lies outside its picture.

    Attributes:
        numbers: Its four numbers in pixels, in the format's own order.
        size: (H, W) of the picture where it lies outside; None where it has no area anywhere.
    """

    numbers: tuple[float, ...]
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class WrongFraction:
    """A number that is no fraction of the picture."""

    value: float
