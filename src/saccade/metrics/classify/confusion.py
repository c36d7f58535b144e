"""The confusion matrix, and the scores that it alone determines.

A score that nothing determines, such as the recall of a class that no picture shows, is None and never NaN.

Legend: N pictures, C classes; rows of a confusion matrix are the truth, columns the predictions.
"""

import torch
from torch import Tensor

Column = list[float | None]


def confusion_matrix(predictions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """(C, C) int64 counts of pictures: rows by truth, columns by prediction.

    Args:
        predictions: (N,) int64 predicted classes, 0..C-1.
        labels: (N,) int64 true classes, 0..C-1.
        classes: C.
    """
    return torch.bincount(labels * classes + predictions, minlength=classes**2).view(classes, classes)


def error_rate(confusion: Tensor) -> float | None:
    """Share of wrong predictions, P(f(x) ≠ y); None without pictures."""
    total = int(confusion.sum())
    return 1 - int(confusion.trace()) / total if total else None


def balanced_error_rate(confusion: Tensor) -> float | None:
    """Mean over the classes that pictures show of P(f(x) ≠ y | y): every class counts alike, however rare."""
    recall = mean_defined(per_class(confusion)["recall"])
    return None if recall is None else 1 - recall


def per_class(confusion: Tensor) -> dict[str, Column]:
    """Columns ``support``, ``precision``, ``recall`` and ``f1``, each of C values.

    Precision is None for a class that was never predicted, recall for one that no picture shows, F1 where both hold.
    """
    right, true, predicted = (part.tolist() for part in (confusion.diagonal(), confusion.sum(1), confusion.sum(0)))
    return {
        "support": true,
        "precision": [ratio(r, g) for r, g in zip(right, predicted, strict=True)],
        "recall": [ratio(r, t) for r, t in zip(right, true, strict=True)],
        "f1": [ratio(2 * r, t + g) for r, t, g in zip(right, true, predicted, strict=True)],
    }


def ratio(part: float, whole: float) -> float | None:
    """`part` / `whole`, or None where `whole` is 0."""
    return part / whole if whole else None


def mean_defined(values: Column) -> float | None:
    """Mean of the values that are defined; None where none is."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
