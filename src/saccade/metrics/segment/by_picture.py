"""Pixels of each picture, counted by class: enough for its own scores, and for those of resampled pictures.

Legend: N pictures, R resamples, C classes.
"""

import numpy as np
from torch import Tensor

from saccade.metrics.headline import Counts, Floats, Resampling
from saccade.metrics.picture_scores import PictureScores, Value


class PixelsByPicture:
    """Of each picture the right, true and predicted pixels of each class.

    Args:
        classes: C.
        accuracy: Whether each pixel has one class, so that there is a share of pixels that are right.
    """

    def __init__(self, classes: int, *, accuracy: bool = True) -> None:
        self.classes, self.accuracy = classes, accuracy
        self._ids: list[str] = []
        self._rows: list[np.ndarray] = []

    def add(self, counts: Tensor, id: str) -> None:
        """Takes the (C, C + 1) counts of a picture: rows by truth, columns by prediction, the last of no class."""
        pixels = counts.numpy()
        known = pixels[:, :-1]
        self.add_counts(np.stack([known.diagonal(), pixels.sum(1), known.sum(0)]), id)

    def add_counts(self, counts: np.ndarray, id: str) -> None:
        """Takes the (3, C) right, true and predicted pixels of each class of a picture."""
        self._ids.append(id)
        self._rows.append(counts.astype(np.int32))

    def extend(self, other: "PixelsByPicture") -> None:
        """Takes the pictures of another process."""
        self._ids.extend(other._ids)
        self._rows.extend(other._rows)

    def scores(self) -> PictureScores:
        """``picture_iou``, the mean over the classes that truth or prediction show there, and ``picture_accuracy``."""
        found = self._all().astype(np.float64)
        columns = {"picture_iou": _plain(_mean_iou(found))}
        if self.accuracy:
            true = found[:, 1].sum(1)
            right = np.divide(found[:, 0].sum(1), true, out=np.full(len(true), np.nan), where=true > 0)
            columns["picture_accuracy"] = _plain(right)
        return PictureScores(tuple(self._ids), columns)

    def resampling(self) -> Resampling:
        """How the mean IoU varies with the pictures."""
        found = self._all()
        flat = found.reshape(len(found), 3 * self.classes).astype(np.float64)

        def scores(counts: Counts) -> Floats:
            return _mean_iou((counts @ flat).reshape(len(counts), 3, self.classes))

        return Resampling(len(found), scores, work=flat.size)

    def _all(self) -> np.ndarray:
        return np.stack(self._rows) if self._rows else np.zeros((0, 3, self.classes), np.int32)


def _mean_iou(pixels: Floats) -> Floats:
    """(n,) mean over the classes that are shown of the IoU, of (n, 3, C) right, true and predicted pixels."""
    right, union = pixels[:, 0], pixels[:, 1] + pixels[:, 2] - pixels[:, 0]
    shown = union > 0
    iou = np.divide(right, union, out=np.zeros_like(right), where=shown)
    return np.divide(iou.sum(1), shown.sum(1), out=np.full(len(iou), np.nan), where=shown.any(1))


def _plain(values: Floats) -> list[Value]:
    return [None if np.isnan(value) else float(value) for value in values]
