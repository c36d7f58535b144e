"""What detectors of windows learn from: the windows of all scales in a row, and the mean over those that count.

Legend: B pictures, C classes, m windows of all scales, K boxes of a window: 1 or C.
"""

import torch
from torch import Tensor

from saccade.heads.windows.window_scores import WindowScores


def in_a_row(raw: WindowScores) -> tuple[Tensor, Tensor, Tensor]:
    """(B, m, C + 1) logits, (B, m, K, 4) codes and (m, 4) windows, of all scales."""
    logits = torch.cat([scale.flatten(2) for scale in raw.logits], 2).transpose(1, 2).float()
    codes = torch.cat([scale.flatten(2) for scale in raw.codes], 2).transpose(1, 2).float()
    windows = torch.cat([scale[0].reshape(-1, 4) for scale in raw.windows])
    return logits, codes.unflatten(2, (-1, 4)), windows


def mean_of(values: Tensor, counts: Tensor) -> Tensor:
    """The mean over pictures of the mean of values (B, m) where `counts` says so; 0 for a picture without any."""
    return ((values * counts).sum(1) / counts.sum(1).clamp(min=1)).mean()
