"""Which prediction finds an object whose annotated box is drawn badly.

Legend: g predictions, m objects of a picture.
"""

import numpy as np

from saccade.metrics.suspects.arrays import Floats, Ints
from saccade.metrics.suspects.object_rows import SAME, ObjectRows

# Boxes that overlap by less speak of different objects.
NEAR = 0.05
# How surely an object is found by a prediction of its class for its box to be taken for drawn well.
FOUND = 0.5


def loose_boxes(rows: ObjectRows, sure: Floats) -> Ints:
    """(g,) the object that each prediction would draw elsewhere, -1 of none.

    A prediction that finds no annotated box speaks of one that it overlaps a little and that no other finds, where
    there is one: objects stand close together, so that it may overlap others more, which are found. Each object has one
    such prediction, the surest and nearest pair first.

    Args:
        rows: A picture's predictions and objects.
        sure: (g,) probabilities that predictions are right.
    """
    spoken_of = np.full(len(sure), -1)
    if not rows.overlap.size:
        return spoken_of
    alike = rows.same_class & rows.counts
    finds = alike & (rows.overlap >= SAME)
    lost = np.where(finds, sure[:, None], 0).max(0) < FOUND
    near = alike & (rows.overlap >= NEAR) & lost & ~finds.any(1, keepdims=True)
    pairs = np.where(near, rows.overlap * sure[:, None], 0)
    while pairs.max() > 0:
        guess, row = np.unravel_index(pairs.argmax(), pairs.shape)
        spoken_of[guess] = row
        pairs[guess], pairs[:, row] = 0, 0
    return spoken_of
