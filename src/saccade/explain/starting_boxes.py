"""Where a detector's boxes start from, and what a picture's objects ask of them.

Papers: Ren et al. 2015, Faster R-CNN, arXiv 1506.01497, section 3.1 (anchors); Liu et al. 2016, SSD, arXiv 1512.02325,
section 2.2 (default boxes); Girshick et al. 2014, R-CNN, arXiv 1311.2524, appendix C (what a box must learn).

Legend: L maps, (h, w) positions of a map, A boxes a position, m boxes of all maps, n objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.regions.region_head import RegionHead
from saccade.network.system import System
from saccade.ops.boxes.match import BETWEEN


@dataclass(frozen=True)
class StartingBoxes:
    """The boxes of one map.

    Attributes:
        name: The map.
        boxes: (h, w, A, 4) x1, y1, x2, y2 in the batch's pixels, which they may leave.
    """

    name: str
    boxes: Tensor

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self.boxes.shape[0], self.boxes.shape[1]

    @property
    def count(self) -> int:
        """Boxes of all positions."""
        return self.boxes.shape[:3].numel()

    def at(self, row: int, column: int) -> Tensor:
        """(A, 4) the boxes of one position."""
        return self.boxes[row, column]

    @property
    def middle(self) -> Tensor:
        """(A, 4) those of the middle position."""
        return self.at(self.positions[0] // 2, self.positions[1] // 2)


@dataclass(frozen=True)
class BoxTargets:
    """What the objects of a picture ask of the boxes of one map.

    Attributes:
        name: The map.
        boxes: (m, 4) the map's boxes in the batch's pixels, position by position.
        rows: (m,) int64 row of the object that a box answers for, or `BACKGROUND`, or `BETWEEN`: left out.
        goals: (m, 4) that object's box; a box's own where there is none.
        codes: (m, 4) what a box must say to become it: shift across and down in its own sides, logarithm of the change
            of width and height, each over the head's spread; 0 where there is no object.
    """

    name: str
    boxes: Tensor
    rows: Tensor
    goals: Tensor
    codes: Tensor

    @property
    def answering(self) -> Tensor:
        """(k,) places of the boxes that answer for an object."""
        return (self.rows >= 0).nonzero()[:, 0]

    @property
    def left_out(self) -> int:
        """Boxes that are neither an object's nor background."""
        return int((self.rows == BETWEEN).sum())


def dense_head(system: System) -> DenseBoxHead | None:
    """The head whose boxes start from anchors: of the whole picture, or of a region head's proposals; None: no head."""
    for _, head in system.each_head():
        found = head.propose if isinstance(head, RegionHead) else head
        if isinstance(found, DenseBoxHead):
            return found
    return None


@torch.no_grad()
def starting_boxes(system: System, batch: Batch) -> list[StartingBoxes]:
    """The boxes that a detector starts from, map by map; none of a system whose boxes start from nothing.

    Args:
        system: The network, in evaluation mode.
        batch: Pictures on its device.
    """
    head = dense_head(system)
    if head is None:
        return []
    maps = system.maps(batch)
    shapes = [(maps[name].shape[-2], maps[name].shape[-1]) for name in head.reads]
    levels = head.anchors(shapes, maps.padded)
    return [
        StartingBoxes(name, boxes.view(*shape, -1, 4).cpu())
        for name, boxes, shape in zip(head.reads, levels, shapes, strict=True)
    ]


def box_targets(system: System, batch: Batch, truth: Annotation) -> list[BoxTargets]:
    """What a picture's objects ask of the boxes that a detector starts from, map by map, by the head's own rules.

    Args:
        system: The network, in evaluation mode.
        batch: One picture on its device.
        truth: Objects in the batch's pixels: boxes, and labels where the system tells classes.
    """
    head, levels = dense_head(system), starting_boxes(system, batch)
    if head is None:
        return []
    boxes = torch.cat([level.boxes.flatten(0, 2) for level in levels])
    found, codes = head.targets(boxes, batch.sizes[:1].cpu(), [truth.to("cpu")])
    counts = [level.count for level in levels]
    columns = (part.split(counts) for part in (boxes, found.rows[0], found.boxes[0], codes[0]))
    return [BoxTargets(level.name, *parts) for level, *parts in zip(levels, *columns, strict=True)]


def told(code: Tensor | Sequence[float]) -> str:
    """Four numbers as a lecture writes them: ``(.25, 0, 0, 0)``, three digits behind the point at most."""
    values = [f"{round(float(value), 3) + 0.0:g}" for value in code]
    return f"({', '.join(value.replace('0.', '.') if value.strip('-')[:2] == '0.' else value for value in values)})"
