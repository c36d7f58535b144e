"""Objects that a network contradicts: of another class, missing, not there, or in a box or mask that does not fit.

Scores become probabilities by the network's own record on these pictures. What a box or mask should fit by is what it
usually does: the tenth of a class that fits worst begins to be suspicious, and an overlap of half is wholly so.

Legend: g predictions, m objects of a picture.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from saccade.core.annotation import Annotation
from saccade.core.vocabulary import name_of
from saccade.metrics.suspects.arrays import Flags, Floats, Ints
from saccade.metrics.suspects.calibration import ENOUGH, probabilities
from saccade.metrics.suspects.loose_boxes import loose_boxes
from saccade.metrics.suspects.object_rows import SAME, ObjectRows, object_rows
from saccade.metrics.suspects.suspect import Box, Kind, Suspect

# The share of the fits of a class that is taken as its usual worst.
WORST = 0.1
# The share of a class's annotations that is expected to mark nothing. Networks overlook far more objects than people
# make up, so that to be overlooked is suspicious only where it is rare.
MADE_UP = 0.02


class Usual(NamedTuple):
    """What is usual of each class.

    Attributes:
        box: (C,) IoU that a tenth of the boxes that are found fall below.
        outline: (C,) that of masks, NaN without any.
        found: (C,) share of the objects that a prediction finds.
    """

    box: Floats
    outline: Floats
    found: Floats


class ObjectSuspects:
    """Suspects among objects; of each object the most suspicious fault.

    Args:
        classes: C names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._places: list[int] = []
        self._rows: list[ObjectRows] = []

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Keep what is said of a picture's objects, and what is annotated."""
        if truth.instances is None or truth.instances.boxes is None:
            return
        self._places.append(picture)
        self._rows.append(object_rows(prediction, truth))

    def suspects(self) -> Iterator[Suspect]:
        """Those of all pictures."""
        if not self._rows:
            return
        right = [rows.right() for rows in self._rows]
        scores, labels = (np.concatenate([getattr(r, n) for r in self._rows]) for n in ("scores", "guess_labels"))
        sure = probabilities(scores, np.concatenate(right), labels)
        usual = self._usual(right)
        ends = np.cumsum([0, *(len(rows.scores) for rows in self._rows)]).tolist()
        for place, rows, (first, last) in zip(self._places, self._rows, pairwise(ends), strict=True):
            yield from _Picture(place, rows, sure[first:last], usual, self.classes).suspects()

    def _usual(self, right: Sequence[Flags]) -> Usual:
        """What is usual, of classes of few objects what is of all together."""
        box, outline, labels, objects = list[Floats](), list[Floats](), list[Ints](), list[Ints]()
        for rows, own in zip(self._rows, right, strict=True):
            fits = np.where(rows.same_class & rows.counts, rows.overlap, 0)[own]
            best = fits.argmax(1) if fits.size else np.zeros(0, np.int64)
            box.append(fits.max(1) if fits.size else np.zeros(0))
            outline.append(rows.outline[own, best] if fits.size else np.zeros(0))
            labels.append(rows.guess_labels[own])
            objects.append(rows.labels[rows.counts])
        found, known = np.concatenate(labels), np.concatenate(objects)
        count = max(len(self.classes), *(int(ls.max()) + 1 for ls in (found, known) if len(ls)), 1)
        return Usual(
            _by_class(np.concatenate(box), found, count),
            _by_class(np.concatenate(outline), found, count),
            np.array([_share(found, known, label) for label in range(count)]),
        )


def _by_class(fits: Floats, labels: Ints, count: int) -> Floats:
    """(count,) the tenth of the fits of each class; of a class of few that of all."""
    known = ~np.isnan(fits)
    whole = float(np.quantile(fits[known], WORST)) if known.any() else np.nan
    own = (fits[known & (labels == label)] for label in range(count))
    return np.array([float(np.quantile(one, WORST)) if len(one) >= ENOUGH else whole for one in own])


def _share(found: Ints, known: Ints, label: int) -> float:
    """How many of a class's objects are found; of a class of few how many of all."""
    own = int((known == label).sum())
    if own >= ENOUGH:
        return float((found == label).sum() / own)
    return len(found) / len(known) if len(known) else 0.0


class _Picture:
    """One picture: its predictions (g,) with how sure they are, and its objects (m,)."""

    def __init__(self, place: int, rows: ObjectRows, sure: Floats, usual: Usual, classes: tuple[str, ...]) -> None:
        self.place, self.rows, self.usual, self.classes = place, rows, usual, classes
        self.sure = np.where(rows.sought, sure, 0.0)
        self.loose = loose_boxes(rows, self.sure)

    def suspects(self) -> Iterator[Suspect]:
        """The worst fault of each object, and what is missing."""
        for row in np.flatnonzero(self.rows.counts).tolist():
            yield max(self._of_object(row), key=lambda one: one.suspicion)
        yield from self._missing()

    def _of_object(self, row: int) -> Iterator[Suspect]:
        """All faults that an object may have."""
        rows, label = self.rows, int(self.rows.labels[row])
        same, over = rows.same_class[:, row], rows.overlap[:, row]
        there = over >= SAME
        own, other = self._best(there & same), self._best(there & ~same)
        own_sure, other_sure = self._sure(own), self._sure(other)
        if other is not None:
            guessed = self._name(int(rows.guess_labels[other]))
            yield self._suspect("class", other_sure * (1 - own_sure), row, guessed)
        loose = self._best(self.loose == row)
        loose_sure = self._sure(loose) * (1 - own_sure)
        if loose is not None:
            yield self._suspect("box", loose_sure, row, _at(rows.guess_boxes[loose]))
        if own is not None:
            misfit = _misfit(over[own], self.usual.box[label])
            yield self._suspect("box", own_sure * misfit, row, _at(rows.guess_boxes[own]))
            outline = rows.outline[own, row]
            if not np.isnan(outline):
                expected = f"a mask that overlaps this one by {outline:.2f}"
                misfit = _misfit(float(outline), self.usual.outline[label])
                yield self._suspect("mask", own_sure * misfit, row, expected)
        lonely = (1 - max(own_sure, other_sure, loose_sure)) * _made_up(self.usual.found[label])
        yield self._suspect("nothing there", lonely, row, f"no {self._name(label)}")

    def _missing(self) -> Iterator[Suspect]:
        """Predictions that speak of no object that is annotated; of those of one place the surest."""
        rows, told = self.rows, list[int]()
        most = rows.overlap.max(1) if rows.overlap.size else np.zeros(len(rows.scores))
        for guess in np.argsort(-self.sure, kind="stable").tolist():
            if most[guess] >= SAME or self.loose[guess] >= 0 or self.sure[guess] == 0:
                continue
            box = rows.guess_boxes[guess]
            if any(_iou(box, rows.guess_boxes[other]) >= SAME for other in told):
                continue
            told.append(guess)
            suspicion, name = self.sure[guess] * (1 - most[guess]), self._name(int(rows.guess_labels[guess]))
            yield Suspect(self.place, "missing", float(suspicion), f"no {name}", name, None, _plain(box))

    def _best(self, chosen: Flags) -> int | None:
        return int(np.where(chosen, self.sure, -1).argmax()) if chosen.any() else None

    def _sure(self, guess: int | None) -> float:
        return 0.0 if guess is None else float(self.sure[guess])

    def _name(self, label: int) -> str:
        return name_of(label, self.classes)

    def _suspect(self, kind: Kind, suspicion: float, row: int, expected: str) -> Suspect:
        box = self.rows.boxes[row]
        found = self._name(int(self.rows.labels[row]))
        if kind == "box":
            found = f"{found} {_at(box)}"
        return Suspect(self.place, kind, float(suspicion), found, expected, row, _plain(box))


def _made_up(found: float) -> float:
    """How probably an object marks nothing that no prediction finds, of a class of which a share `found` is found.

    An even chance at the most: where a network finds nearly everything, what it overlooks is what is hard to find, such
    as what the border of the picture cuts, and no more of it is made up for that.
    """
    return found * MADE_UP / max(1 - found, 2 * MADE_UP)


def _misfit(overlap: float, usual: float) -> float:
    """0 for what fits as usual, 1 for an overlap of half or less, of classes whose boxes usually fit better."""
    if not usual > SAME:
        return 0.0
    return min(max((usual - overlap) / (usual - SAME), 0.0), 1.0)


def _iou(first: Floats, second: Floats) -> float:
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    whole = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2])) - both
    return both / whole if whole > 0 else 0.0


def _at(box: Floats) -> str:
    return "at " + ", ".join(f"{side:.0f}" for side in box)


def _plain(box: Floats) -> Box:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
