"""Windows of a few sizes and shapes all over a picture: the search that looks at nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.ops.boxes.anchors import grid, ratio_bases


@dataclass(frozen=True)
class WindowSearch:
    """Overlapping windows, the largest first: what any other search must beat.

    Attributes:
        shares: Sizes, as shares of the picture's shorter side; square roots of areas.
        ratios: Heights over widths.
        step: Pixels between windows, as a share of their size.
        count: How many windows are given at most, or None for all.
    """

    shares: tuple[float, ...] = (0.9, 0.6, 0.4, 0.25, 0.15)
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    step: float = 0.5
    count: int | None = None

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) windows x1, y1, x2, y2 in pixels of a picture (C, H, W), cut at its border."""
        height, width = image.shape[-2:]
        found: list[Tensor] = []
        for share in self.shares:
            size = share * min(height, width)
            step = max(size * self.step, 1.0)
            places = (int((height - 1) // step) + 1, int((width - 1) // step) + 1)
            found.append(grid(ratio_bases([size], self.ratios, whole=False), places, (step, step)))
        boxes = torch.cat(found).clamp(min=0).minimum(torch.tensor([width, height] * 2).float())
        boxes = boxes[((boxes[:, 2:] - boxes[:, :2]) >= 1).all(1)]
        # Windows that the border cuts to the same rest stand once.
        _, back = torch.unique(boxes, dim=0, return_inverse=True)
        first = torch.full((int(back.max()) + 1,), len(boxes)).scatter_reduce(0, back, torch.arange(len(boxes)), "amin")
        return boxes[first.sort().values][: self.count]
