"""What became of the boxes of each picture, at one threshold of the score.

Legend: N pictures.
"""

from dataclasses import replace

import numpy as np

from saccade.metrics.detect.matches import coco_matches
from saccade.metrics.detect.overlaps import Overlaps
from saccade.metrics.picture_scores import Value


def picture_columns(of: Overlaps, pictures: int, score: float, overlap: float = 0.5) -> dict[str, list[Value]]:
    """Columns of N values: ``objects`` that are sought, ``matched`` and ``missed`` ones, ``false`` predictions.

    Args:
        of: Predictions and objects.
        pictures: N.
        score: Predictions that score less are left out.
        overlap: Least intersection over union of a prediction and the object that it takes.
    """
    kept = replace(of, rows=of.rows._replace(judged=of.rows.judged & (of.rows.scores >= score)))
    matches = coco_matches(kept, overlap)
    objects = np.bincount(of.shown_in[matches.sought], minlength=pictures)
    matched = np.bincount(of.shown_in[matches.sought & matches.found], minlength=pictures)
    false = np.bincount(of.picture[matches.counts & (matches.taken < 0)], minlength=pictures)
    named = {"objects": objects, "matched": matched, "missed": objects - matched, "false": false}
    return {name: values.tolist() for name, values in named.items()}
