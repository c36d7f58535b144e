"""Which predictions are right, by COCO's rule and by VOC's.

Legend: g predictions, m objects, C classes.
"""

from dataclasses import dataclass

import numpy as np

from saccade.metrics.detect.assign import Ints, best_of_each, in_turn
from saccade.metrics.detect.overlaps import Flags, Overlaps
from saccade.metrics.detect.ranked import Ranked, by_class


@dataclass(frozen=True)
class Matches:
    """What became of each prediction and each object.

    Attributes:
        taken: (g,) the object that a prediction found, -1 where it found none.
        counts: (g,) whether a prediction counts at all.
        sought: (m,) whether an object counts at all.
    """

    taken: Ints
    counts: Flags
    sought: Flags

    @property
    def found(self) -> Flags:
        """(m,) whether a prediction found the object."""
        found = np.zeros(len(self.sought), bool)
        found[self.taken[self.taken >= 0]] = True
        return found

    def ranked(self, of: Overlaps, classes: int) -> list[Ranked]:
        """The predictions of each of C classes by falling score."""
        objects = np.bincount(of.rows.classes[self.sought], minlength=classes)[:classes]
        rows, chosen = of.rows, self.counts
        return by_class(rows.labels[chosen], rows.scores[chosen], self.taken[chosen] >= 0, objects)


def coco_matches(of: Overlaps, overlap: float = 0.5) -> Matches:
    """Each prediction in turn takes the free object of its class that it overlaps most, by at least `overlap`.

    Crowds are not sought, and predictions in them that find no object do not count; nor do predictions beyond the 100
    best of a class in a picture, and those of classes that were not sought there.
    """
    fit = of.same_class & ~of.of_crowd & (of.rows.iou >= overlap) & of.counted[of.rows.prediction]
    taken = in_turn(of.pairs(fit), of.rank, len(of.rows.crowd))
    spared = (taken < 0) & of.in_crowds(overlap)
    return Matches(taken, of.counted & ~spared, ~of.rows.crowd)


def voc_matches(of: Overlaps, overlap: float = 0.5) -> Matches:
    """Each prediction aims at the object of its class that it overlaps most; the best-scored one that does finds it.

    Difficult objects and crowds are not sought, and predictions that aim at them do not count; nor do predictions that
    lie in a region to ignore and find no object, and those of classes that were not sought in the picture.
    """
    target, value = best_of_each(of.pairs(of.same_class), len(of.rows.scores))
    spared = np.append(of.rows.crowd | of.rows.difficult, False)
    hits = (target >= 0) & (value >= overlap)
    aiming = np.flatnonzero(hits & ~spared[target])
    aiming = aiming[np.argsort(of.rank[aiming], kind="stable")]
    first = aiming[np.unique(target[aiming], return_index=True)[1]]
    taken = np.full(len(target), -1)
    taken[first] = target[first]
    aside = (hits & spared[target]) | ((taken < 0) & of.in_ignored(overlap))
    return Matches(taken, of.rows.judged & ~aside, ~spared[:-1])
