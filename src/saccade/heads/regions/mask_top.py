"""Mask of each region: the top that makes a region detector one of instances.

Legend: B pictures, R regions of each, n regions of all, K masks of a region: 1, or one a class; m cells a side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Instances
from saccade.core.geometry.paste import paste
from saccade.heads.regions.region_top import ColumnTop, RegionTop, Sampled, Told
from saccade.network.regions import Regions
from saccade.ops.regions.mask_targets import mask_targets


@dataclass(frozen=True)
class RegionMasks:
    """Raw output of the mask top.

    Attributes:
        logits: (B, R, K, m, m), each cell's of being its object's.
    """

    logits: Tensor


register_dataclass(RegionMasks, serialized_type_name="saccade.RegionMasks")


class MaskTop(ColumnTop):
    """Masks on a grid over the boxes that stay (He et al. 2017, Mask R-CNN, section 3).

    Args:
        tower: Makes, of maps, regions (n, 4) and owners (n,), logits (n, K, m, m).
        reads: Names of the maps that the tower reads.
    """

    terms = ("mask",)
    gives = frozenset({"masks"})
    needs = frozenset({"boxes"})
    uses = frozenset({"masks"})

    def __init__(self, tower: nn.Module, reads: tuple[str, ...]) -> None:
        super().__init__()
        self.tower, self.reads = tower, reads

    @property
    def class_layers(self) -> Mapping[str, int]:
        """A mask a class."""
        return {"tower.score": 1}

    def forward(self, maps: Mapping[str, Tensor], regions: Regions) -> RegionMasks:
        """Masks of every region."""
        return RegionMasks(regions.told(partial(self.tower, maps)))

    def loss(self, maps: Mapping[str, Tensor], sampled: Sampled) -> dict[str, Tensor]:
        """``mask``: binary cross entropy of the true class's mask, a mean over the regions whose object has a mask.

        Objects that are annotated by their box alone teach classes and boxes, and nothing here.
        """
        sampled = sampled[_outlined(sampled)]
        logits = self.tower(maps, sampled.boxes, sampled.owners).float()
        if not len(sampled.boxes):
            return {"mask": logits.sum() * 0.0}
        own = _own(logits, sampled.labels)
        return {"mask": F.binary_cross_entropy_with_logits(own, _targets(sampled, own.shape[-1]))}

    def distance(self, maps: Mapping[str, Tensor], teacher: RegionTop, told: Told) -> Tensor:
        """() what the masks of the teacher's likeliest classes cost, where its masks are the truth."""
        if not isinstance(teacher, MaskTop):
            raise TypeError(f"expected a teacher with masks, found {type(teacher).__name__}")
        logits = self.tower(maps, told.boxes, told.owners).float()
        if not len(told.boxes):
            return logits.sum() * 0.0
        wanted = _own(teacher.tower(told.maps, told.boxes, told.owners).float(), told.labels).sigmoid()
        return F.binary_cross_entropy_with_logits(_own(logits, told.places), wanted.detach())

    def columns(self, raw: RegionMasks, picture: int, rows: Instances, size: tuple[int, int]) -> dict[str, Any]:
        """Masks of the rows, in input pixels, and the grids that they were painted of."""
        logits, labels, boxes = raw.logits[picture, : len(rows)], rows.labels, rows.boxes
        if labels is None or boxes is None:
            raise ValueError("expected rows with boxes and labels, found some without")
        scores = _own(logits.float(), labels).sigmoid()
        return {"masks": paste(scores, boxes, size), "mask_scores": scores}


def _own(logits: Tensor, labels: Tensor) -> Tensor:
    """(n, m, m) logits of each region's label, of logits (n, K, m, m)."""
    place = torch.zeros_like(labels) if logits.shape[1] == 1 else labels
    return logits.gather(1, place[:, None, None, None].expand(-1, 1, *logits.shape[2:]))[:, 0]


def _outlined(sampled: Sampled) -> Tensor:
    """(k,) places of the regions that answer for an object which has a mask."""
    places, found = sampled.objects, torch.zeros_like(sampled.rows, dtype=torch.bool)
    for picture, shown in enumerate(sampled.truth):
        mine = places[sampled.owners[places] == picture]
        found[mine] = shown.has_mask.to(mine.device)[sampled.rows[mine]]
    return found.nonzero()[:, 0]


def _targets(sampled: Sampled, cells: int) -> Tensor:
    """(n, m, m) what the masks should say."""
    targets = sampled.boxes.new_zeros(len(sampled.boxes), cells, cells, dtype=torch.float32)
    for picture, shown in enumerate(sampled.truth):
        mine = (sampled.owners == picture).nonzero()[:, 0]
        if shown.masks is not None and len(mine):
            found = mask_targets(shown.masks, sampled.rows[mine], sampled.boxes[mine], cells)
            targets = targets.index_copy(0, mine, found)
    return targets
