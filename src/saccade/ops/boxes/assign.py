"""Target assignment: what each box of a picture, be it an anchor, a region or a window, is to answer for.

Every detector learns by way of `assign`. Which objects are learnt, and where nothing can be said of a box that shows
none of them, is told here and nowhere else; of which classes a box is then known to show none, `classes_sought` tells.

Legend: m boxes, n objects that are learnt, k crowds, B pictures, C classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.ops.boxes.geometry import area, intersection, iou_matrix
from saccade.ops.boxes.match import BACKGROUND, BETWEEN

# (m,) rows of the true boxes (n, 4) that boxes (m, 4) answer for, or `BACKGROUND` or `BETWEEN`; see `ops.boxes.match`.
Matching = Callable[[Tensor, Tensor], Tensor]
# (m,) bool of boxes (m, 4) and a picture's (2,) height and width: whether a box may be learnt from.
Fit = Callable[[Tensor, Tensor], Tensor]

# Part of a box's own area that lies inside a crowd, from which on nobody knows what it shows.
CROWDED = 0.5
# Score for being something, from which on a box is believed to show an object that nobody annotated.
BELIEVED = 0.5
# Overlap with an annotated object up to which a box may show another one.
CLAIMED = 0.3


@dataclass(frozen=True)
class Assignment:
    """What boxes answer for; of several pictures at once, an axis B comes before m.

    Attributes:
        rows: (m,) int64 row of the object among those that are learnt, or `BACKGROUND`, or `BETWEEN`: left out.
        labels: (m,) int64 class of that object, 0 where objects have none; -1 where there is no object.
        boxes: (m, 4) box of that object; a box's own where there is none.
    """

    rows: Tensor
    labels: Tensor
    boxes: Tensor

    def __getitem__(self, places: Tensor) -> "Assignment":
        return Assignment(self.rows[places], self.labels[places], self.boxes[places])

    @staticmethod
    def stack(pictures: Sequence["Assignment"]) -> "Assignment":
        """Those of B pictures with as many boxes each."""
        columns = ([getattr(one, name) for one in pictures] for name in ("rows", "labels", "boxes"))
        return Assignment(*(torch.stack(column) for column in columns))


@torch.no_grad()
def assign(matcher: Matching, boxes: Tensor, truth: Annotation, size: Tensor, fit: Fit | None = None) -> Assignment:
    """What each box of a picture is to answer for.

    Boxes that do not fit are left out, and the others are matched as if there were no more: the box that covers an
    object best of all may cross the picture's border. Background is left out where it is unknown (see `unknown`).

    Args:
        matcher: Which box answers for which object.
        boxes: (m, 4) x1, y1, x2, y2 in input pixels.
        truth: What the picture shows, in input pixels.
        size: (2,) height and width of the picture in input pixels.
        fit: Which boxes may be learnt from, such as `inside` or `centred`; None: all.
    """
    objects = objects_like(truth, boxes)
    if fit is None:
        rows = _match(matcher, boxes, truth, objects)
    else:
        places = fit(boxes, size).nonzero()[:, 0]
        rows = torch.full((len(boxes),), BETWEEN, dtype=torch.int64, device=boxes.device)
        rows = rows.index_copy(0, places, _match(matcher, boxes[places], truth, objects))
    found, labels, wanted = rows >= 0, rows.clamp(min=BACKGROUND, max=0), boxes
    if objects.boxes is not None and len(objects):
        owner = rows.clamp(min=0)
        wanted = torch.where(found[:, None], objects.boxes[owner], boxes)
        labels = labels if objects.labels is None else torch.where(found, objects.labels[owner], labels)
    return Assignment(rows, labels, wanted)


def _match(matcher: Matching, boxes: Tensor, truth: Annotation, objects: Instances) -> Tensor:
    """(m,) rows, as if there were no other boxes."""
    rows = matcher(boxes.new_zeros(0, 4) if objects.boxes is None else objects.boxes, boxes)
    return rows.masked_fill(unknown(boxes, truth) & (rows == BACKGROUND), BETWEEN)


def inside(boxes: Tensor, size: Tensor) -> Tensor:
    """(m,) bool: whether boxes (m, 4) lie inside a picture of the (2,) height and width, wholly."""
    high = size.flip(0).to(boxes)
    return (boxes[:, :2] >= 0).all(1) & (boxes[:, 2:] <= high).all(1)


def centred(boxes: Tensor, size: Tensor) -> Tensor:
    """(m,) bool: whether boxes (m, 4) have their centre on a picture of the (2,) height and width.

    A batch pads pictures to the right and below, so that the other two sides are not asked for.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    return (centres < size.flip(0).to(boxes)).all(1)


def real_objects(truth: Annotation) -> Instances:
    """The objects that have a box with an area and are no crowd."""
    rows = truth.instances or Instances()
    if rows.boxes is None:
        return Instances()
    keep = area(rows.boxes) > 0
    return rows[keep if rows.crowd is None else keep & ~rows.crowd]


def objects_like(truth: Annotation, like: Tensor) -> Instances:
    """The real objects, with boxes (n, 4) and labels as `like` is: on its device, boxes of its type."""
    rows = real_objects(truth)
    if rows.boxes is None:
        return Instances(boxes=like.new_zeros(0, 4))
    labels = None if rows.labels is None else rows.labels.to(like.device)
    return replace(rows, boxes=rows.boxes.to(like), labels=labels)


def crowds(truth: Annotation) -> Tensor:
    """(k, 4) boxes of the regions whose objects were not annotated one by one."""
    rows = truth.instances or Instances()
    if rows.boxes is None or rows.crowd is None:
        return torch.zeros(0, 4)
    return rows.boxes[rows.crowd]


def unknown(boxes: Tensor, truth: Annotation) -> Tensor:
    """(m,) bool: whether boxes (m, 4) that show no object are none to learn background from: they lie in a crowd."""
    found = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    for crowd in crowds(truth).to(boxes):
        found |= intersection(boxes, crowd.expand_as(boxes)) > CROWDED * area(boxes)
    return found


def classes_sought(truth: Sequence[Annotation], device: torch.device) -> Tensor | None:
    """(B, 1, C) bool: which classes were looked for in each picture; None where all were in all of them."""
    known = [shown.sought for shown in truth if shown.sought is not None]
    if not known:
        return None
    whole = torch.ones_like(known[0])
    marks = torch.stack([whole if shown.sought is None else shown.sought for shown in truth]).to(device)
    return None if bool(marks.all()) else marks[:, None]


def unclaimed(boxes: Tensor, truth: Sequence[Annotation]) -> Tensor:
    """(B, m) bool: which boxes (B, m, 4) lie aside of all objects that were annotated in their picture.

    A network that does not know an object's class takes it for another: only of these boxes can it teach one that does.
    """
    free = torch.ones(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
    for mine, own, shown in zip(free, boxes, truth, strict=False):
        objects = objects_like(shown, own).boxes
        if objects is not None and len(objects):
            mine &= (iou_matrix(own, objects) <= CLAIMED).all(1)
    return free


def without_believed(rows: Tensor, scores: Tensor, truth: Sequence[Annotation]) -> Tensor:
    """(B, m) rows; background is left out that the network itself takes for an object, in pictures not wholly sought.

    Where boxes have no class, no class's own score can be left out: the box is, since it may show an object of a class
    that was not sought. Source: Zhang et al. 2020, Solving missing-annotation object detection with background
    recalibration loss, arXiv 2002.05274, which turns the loss of such boxes round.

    Args:
        rows: (B, m) as `Assignment` has them.
        scores: (B, m) 0..1, whether a box shows anything.
        truth: What the B pictures show.
    """
    sought = classes_sought(truth, rows.device)
    if sought is None:
        return rows
    believed = ~sought.all(2) & (scores.detach() >= BELIEVED)
    return rows.masked_fill(believed & (rows == BACKGROUND), BETWEEN)
