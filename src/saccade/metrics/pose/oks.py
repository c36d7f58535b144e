"""Object keypoint similarity: how well the joints of a prediction lie on those of an object, 0..1.

Source: COCO's keypoint evaluation (cocoapi, cocoeval.py): the mean over an object's annotated joints of
exp(-d² / (2 · area · (2 σ)²)), where σ says how far annotators stray, over the root of the area.

Legend: g predictions, m objects, K joints.
"""

import numpy as np

from saccade.metrics.pose.within import Flags, Floats


def oks(guess: Floats, truth: Floats, known: Flags, area: Floats, boxes: Floats, sigmas: Floats) -> Floats:
    """(g, m) similarities.

    An object without an annotated joint is a region to ignore: a joint counts as far as it lies outside the object's
    box, enlarged threefold.

    Args:
        guess: (g, K, 2) x, y in pixels.
        truth: (m, K, 2) x, y in pixels.
        known: (m, K) which joints are annotated, hidden ones too.
        area: (m,) pixels of each object, as annotated.
        boxes: (m, 4) x1, y1, x2, y2 of the objects.
        sigmas: (K,).
    """
    off = guess[:, None] - truth
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = (boxes[:, :2] - sides)[:, None], (boxes[:, 2:] + sides)[:, None]
    outside = np.maximum(low - guess[:, None], 0) + np.maximum(guess[:, None] - high, 0)
    ignored: Flags = ~np.logical_or.reduce(known, axis=1)
    far = (np.where(ignored[:, None, None], outside, off) ** 2).sum(-1)
    near = np.exp(-far / (2 * (2 * sigmas) ** 2) / (area[:, None] + np.spacing(1)))
    counted = known | ignored[:, None]
    return np.where(counted, near, 0).sum(-1) / np.maximum(counted.sum(-1), 1)
