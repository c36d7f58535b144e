"""Which proposed regions a region detector learns from, and what they should say.

Legend: B pictures, n regions of a picture or of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense_boxes import crowds
from saccade.heads.main_object import real_objects
from saccade.heads.region_top import Sampled
from saccade.ops.keep import Keep
from saccade.ops.match import BACKGROUND, BETWEEN, Matcher, best_of, labels_of, leave_out
from saccade.ops.pick import Sampler


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
    learn: Keep | int
    floor: float = 0.0
    with_truth: bool = True


@torch.no_grad()
def sample_regions(
    regions: Sequence[Tensor], truth: Sequence[Annotation], matcher: Matcher, sample: Sampler, rules: RegionRules
) -> Sampled:
    """The regions that the losses are made of.

    Args:
        regions: B times (n, 4) x1, y1, x2, y2 in input pixels.
        truth: What the B pictures show, in input pixels.
        matcher: Which region answers for which object.
        sample: Which of them count.
        rules: Which background is left out, and whether true boxes are among the regions.
    """
    shown = [beside(real_objects(picture), boxes) for picture, boxes in zip(truth, regions, strict=True)]
    parts: list[tuple[Tensor, ...]] = []
    for picture, (boxes, rows) in enumerate(zip(regions, shown, strict=True)):
        found = _with_truth(boxes, rows) if rules.with_truth else boxes
        matches = _matches(found, rows, crowds(truth[picture]).to(boxes), matcher, rules.floor)
        places = sample(matches[None], found.new_zeros(1, len(found)))[0].nonzero()[:, 0]
        taken = matches[places]
        parts.append((found[places], torch.full_like(taken, picture), labels_of(taken, rows.labels), taken))
    boxes, owners, labels, taken = (torch.cat(column) for column in zip(*parts, strict=True))
    return Sampled(boxes, owners, labels, taken, shown)


def beside(rows: Instances, boxes: Tensor) -> Instances:
    """Boxes and labels as the regions are: on their device, of their type."""
    if rows.boxes is None:
        return rows
    return replace(
        rows, boxes=rows.boxes.to(boxes), labels=None if rows.labels is None else rows.labels.to(boxes.device)
    )


def _with_truth(boxes: Tensor, rows: Instances) -> Tensor:
    return boxes if rows.boxes is None else torch.cat([boxes, rows.boxes])


def _matches(boxes: Tensor, rows: Instances, crowd: Tensor, matcher: Matcher, floor: float) -> Tensor:
    """(n,) rows of the truth, background, or between."""
    objects = boxes.new_zeros(0, 4) if rows.boxes is None else rows.boxes
    matches = leave_out(matcher(objects, boxes), boxes, crowd)
    if not (floor and len(objects) and len(boxes)):
        return matches
    overlap, _ = best_of(objects, boxes)
    return matches.masked_fill((matches == BACKGROUND) & (overlap < floor), BETWEEN)
