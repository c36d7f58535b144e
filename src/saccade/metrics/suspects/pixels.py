"""Regions of pixels whose class a network contradicts.

Legend: (H, W) picture, S classes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.vocabulary import name_of
from saccade.metrics.suspects.arrays import Flags, Floats, Ints
from saccade.metrics.suspects.suspect import Suspect

IGNORE = 255
# Lines of so many pixels between two classes are where annotators and networks always differ, in shares of the longer
# side; regions of less than this share of the picture are specks.
BORDER, SPECK = 0.006, 0.0005
# A region of this share of the picture, or more, is suspicious in full.
LARGE = 0.01


class PixelSuspects:
    """Connected regions that the network gives to other classes, without what is as thin as borders are.

    Suspicious is the mean of p(other) - p(annotated) over the region's pixels, less for smaller regions.

    Args:
        classes: S names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._found: list[Suspect] = []

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Find the regions of a picture."""
        if prediction.semantic is None or truth.semantic is None:
            return
        said, annotated = prediction.semantic.numpy(), truth.semantic.numpy()
        known = annotated != IGNORE
        if truth.semantic_sought is not None:
            known &= np.isin(annotated, np.flatnonzero(truth.semantic_sought.numpy()))
            known &= np.isin(said, np.flatnonzero(truth.semantic_sought.numpy()))
        margin = _margin(prediction, truth)
        for region in _regions(known & (said != annotated)):
            size = float(region.sum() / region.size)
            was, now = (int(np.bincount(one[region].ravel()).argmax()) for one in (annotated, said))
            suspicion = float(margin[region].mean()) * min(size / LARGE, 1.0) ** 0.5
            rows, columns = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
            box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
            names = name_of(was, self.classes), name_of(now, self.classes)
            self._found.append(Suspect(picture, "pixels", max(suspicion, 0.0), *names, None, box))

    def suspects(self) -> Iterator[Suspect]:
        """Those of all pictures."""
        yield from self._found


def _margin(prediction: Annotation, truth: Annotation) -> Floats:
    """(H, W) by how much the network prefers its class to the annotated one; 1 where it gives no scores."""
    scores, annotated = prediction.semantic_scores, truth.semantic
    if scores is None or annotated is None:
        return np.ones(tuple((annotated if annotated is not None else torch.zeros(0, 0)).shape))
    own = scores.gather(0, _within(annotated, len(scores))[None])[0]
    return (scores.amax(0) - own).double().numpy()


def _within(annotated: Tensor, count: int) -> Tensor:
    return torch.where(annotated < count, annotated, torch.zeros_like(annotated))


def _regions(differing: Flags) -> Iterator[Flags]:
    """Connected regions, opened by a disk so that borders fall away."""
    from scipy import ndimage
    from skimage.morphology import disk

    radius = max(round(BORDER * max(differing.shape)), 1)
    opened = ndimage.binary_opening(differing, disk(radius))
    found: Any = ndimage.label(opened)
    labelled: Ints = np.asarray(found[0], np.int64)
    sizes = np.bincount(labelled.ravel())
    for number in range(1, len(sizes)):
        if sizes[number] >= max(SPECK * differing.size, 4):
            yield labelled == number
