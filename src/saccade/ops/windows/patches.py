"""Patches to learn masks of one object from: about an object, moved a little, or where none is centred.

Paper: Pinheiro, Collobert, Dollár 2015, Learning to segment object candidates, arXiv 1506.06204, section 4; numbers of
its released code. What is drawn is drawn by PyTorch's generator on the CPU.

Legend: n patches, k objects, t tries.
"""

from dataclasses import dataclass
from math import log2

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.ops.boxes.assign import crowds
from saccade.ops.boxes.geometry import from_centres, to_centres


@dataclass(frozen=True)
class Patches:
    """Square patches of one picture.

    Attributes:
        boxes: (n, 4) x1, y1, x2, y2 in input pixels; they may leave the picture.
        rows: (n,) int64 row of the centred object among the picture's, -1 where none is centred.
        masks: (n,) bool, whether a patch teaches its object's mask; else it teaches whether one is centred.
    """

    boxes: Tensor
    rows: Tensor
    masks: Tensor


@dataclass(frozen=True)
class PatchSample:
    """Which patches of a picture are learnt from.

    Half of them teach masks: a class is drawn, then an object of it, so that frequent classes do not rule. The others
    teach the score: about half of these have an object in their very middle, the others none near it.

    Attributes:
        side: Pixels a side of a patch as the network sees it.
        object: Pixels there of the longer side of an object that is centred.
        number: Patches of a picture.
        shift: Greatest shift of an object whose mask is learnt, along each axis, in pixels as the network sees it.
        growth: Greatest change of its scale in octaves, and the step between scales where scores are learnt.
        away: Pixels as the network sees it, along each axis, from which on an object is not in the middle.
        octaves: From which on an object's scale is another one.
        sizes: Sides of patches about no object, over their side as the network sees it, in octaves.
        tries: How often such a patch is sought.
        area: Least area of an object that is learnt, in input pixels.
        least: Least side of one.
    """

    side: int
    object: float
    number: int = 8
    shift: float = 16.0
    growth: float = 0.25
    away: float = 48.0
    octaves: float = 2.5
    sizes: tuple[float, float] = (-3.0, 2.0)
    tries: int = 100
    area: float = 100.0
    least: float = 5.0

    def __call__(self, truth: Annotation, size: Tensor) -> Patches:
        """Patches of a picture.

        Args:
            truth: What it shows, in input pixels.
            size: (2,) its height and width.
        """
        rows, places = self.learnt(truth)
        outlined = _outlined(rows)
        mask_rows = _one_of_each(rows, outlined, -(-self.number // 2))
        score_rows = _one_of_each(rows, torch.ones_like(outlined), self.number // 2)
        score_rows = score_rows[torch.rand(len(score_rows)) < 0.5]
        empty = self.elsewhere(truth, size, self.number // 2 - len(score_rows))
        boxes = torch.zeros(0, 4) if rows.boxes is None else rows.boxes
        found = [self.about(boxes[mask_rows], True), self.about(boxes[score_rows], False), empty]
        kinds = [places[mask_rows], places[score_rows], torch.full((len(empty),), -1)]
        masks = torch.arange(sum(map(len, kinds))) < len(mask_rows)
        return Patches(torch.cat(found), torch.cat(kinds), masks)

    def learnt(self, truth: Annotation) -> tuple[Instances, Tensor]:
        """The k objects that are large enough, on the CPU, and their (k,) rows among the picture's."""
        rows = truth.instances or Instances()
        if rows.boxes is None:
            return Instances(boxes=torch.zeros(0, 4)), torch.zeros(0, dtype=torch.int64)
        boxes = rows.boxes.cpu().float()
        sides = boxes[:, 2:] - boxes[:, :2]
        fit = (sides.prod(1) >= self.area) & (sides >= self.least).all(1)
        places = (fit if rows.crowd is None else fit & ~rows.crowd.cpu()).nonzero()[:, 0]
        labels = None if rows.labels is None else rows.labels.cpu()[places]
        return Instances(boxes=boxes[places], labels=labels, masked=rows.has_mask.cpu()[places]), places

    def about(self, boxes: Tensor, jittered: bool) -> Tensor:
        """(k, 4) patches about objects (k, 4): moved a little, or in the very middle at a scale of the grid."""
        centres = to_centres(boxes)
        octaves = (centres[:, 2:].amax(1) / self.object).log2()
        if not jittered:
            octaves = (octaves / self.growth).round() * self.growth
            return self.at(centres[:, :2], octaves)
        octaves = octaves + _even(len(boxes), 1)[:, 0] * self.growth
        return self.at(centres[:, :2] + _even(len(boxes), 2) * self.shift * octaves.exp2()[:, None], octaves)

    def at(self, centres: Tensor, octaves: Tensor) -> Tensor:
        """(n, 4) patches about (n, 2) centres, 2 to the power of (n,) octaves as large as the network sees them."""
        return from_centres(torch.cat([centres, (self.side * octaves.exp2())[:, None].expand(-1, 2)], 1))

    def elsewhere(self, truth: Annotation, size: Tensor, number: int) -> Tensor:
        """(n, 4) patches in whose middle no object of their scale is, nor a crowd; fewer where few are found.

        A picture in which not all classes were sought has none: an object that nobody annotated may be anywhere.
        """
        if truth.sought is not None and not bool(truth.sought.all()):
            return torch.zeros(0, 4)
        steps = round((self.sizes[1] - self.sizes[0]) / self.growth)
        octaves = self.sizes[0] + torch.randint(steps + 1, (max(number, 0) * self.tries,)) * self.growth
        centres = torch.rand(len(octaves), 2) * size.flip(0).cpu().float()
        far = self.far(centres, octaves, truth).view(-1, self.tries)
        first = far.byte().argmax(1) + torch.arange(len(far)) * self.tries
        first = first[far.any(1)]
        return self.at(centres[first], octaves[first])

    def far(self, centres: Tensor, octaves: Tensor, truth: Annotation) -> Tensor:
        """(t,) bool, whether no object is in the middle of patches about (t, 2) centres at (t,) octaves."""
        rows = truth.instances
        boxes = torch.zeros(0, 4) if rows is None or rows.boxes is None else rows.boxes.cpu()
        objects = to_centres(boxes)
        off = (centres[:, None] - objects[:, :2]).abs().amax(2)
        scales = objects[:, 2:].amax(1).clamp(min=1e-3).log2() - log2(self.object)
        near = (off < self.away * octaves.exp2()[:, None]) & ((octaves[:, None] - scales).abs() < self.octaves)
        corners = crowds(truth).cpu()
        inside = (centres[:, None] >= corners[:, :2]) & (centres[:, None] <= corners[:, 2:])
        return ~(near.any(1) | inside.all(2).any(1))


def _outlined(rows: Instances) -> Tensor:
    """(k,) bool, which objects have a mask."""
    return rows.masked if rows.masked is not None else torch.zeros(len(rows), dtype=torch.bool)


def _one_of_each(rows: Instances, fit: Tensor, number: int) -> Tensor:
    """(number,) rows among those that fit: a class, then one of its objects, each as likely as the others."""
    places = fit.nonzero()[:, 0]
    if not len(places):
        return places
    labels = torch.zeros_like(places) if rows.labels is None else rows.labels[places]
    weights = 1.0 / (labels[:, None] == labels).sum(1)
    return places[torch.multinomial(weights, number, replacement=True)]


def _even(number: int, columns: int) -> Tensor:
    """(number, columns) drawn evenly from -1..1."""
    return torch.rand(number, columns) * 2 - 1
