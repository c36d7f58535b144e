"""Rows of objects from plain lists."""

from collections.abc import Sequence

import torch

from saccade.core.annotation import Instances


def rows(
    boxes: Sequence[Sequence[float]],
    labels: Sequence[int],
    scores: Sequence[float] | None = None,
    crowd: Sequence[bool] | None = None,
) -> Instances:
    """Objects (n,): boxes x1, y1, x2, y2 in pixels, and what else is said of each."""
    return Instances(
        boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.tensor(labels, dtype=torch.int64),
        scores=None if scores is None else torch.tensor(scores),
        crowd=None if crowd is None else torch.tensor(crowd, dtype=torch.bool),
    )
