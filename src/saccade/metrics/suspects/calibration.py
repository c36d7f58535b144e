"""How often a network is right that scores so: its scores, whatever they are, become probabilities.

Source: Zadrozny and Elkan 2002, Transforming classifier scores into accurate multiclass probability estimates: isotonic
regression. A few wrong annotations count as errors of the network, and lower it by no more than their share.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.metrics.suspects.arrays import Flags, Floats

# Fewer scores than this say nothing of one class: those of all classes together do.
ENOUGH = 40


def probabilities(scores: Floats, right: Flags, labels: NDArray[np.int64]) -> Floats:
    """(g,) how probably each prediction is right, given its score and class.

    Args:
        scores: (g,) of all predictions.
        right: (g,) whether an annotation agrees.
        labels: (g,) classes.
    """
    found = _rising(scores, right)
    for label in np.unique(labels).tolist():
        own = labels == label
        if own.sum() >= ENOUGH:
            found[own] = _rising(scores[own], right[own])
    return found


def _rising(scores: Floats, right: Flags) -> Floats:
    if not len(scores):
        return np.zeros(0)
    from sklearn.isotonic import IsotonicRegression

    rule: Any = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    return np.asarray(rule.fit_transform(scores, right.astype(np.float64)), np.float64)
