"""Joints of each region: the top that makes a region detector one of persons' poses.

Legend: B pictures, R regions of each, n regions of all, K joints, m cells a side, C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Instances
from saccade.heads.regions.region_top import ColumnTop, Sampled
from saccade.network.regions import Regions
from saccade.ops.regions.keypoint_cells import keypoint_cells, keypoint_places

VISIBLE = 2


@dataclass(frozen=True)
class RegionKeypoints:
    """Raw output of the keypoint top.

    Attributes:
        logits: (B, R, K, m, m), each cell's of being where the joint is.
    """

    logits: Tensor


register_dataclass(RegionKeypoints, serialized_type_name="saccade.RegionKeypoints")


class KeypointTop(ColumnTop):
    """One cell of a grid for each joint of the boxes that stay (He et al. 2017, Mask R-CNN, section 5).

    Args:
        tower: Makes, of maps, regions (n, 4) and owners (n,), logits (n, K, m, m).
        reads: Names of the maps that the tower reads.
        fewest: A batch whose regions show no more annotated joints than this teaches no joints (Detectron: 20).
        classes: Labels of the classes that have joints; of others no joint is told. None: all have.
        reduced: Whether the grid of a region with fewer pixels than cells is reduced to them (see `keypoint_places`).
    """

    terms = ("keypoint",)
    gives = frozenset({"keypoints", "visible", "keypoint_scores"})
    needs = frozenset({"boxes"})
    uses = frozenset({"keypoints", "visible"})

    def __init__(
        self,
        tower: nn.Module,
        reads: tuple[str, ...],
        fewest: int = 20,
        classes: Sequence[int] | None = None,
        reduced: bool = False,
    ) -> None:
        super().__init__()
        self.tower, self.reads, self.fewest, self.reduced = tower, reads, fewest, reduced
        self.classes = None if classes is None else tuple(classes)

    def forward(self, maps: Mapping[str, Tensor], regions: Regions) -> RegionKeypoints:
        """Grids of every region."""
        return RegionKeypoints(regions.told(partial(self.tower, maps)))

    def loss(self, maps: Mapping[str, Tensor], sampled: Sampled) -> dict[str, Tensor]:
        """``keypoint``: cross entropy over all cells, a mean over the annotated joints that lie in their region.

        Regions of which no such joint is known, as of objects that are annotated by their box alone, teach nothing
        here.
        """
        points, known = _joints(sampled)
        some = known.any(1).nonzero()[:, 0]
        chosen, points, known = sampled[some], points[some], known[some]
        if int(known.sum()) <= self.fewest:
            chosen = sampled[some[:0]]
        logits = self.tower(maps, chosen.boxes, chosen.owners).float()
        if not len(chosen.boxes):
            return {"keypoint": logits.sum() * 0.0}
        cells, inside = keypoint_cells(points, chosen.boxes, logits.shape[-1])
        known = known & inside
        # Picked by a product, since x[mask] has no fixed order of its gradient on some devices.
        each = F.cross_entropy(logits.flatten(2).flatten(0, 1), cells.flatten(), reduction="none")
        return {"keypoint": (each * known.flatten()).sum() / known.sum().clamp(min=1)}

    def columns(self, raw: RegionKeypoints, picture: int, rows: Instances, size: tuple[int, int]) -> dict[str, Any]:
        """Joints of the rows in input pixels, all of them visible: nothing tells whether one is hidden.

        The score of a joint is the probability of its likeliest cell among those of its region.
        """
        logits, boxes, labels = raw.logits[picture, : len(rows)].float(), rows.boxes, rows.labels
        if labels is None or boxes is None:
            raise ValueError("expected rows with boxes and labels, found some without")
        jointed = torch.ones_like(labels, dtype=torch.bool)
        if self.classes is not None:
            jointed = torch.isin(labels, labels.new_tensor(self.classes))
        points = boxes.new_zeros(*logits.shape[:2], 2)
        points[jointed] = keypoint_places(logits[jointed], boxes[jointed], self.reduced)
        scores = logits.flatten(2).softmax(2).amax(2) * jointed[:, None]
        visible = VISIBLE * jointed.long()[:, None].expand(-1, logits.shape[1])
        return {"keypoints": points, "visible": visible, "keypoint_scores": scores}


def _joints(sampled: Sampled) -> tuple[Tensor, Tensor]:
    """(n, K, 2) joints of the object that each region answers for, and (n, K) which are annotated and lie in it."""
    count = next((t.keypoints.shape[1] for t in sampled.truth if t.keypoints is not None), 0)
    points = sampled.boxes.new_zeros(len(sampled.boxes), count, 2)
    known = torch.zeros(points.shape[:2], dtype=torch.bool, device=points.device)
    for picture, shown in enumerate(sampled.truth):
        mine = ((sampled.owners == picture) & (sampled.rows >= 0)).nonzero()[:, 0]
        if shown.keypoints is None or shown.visible is None or not len(mine):
            continue
        rows = sampled.rows[mine]
        places, marks = (column.to(rows.device)[rows] for column in (shown.keypoints, shown.visible))
        _, inside = keypoint_cells(places.to(points), sampled.boxes[mine], 1)
        points = points.index_copy(0, mine, places.to(points))
        known = known.index_copy(0, mine, inside & (marks > 0))
    return points, known
