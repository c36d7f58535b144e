"""Each prediction in turn takes the best object that is left, all pictures at once.

That predictions choose one after the other, the best score first, is a stable matching in which all objects like the
predictions alike, and there is only one such matching (Gale and Shapley 1962). So it is found by rounds of offers, each
round one step of array arithmetic, in place of one step a prediction.

Legend: g predictions, m objects, p pairs of a prediction and an object that it may take.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Pairs(NamedTuple):
    """Predictions and the objects that they may take.

    Attributes:
        prediction: (p,) positions of predictions.
        object: (p,) positions of objects.
        overlap: (p,) how well they lie on each other.
    """

    prediction: Ints
    object: Ints
    overlap: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_]) -> "Pairs":
        """The chosen pairs."""
        return Pairs(self.prediction[chosen], self.object[chosen], self.overlap[chosen])


def in_turn(pairs: Pairs, rank: Ints, objects: int) -> Ints:
    """(g,) the object that each prediction takes, -1 where none is left for it.

    A prediction takes the free object that it overlaps most; of equal overlaps the later object, as COCO's evaluation
    does.

    Args:
        pairs: What may be taken.
        rank: (g,) place of each prediction in the order of turns, each place once.
        objects: m.
    """
    order = np.lexsort((-pairs.object, -pairs.overlap, pairs.prediction))
    prediction, wanted = pairs.prediction[order], pairs.object[order]
    next_offer = np.searchsorted(prediction, np.arange(len(rank)))
    last = np.searchsorted(prediction, np.arange(len(rank)), side="right")
    by_rank = np.argsort(rank)
    best = np.full(objects, len(rank))  # the rank that each object is promised to
    asking = np.flatnonzero(next_offer < last)
    while len(asking):
        asked = wanted[next_offer[asking]]
        before = best[asked]
        np.minimum.at(best, asked, rank[asking])
        refused = asking[rank[asking] != best[asked]]
        promised = np.unique(before[(before < len(rank)) & (before != best[asked])])
        asking = np.concatenate([refused, by_rank[promised]])
        next_offer[asking] += 1
        asking = asking[next_offer[asking] < last[asking]]
    taken = np.full(len(rank), -1)
    held = np.flatnonzero(best < len(rank))
    taken[by_rank[best[held]]] = held
    return taken


def best_of_each(pairs: Pairs, predictions: int) -> tuple[Ints, NDArray[np.float64]]:
    """(g,) the object that each prediction overlaps most, -1 without one, and that overlap; the first of equal ones."""
    order = np.lexsort((pairs.object, -pairs.overlap, pairs.prediction))
    prediction, wanted, overlap = pairs.prediction[order], pairs.object[order], pairs.overlap[order]
    first = np.flatnonzero(np.diff(prediction, prepend=-1))
    target, value = np.full(predictions, -1), np.zeros(predictions)
    target[prediction[first]], value[prediction[first]] = wanted[first], overlap[first]
    return target, value
