"""What detectors of windows learn from: the windows of all scales in a row, and what each should say.

Legend: B pictures, C classes, m windows of all scales, n objects, K boxes of a window: 1 or C.
"""

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.dense_boxes import crowds
from saccade.heads.main_object import real_objects
from saccade.heads.window_scores import WindowScores
from saccade.ops.match import Matcher, labels_of, match_among


def in_a_row(raw: WindowScores) -> tuple[Tensor, Tensor, Tensor]:
    """(B, m, C + 1) logits, (B, m, K, 4) codes and (m, 4) windows, of all scales."""
    logits = torch.cat([scale.flatten(2) for scale in raw.logits], 2).transpose(1, 2).float()
    codes = torch.cat([scale.flatten(2) for scale in raw.codes], 2).transpose(1, 2).float()
    windows = torch.cat([scale[0].reshape(-1, 4) for scale in raw.windows])
    return logits, codes.unflatten(2, (-1, 4)), windows


def shown_by(windows: Tensor, size: Tensor, truth: Annotation, matcher: Matcher) -> tuple[Tensor, Tensor, Tensor]:
    """What each window of one picture shows.

    Windows whose centre lies in the batch's padding count as `BETWEEN`, and so do those of background in crowds.

    Args:
        windows: (m, 4) in input pixels.
        size: (2,) height and width of the picture in them.
        truth: Its objects.
        matcher: Which window shows which.

    Returns:
        (m,) rows of the objects or `BACKGROUND` or `BETWEEN`, (m,) classes or -1, and (n, 4) the objects' boxes.
    """
    rows = real_objects(truth)
    objects = windows.new_zeros(0, 4) if rows.boxes is None else rows.boxes.to(windows)
    centres = (windows[:, :2] + windows[:, 2:]) / 2
    on_picture = (centres < size.flip(0).to(windows)).all(1)
    matches = match_among(matcher, objects, windows, crowds(truth).to(windows), on_picture)
    return matches, labels_of(matches, rows.labels), objects


def mean_of(values: Tensor, counts: Tensor) -> Tensor:
    """The mean over pictures of the mean of values (B, m) where `counts` says so; 0 for a picture without any."""
    return ((values * counts).sum(1) / counts.sum(1).clamp(min=1)).mean()
