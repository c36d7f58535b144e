"""How well the contours of each class are found.

Source: Hariharan, Arbeláez, Bourdev, Maji, Malik 2011, Semantic contours from inverse detectors, section 4; thresholds,
tolerance and margin as in the benchmark that CASENet's and later papers use.

Legend: C classes, T thresholds.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.headline import Headline
from saccade.metrics.sections import Column, Section, Table, class_section
from saccade.metrics.segment.contour_counts import THRESHOLDS, Counts, counts_of
from saccade.metrics.segment.contour_scores import average_precision, best_f, f_measure

# Share of the picture's diagonal that a class's contour may be off by; pixels at the picture's edge that do not count.
TOLERANCE, MARGIN = 0.02, 5
LEAD = (
    "Contours of each class: F at the class's best of 99 thresholds, found within 2 % of the diagonal, five pixels at "
    "the picture's edge left out."
)


class ClassContours:
    """Scores ``contour_mf`` and ``contour_map``, means over the classes that somebody drew of F and of AP.

    Predictions that have no map a class, such as `edgenet`'s, leave both undefined. Of all pictures together T numbers
    of four kinds a class are kept. A class that a picture neither shows nor is said to show takes no time; others take
    seconds of a large picture.

    Args:
        classes: C names.
    """

    needs = frozenset({"contours"})
    reads = frozenset({"contours"})

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._counts = np.zeros((len(self.classes), 4, len(THRESHOLDS)), np.int64)

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; of how wrong it is, `Contours` speaks."""
        found, drawn = prediction.get("contours"), truth.get("contours")
        if len(found) == len(drawn) == len(self.classes):
            for counts, guess, wanted in zip(self._counts, _inner(found), _inner(drawn), strict=True):
                if bool(wanted.any()) or float(guess.amax() if guess.numel() else 0) >= THRESHOLDS[0]:
                    counts += counts_of(guess, [wanted], TOLERANCE)
        return None

    def result(self) -> dict[str, float | None]:
        """``contour_mf`` and ``contour_map``; None where no class was drawn and told."""
        return {"contour_mf": mean_defined(self._each_f()), "contour_map": mean_defined(self._each_precision())}

    def sections(self) -> tuple[Section, ...]:
        """F and its threshold, AP and pixels of each class."""
        drawn = self._counts[:, 1, 0].tolist()
        best = [THRESHOLDS[int(f_measure(one).argmax())] if one[1, 0] else None for one in self._counts]
        columns = (
            Column(name="pixels", values=drawn, form="count"),
            Column(name="threshold", values=best, form="threshold", title="Best threshold"),
            Column(name="contour_ap", values=self._each_precision(), title="AP"),
            Column(name="contour_f1", values=self._each_f(), title="F", telling=True),
        )
        return (class_section(Table(rows=self.classes, columns=columns, title="Contours", lead=LEAD)),)

    def headline(self) -> Headline:
        """``contour_mf``."""
        return Headline(("contour_mf",))

    def state(self) -> Counts:
        """(C, 4, T) counts of all pictures."""
        return self._counts

    def merge(self, states: Iterable[Counts]) -> None:
        """Adds the pictures of other processes."""
        for counts in states:
            self._counts += counts

    def _each_f(self) -> list[float | None]:
        """C values of F; None for a class that nobody drew."""
        return [float(best_f(one)) if one[1, 0] else None for one in self._counts]

    def _each_precision(self) -> list[float | None]:
        return [average_precision(one) if one[1, 0] else None for one in self._counts]


def _inner(maps: Tensor) -> Tensor:
    """(C, h, w) maps (C, H, W) without the margin."""
    return maps[:, MARGIN : maps.shape[1] - MARGIN, MARGIN : maps.shape[2] - MARGIN]
