"""Which parameters of a dense CRF are tried: a coarse grid, then a finer one around the best of it.

Source: Chen et al. 2014, DeepLab, arXiv 1412.7062, section 5.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from saccade.core.errors import UsageError
from saccade.runtime.predict.refine.table import DenseCrf

WEIGHTS = (5.0, 10.0)
PLACES = (50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
COLOURS = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)
SMOOTHNESS = (3.0, 3.0)


@dataclass(frozen=True)
class CrfGrid:
    """What is tried at first; the kernel over places stands still.

    Attributes:
        weights: Of the kernel over places and colours.
        places: Its standard deviations in pixels.
        colours: Its standard deviations in grey values.
        smoothness: Weight and standard deviation in pixels of the kernel over places.
        iterations: Steps of mean field.

    Raises:
        UsageError: A list is empty, or a number is out of range.
    """

    weights: tuple[float, ...] = WEIGHTS
    places: tuple[float, ...] = PLACES
    colours: tuple[float, ...] = COLOURS
    smoothness: tuple[float, float] = SMOOTHNESS
    iterations: int = 10

    def __post_init__(self) -> None:
        if not (self.weights and self.places and self.colours):
            raise UsageError("at least one weight, place and colour to try", f"{self}")
        self.coarse()  # refuses what is out of range

    def coarse(self) -> list[DenseCrf]:
        """Every combination."""
        return self._of(self.weights, self.places, self.colours)

    def fine(self, best: DenseCrf) -> list[DenseCrf]:
        """Those around the best at half the step, less the best itself; a list of one number stays as it is."""
        weight, place, colour = best.appearance
        near = self._of(around(self.weights, weight), around(self.places, place), around(self.colours, colour))
        return [one for one in near if one != best]

    def _of(self, weights: Sequence[float], places: Sequence[float], colours: Sequence[float]) -> list[DenseCrf]:
        # Weights run fastest: settings of the same widths share their lattices.
        each = product(places, colours, weights)
        return [DenseCrf(self.iterations, self.smoothness, (one[2], one[0], one[1])) for one in each]


def around(values: Sequence[float], best: float) -> tuple[float, ...]:
    """A value of a list with those half a step below and above; at an end of the list the step is that of its side."""
    ordered = sorted(set(values))
    if len(ordered) < 2:
        return (best,)
    place = ordered.index(best)
    below = best - ordered[place - 1] if place else ordered[1] - best
    above = ordered[place + 1] - best if place + 1 < len(ordered) else below
    return tuple(one for one in (best - below / 2, best, best + above / 2) if one > 0)
