"""What a window head says of every window, and how it is read, window by window.

Legend: B pictures, S scales, C classes, (h, w) windows of a scale, n windows in a row.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.export import register_dataclass

from saccade.ops.boxes.assign import centred


@dataclass(frozen=True)
class WindowScores:
    """Raw output of a window head, scale by scale.

    Attributes:
        logits: S times (B, C, h, w) scores before the softmax.
        codes: S times (B, 4, h, w) or (B, 4 · C, h, w): edges x1, y1, x2, y2 over the window's sides, from its corner.
        windows: S times (B, h, w, 4) x1, y1, x2, y2 in input pixels.
        sizes: (B, 2) int64, height and width of each picture in input pixels.
    """

    logits: list[Tensor]
    codes: list[Tensor]
    windows: list[Tensor]
    sizes: Tensor


register_dataclass(WindowScores, serialized_type_name="saccade.WindowScores")


def absolute(codes: Tensor, windows: Tensor) -> Tensor:
    """(n, 4) boxes in input pixels of edges (n, 4) over their windows' sides."""
    side = windows[:, 2:] - windows[:, :2]
    return windows[:, :2].repeat(1, 2) + codes.float() * side.repeat(1, 2)


def seen(logits: Tensor, codes: Tensor, windows: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """The windows whose centre lies on the picture (H, W) and not in its batch's padding; the first one always."""
    shown = centred(windows, windows.new_tensor(size))
    shown[0] = True
    return logits[shown], codes[shown], windows[shown]


def flat(raw: WindowScores, picture: int) -> tuple[Tensor, Tensor, Tensor]:
    """(n, C) logits, (n, 1 or C, 4) codes and (n, 4) windows of one picture, over all scales."""
    size = (int(raw.sizes[picture, 0]), int(raw.sizes[picture, 1]))
    scales = [seen(*flat_scale(raw, scale, picture), size) for scale in range(len(raw.logits))]
    logits, codes, windows = zip(*scales, strict=True)
    return torch.cat(logits), torch.cat(codes), torch.cat(windows)


def flat_scale(raw: WindowScores, scale: int, picture: int) -> tuple[Tensor, Tensor, Tensor]:
    """(n, C) logits, (n, 1 or C, 4) codes and (n, 4) windows of one picture and scale, padding included."""
    logits, codes, windows = raw.logits[scale][picture], raw.codes[scale][picture], raw.windows[scale][picture]
    boxes = codes.flatten(1).T
    return logits.flatten(1).T, boxes.view(len(boxes), -1, 4), windows.reshape(-1, 4)
