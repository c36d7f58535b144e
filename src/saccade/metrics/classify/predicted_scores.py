"""What classifiers predicted, kept whole: 4 bytes a class and picture, because ROC and average precision are exact.

Legend: N pictures, C classes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.metrics.classify.ranking import finite

State = tuple[Tensor, Tensor, list[str]]


class PredictedScores:
    """Scores and true labels of all pictures taken so far.

    Args:
        classes: C.
        labels: Shape of the labels of no pictures: (0,) for one class a picture, (0, C) for many.

    Attributes:
        ids: Names of the pictures.
    """

    def __init__(self, classes: int, labels: tuple[int, ...]) -> None:
        self._scores = [torch.zeros(0, classes)]
        self._labels = [torch.zeros(labels, dtype=torch.int64)]
        self.ids: list[str] = []

    def add(self, scores: Tensor, labels: Tensor, ids: Sequence[str]) -> None:
        """Takes scores (n, C), labels (n, …) and names of n pictures."""
        self.ids.extend(ids)
        self._scores.append(scores)
        self._labels.append(labels)

    def state(self) -> State:
        """Scores, labels and names, to be sent to another process."""
        return *self.all(), self.ids

    def all(self) -> tuple[Tensor, Tensor]:
        """Scores (N, C) and labels (N, …) of all pictures."""
        self._scores = [torch.cat(self._scores)]  # joined once: to ask again costs nothing
        self._labels = [torch.cat(self._labels)]
        return self._scores[0], self._labels[0]


def scores_of(prediction: Annotation, classes: int) -> Tensor:
    """(C,) float32 scores of one picture, without NaN.

    Raises:
        ConfigError: There are not as many scores as classes.
    """
    scores = finite(torch.as_tensor(prediction.label_scores))
    if scores.shape != (classes,):
        raise ConfigError(
            f"scores of {classes} classes",
            f"an array of shape {tuple(scores.shape)}",
            cure="evaluate on data with the classes that the system was built for",
        )
    return scores
