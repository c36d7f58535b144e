"""How well contours are found, beside what several people drew: ODS, OIS and average precision.

Source: Martin, Fowlkes, Malik 2004, Learning to detect natural image boundaries using local brightness, color, and
texture cues, section 3.2; Arbeláez, Maire, Fowlkes, Malik 2011, Contour detection and hierarchical image segmentation,
section 3.1. Thresholds, tolerance and sums are those of the benchmark of Berkeley's data.

Legend: N pictures, T thresholds, A people, R resamples.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.metrics.headline import Headline, Resampling
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Curve, Curves, Section
from saccade.metrics.segment.contour_counts import THRESHOLDS, TOLERANCE, Counts, Map, counts_of
from saccade.metrics.segment.contour_scores import Floats, best_f, f_measure, rates, summary
from saccade.ops.crests import crests

State = tuple[list[str], list[Counts]]

THINNED = (
    " Before, only the crests of the probabilities stay, as the benchmark's users do it (non-maximum suppression); "
    "--raw-contours leaves that out."
)


def contours(pairs: Iterable[tuple[Map, Sequence[Map]]], *, tolerance: float = TOLERANCE) -> dict[str, float | None]:
    """ODS, OIS and AP of contours.

    At each of 99 thresholds, .01 to .99, what is at least as probable is thinned to lines of one pixel. Its pixels are
    matched one to one with those of each person, as many as can be, none with one farther away than the tolerance. A
    pixel that any person's matches is right; recall counts the pixels of all people. Matches and pixels are added up
    over pictures before they are divided.

    Broad probabilities, such as a network's, are first brought to their crests: `saccade.ops.crests.crests`.

    It takes some seconds for a picture of 481 × 321 pixels that five people drew; several processes share them.

    Args:
        pairs: Of each picture the probability (H, W), 0..1, and the contours (H, W) bool that each person drew.
        tolerance: Greatest distance of a match, as a share of the picture's diagonal.

    Returns:
        ``ods``, F at the one threshold that is best for all pictures, also between two of them, on straight lines of
        precision and recall; ``ois``, F of the sums at each picture's own best one; ``ap``, the mean precision at
        recalls 0, .01 … 1, straight lines between the thresholds', 0 beyond them; of one recall alone, as of a map of 0
        and 1, precision times recall. None where nobody drew anything.

    Raises:
        UsageError: Shapes differ, nobody drew a picture, values are no probabilities, or the tolerance is below 0.
        ResourceError: A process that helped was ended.
    """
    if not tolerance >= 0:
        raise UsageError("a tolerance from 0", tolerance)
    return summary([counts_of(probability, drawn, tolerance) for probability, drawn in pairs])


class Contours:
    """Scores ``ods``, ``ois`` and ``contour_ap``; see `contours`.

    Of a picture it takes seconds, so that it belongs to an evaluation, not to each epoch.

    Args:
        names: What the truth's maps are: contours, a map a person, as where nobody tells; or the names of classes, a
            map a class, of which all are taken together, as are the prediction's.
        crests: Whether predictions are brought to their crests first, as the benchmark wants them.
    """

    needs = frozenset({"contours"})
    reads = frozenset({"contours"})
    nearness = "F of its contours at its own best threshold"

    def __init__(self, names: Sequence[str], *, crests: bool = True) -> None:
        self.by_person, self.crests = tuple(names) in ((), UNTOLD_CONTOURS), crests
        self._ids: list[str] = []
        self._counts: list[Counts] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; it is as wrong as its best F is below 1."""
        wanted, guess = truth.get("contours"), prediction.get("contours").float().amax(0).numpy()
        drawn = list(wanted) if self.by_person else [wanted.amax(0)]
        self._ids.append(id)
        self._counts.append(counts_of(crests(guess) if self.crests else guess, drawn))
        return 1 - float(f_measure(self._counts[-1]).max())

    def result(self) -> dict[str, float | None]:
        """``ods``, ``ois`` and ``contour_ap``; None where nobody drew anything."""
        found = summary(self._counts)
        return {"ods": found["ods"], "ois": found["ois"], "contour_ap": found["ap"]}

    def sections(self) -> tuple[Section, ...]:
        """Precision against recall over the thresholds."""
        curves: tuple[Curve, ...] = ()
        if self._counts:
            precision, recall = (values.tolist() for values in rates(np.sum(self._counts, 0)))
            curves = (Curve("contours", tuple(recall[::-1]), tuple(precision[::-1])),)
        chart = Curves(
            title="Contours",
            curves=curves,
            x="recall, the share of the people's pixels that are found",
            y="precision, the share of found pixels that somebody drew",
            area="",
            lead=f"How precision falls as more contours are found, over 99 thresholds.{THINNED if self.crests else ''}",
            empty="No curve: no picture has contours.",
        )
        return (Section("Contours", (chart,)),)

    def headline(self) -> Headline:
        """``ods``, and how it varies with the pictures."""
        every = np.array(self._counts, np.float64).reshape(len(self._counts), 4, len(THRESHOLDS))

        def ods(counts: NDArray[np.int64]) -> Floats:
            total = np.tensordot(counts.astype(np.float64), every, 1)
            return best_f(total.transpose(1, 0, 2))

        return Headline(("ods", "ois"), resampling=Resampling(len(every), ods, work=every.size))

    def by_picture(self) -> PictureScores:
        """``contour_f1`` of each picture, at its own best threshold."""
        return PictureScores(self._ids, {"contour_f1": [float(f_measure(one).max()) for one in self._counts]})

    def state(self) -> State:
        """Identifiers, and (4, T) counts of each picture."""
        return self._ids, self._counts

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for ids, counts in states:
            self._ids.extend(ids)
            self._counts.extend(counts)
