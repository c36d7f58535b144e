"""Scored boxes of several pictures, as many rows of each.

Rows that are padding score -inf. So a table has a size that no score decides, as a graph wants it (`torch.export`).

Legend: B pictures, n rows of each, padding included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

NOTHING = -torch.inf


@dataclass(frozen=True)
class Candidates:
    """Boxes with one class each; of a single picture by itself the first axis is missing.

    Attributes:
        boxes: (B, n, 4) x1, y1, x2, y2 in pixels.
        scores: (B, n), -inf where there is no box.
        labels: (B, n) int64.
        groups: (B, n) int64, within which boxes suppress each other.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    groups: Tensor

    @property
    def shown(self) -> Tensor:
        """(B, n) bool, whether there is a box."""
        return self.scores > NOTHING

    @property
    def columns(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All that is known of the boxes."""
        return self.boxes, self.scores, self.labels, self.groups

    def take(self, rows: Tensor) -> "Candidates":
        """The rows (B, k) of each picture."""
        return Candidates(*(taken(column, rows) for column in self.columns))

    def padded(self, number: int) -> "Candidates":
        """The same, and `number` rows of padding after them."""
        boxes = F.pad(self.boxes, (0, 0, 0, number))
        labels, groups = (F.pad(column, (0, number)) for column in (self.labels, self.groups))
        return Candidates(boxes, F.pad(self.scores, (0, number), value=NOTHING), labels, groups)

    def each(self) -> list["Candidates"]:
        """Those of each picture, without padding."""
        pictures = zip(*self.columns, strict=True)
        return [
            Candidates(*(column[scores > NOTHING] for column in (boxes, scores, labels, groups)))
            for boxes, scores, labels, groups in pictures
        ]


def joined(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of several maps, one after another; `parts` must not be empty."""
    boxes, *others = zip(*(part.columns for part in parts), strict=True)
    return Candidates(torch.cat(boxes, -2), *(torch.cat(column, -1) for column in others))


def taken(values: Tensor, rows: Tensor) -> Tensor:
    """(B, k, …) of values (B, n, …): of each picture the rows (B, k)."""
    wide = rows.view(*rows.shape, *[1] * (values.dim() - 2)).expand(-1, -1, *values.shape[2:])
    return values.gather(1, wide)
