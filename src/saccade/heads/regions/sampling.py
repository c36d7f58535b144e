"""Which proposed regions a region detector learns from, and what they should say.

Legend: B pictures, n regions of a picture or of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.regions.region_top import Sampled
from saccade.ops.boxes.assign import assign, classes_sought, objects_like
from saccade.ops.boxes.match import BACKGROUND, BETWEEN, Matcher, best_of
from saccade.ops.boxes.samplers import Sampler
from saccade.ops.boxes.suppression import Suppression


@dataclass(frozen=True)
class RegionRules:
    """Which regions are looked at.

    Attributes:
        limit: Regions a picture in use.
        learn: What stays of the proposals that are learnt from, or the number of regions from outside.
        floor: Background that overlaps every object less is left out, where the picture shows any (Fast R-CNN, section
            2.3: such background is easy).
        with_truth: Whether true boxes are among the regions that are learnt from.
    """

    limit: int
    learn: Suppression | int
    floor: float = 0.0
    with_truth: bool = True


@torch.no_grad()
def sample_regions(
    regions: Sequence[Tensor],
    truth: Sequence[Annotation],
    sizes: Tensor,
    matcher: Matcher,
    sample: Sampler,
    rules: RegionRules,
) -> Sampled:
    """The regions that the losses are made of.

    Args:
        regions: B times (n, 4) x1, y1, x2, y2 in input pixels.
        truth: What the B pictures show, in input pixels.
        sizes: (B, 2) height and width of each picture in input pixels.
        matcher: Which region answers for which object.
        sample: Which of them count.
        rules: Which background is left out, and whether true boxes are among the regions.
    """
    objects = [objects_like(picture, boxes) for picture, boxes in zip(truth, regions, strict=True)]
    parts: list[tuple[Tensor, ...]] = []
    for picture, (boxes, shown) in enumerate(zip(regions, objects, strict=True)):
        own = boxes.new_zeros(0, 4) if shown.boxes is None else shown.boxes
        boxes = torch.cat([boxes, own]) if rules.with_truth else boxes
        found = assign(matcher, boxes, truth[picture], sizes[picture])
        rows = _without_easy(found.rows, boxes, own, rules.floor)
        places = sample(rows[None], boxes.new_zeros(1, len(boxes)))[0].nonzero()[:, 0]
        taken = found[places]
        owners = torch.full_like(taken.rows, picture)
        parts.append((boxes[places], owners, taken.labels, taken.rows, taken.boxes))
    columns = (torch.cat(column) for column in zip(*parts, strict=True))
    return Sampled(*columns, truth=objects, seek=classes_sought(truth, sizes.device))


def _without_easy(rows: Tensor, boxes: Tensor, objects: Tensor, floor: float) -> Tensor:
    """(n,) rows; background that overlaps every object less than the floor is left out."""
    if not (floor and len(objects) and len(boxes)):
        return rows
    overlap, _ = best_of(objects, boxes)
    return rows.masked_fill((rows == BACKGROUND) & (overlap < floor), BETWEEN)
