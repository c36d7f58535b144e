"""How well proposals cover the objects, whatever their class.

Sources: Hosang et al. 2015, What makes for effective detection proposals, section 3.1; Uijlings et al. 2013, Selective
search, section 5.1 (ABO and MABO); COCO's own average recall.

Legend: n objects of all pictures, P pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.detect.outlines import no_outlines, outlines_of, overlap_matrix
from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.rle import Rle

# COCO's thresholds; a small addend lets an overlap of exactly .6 pass .6.
THRESHOLDS = torch.arange(10) * 0.05 + 0.5
_SLACK = 1e-6
COUNTS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)


@dataclass(frozen=True)
class Coverage:
    """Each object's best overlap with the first so many proposals.

    Attributes:
        counts: How many proposals of a picture are looked at.
        overlaps: (counts, n).
        labels: (n,) the objects' classes; -1 where there is none.
    """

    counts: tuple[int, ...]
    overlaps: Tensor
    labels: Tensor

    def recall(self, threshold: float = 0.5) -> list[float | None]:
        """Share of the objects that are covered by at least `threshold`, for each count; None without objects."""
        return _means((self.overlaps >= threshold - _SLACK).double())

    def average_recall(self) -> list[float | None]:
        """Twice the area below the recall between overlaps of .5 and 1, for each count (Hosang et al.)."""
        return _means(2 * (self.overlaps.double() - 0.5).clamp(min=0))

    def coco_recall(self) -> list[float | None]:
        """Mean of the recalls at overlaps of .5, .55 … .95, for each count."""
        return _means((self.overlaps[..., None] >= THRESHOLDS - _SLACK).double().mean(-1))

    def best_overlap(self, place: int = -1) -> dict[int, float]:
        """ABO: mean best overlap of each class's objects, for the count at `place`."""
        found = self.overlaps[place].double()
        return {int(label): float(found[self.labels == label].mean()) for label in self.labels.unique()}

    def mean_best_overlap(self, place: int = -1) -> float | None:
        """MABO: the mean of ABO over classes; None without objects."""
        found = self.best_overlap(place)
        return sum(found.values()) / len(found) if found else None


def coverage(proposals: Sequence[Tensor], truth: Sequence[Annotation], counts: Sequence[int] = COUNTS) -> Coverage:
    """How well the boxes of proposals cover objects; crowds and difficult ones are left out.

    Args:
        proposals: P times (r, 4), best first.
        truth: P annotations.
        counts: How many proposals of a picture are looked at.
    """
    found: list[tuple[Tensor, Instances]] = []
    for boxes, one in zip(proposals, truth, strict=True):
        rows = _wanted(one)
        if rows.boxes is not None and len(rows):
            found.append((iou_matrix(boxes.float(), rows.boxes), rows))
    return _covered(found, counts)


def mask_coverage(
    proposals: Sequence[Sequence[Rle]], truth: Sequence[Annotation], counts: Sequence[int] = COUNTS
) -> Coverage:
    """How well the masks of proposals cover those of objects; objects without one are left out, too.

    Args:
        proposals: P times r masks of the picture's own pixels, best first.
        truth: P annotations.
        counts: How many proposals of a picture are looked at.
    """
    found: list[tuple[Tensor, Instances]] = []
    for masks, one in zip(proposals, truth, strict=True):
        rows = _wanted(one)
        rows = rows[rows.has_mask]
        if len(rows):
            outlines = no_outlines(len(masks))
            outlines[:] = masks
            found.append((torch.from_numpy(overlap_matrix(outlines, outlines_of(rows)[0])).float(), rows))
    return _covered(found, counts)


def _covered(found: Sequence[tuple[Tensor, Instances]], counts: Sequence[int]) -> Coverage:
    """Coverage by overlaps (r, m) of each picture's proposals with its objects, and these."""
    columns: list[Tensor] = [torch.zeros(len(counts), 0)]
    labels: list[Tensor] = [torch.zeros(0, dtype=torch.int64)]
    for overlap, rows in found:
        none = torch.zeros(len(rows))
        columns.append(torch.stack([overlap[:count].amax(0) if len(overlap) else none for count in counts]))
        labels.append(torch.full((len(rows),), -1) if rows.labels is None else rows.labels)
    return Coverage(tuple(counts), torch.cat(columns, 1), torch.cat(labels))


def _wanted(shown: Annotation) -> Instances:
    """The objects that should be covered."""
    rows = shown.instances
    if rows is None or rows.boxes is None:
        return Instances(boxes=torch.zeros(0, 4))
    keep = torch.ones(len(rows), dtype=torch.bool)
    for left_out in (rows.crowd, rows.difficult):
        keep = keep if left_out is None else keep & ~left_out
    return rows[keep]


def _means(values: Tensor) -> list[float | None]:
    if not values.shape[1]:
        return [None] * len(values)
    return [float(value) for value in values.mean(1)]
