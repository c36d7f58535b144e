"""From scored boxes to predictions: threshold, the best few, suppression, the best few again.

Legend: B pictures, A boxes of one map, C classes, n candidates of each picture, padding included.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from saccade.ops.boxes.candidates import NOTHING, Candidates
from saccade.ops.boxes.nms import batch_nms, soft_nms, vote_boxes
from saccade.ops.exporting import exporting

SuppressionMethod = Literal["hard", "linear", "gaussian"]
LEAST_SOFT = 0.001  # where a score that was taken down ends, unless the rule asks for more
LEAST_SIDE = 1e-3  # of a box, in pixels: what is smaller shows nothing


class Best(NamedTuple):
    """The best pairs of box and class of each picture.

    Attributes:
        rows: (B, n) which box.
        labels: (B, n) which class.
        scores: (B, n), -inf where there is no pair.
    """

    rows: Tensor
    labels: Tensor
    scores: Tensor


@dataclass(frozen=True)
class Suppression:
    """What stays of all that a detector scores.

    Attributes:
        score: Least score, exclusive.
        first: How many pairs of box and class go into suppression, of each map or of each class.
        each: ``map``: `first` counts the best pairs of each map. ``class``: the best boxes of each class over all maps.
        overlap: Intersection over union above which the weaker of two goes.
        limit: Answers a picture.
        side: Least side in pixels. By default what has no area goes, as boxes do that lie outside the picture and are
            cut at its border; 0 keeps it, as torchvision's dense detectors do.
        small: Whether what is smaller goes ``before`` the best are counted, and `side` is in pixels of the pictures as
            they were read, as in Faster R-CNN's code; or ``after``, and `side` is in input pixels.
        alike: Whether boxes suppress each other within a ``class`` or within a ``map``.
        suppress: What happens to the weaker of two. ``hard``: it goes. ``linear``: above `overlap` its score is
            multiplied by 1 - IoU. ``gaussian``: by exp(-IoU² / sigma), whatever the overlap. What then scores less
            than `score` goes (soft-NMS, Bodla et al. 2017).
        sigma: Of ``gaussian``.
        vote: Intersection over union from which boxes have a say in where one of their kind that stays lies, whether
            they stay or not; None: each stands for itself.
    """

    score: float = 0.05
    first: int = 1000
    each: Literal["map", "class"] = "map"
    overlap: float = 0.5
    limit: int = 100
    side: float = LEAST_SIDE
    small: Literal["before", "after"] = "after"
    alike: Literal["class", "map"] = "class"
    suppress: SuppressionMethod = "hard"
    sigma: float = 0.5
    vote: float | None = None

    @property
    def exportable(self) -> bool:
        """Whether a graph can hold `final`; soft suppression and votes go picture by picture, box by box."""
        return self.suppress == "hard" and self.vote is None

    def best(self, scores: Tensor) -> Best:
        """The best pairs of box and class of each picture, of `scores` (B, A, C).

        Those of a map stand by falling score; the best of each class stand class by class, each by falling score.
        """
        if exporting():
            return self._best(scores)
        # One by one, and without what is below the threshold: a few of all pairs are to be sorted.
        each = zip(*([column[0] for column in self._best(picture[None])] for picture in scores), strict=True)
        return Best(
            *(pad_sequence(list(column), True, fill) for column, fill in zip(each, (0, 0, NOTHING), strict=True))
        )

    def _best(self, scores: Tensor) -> Best:
        choose = _best_of_each_class if self.each == "class" else _best_of_map
        values, places = choose(scores, self.score, self.first)
        classes = scores.shape[2]
        return Best(places // classes, places % classes, values.masked_fill(~(values > self.score), NOTHING))

    def final(self, found: Candidates, sizes: Tensor) -> Candidates:
        """Candidates cut at the picture's borders, less the small and the suppressed: (B, limit) by falling score.

        What lies outside the picture has no area once it is cut, and goes with the small.

        Args:
            found: Of B pictures.
            sizes: (B, 2) height and width of each in pixels.
        """
        boxes = clipped(found.boxes, sizes)
        rule = replace(self, side=LEAST_SIDE) if self.small == "before" else self  # they have gone already
        found = replace(found, boxes=boxes, scores=found.scores.masked_fill(~rule.large(boxes), NOTHING))
        if self.suppress == "hard":
            rows = batch_nms(boxes, found.scores, found.groups, self.overlap, self.limit)
            kept = found.padded(1).take(rows)
        else:
            rows, softer = self._softened(found)
            kept = replace(found.padded(1).take(rows), scores=softer)
        return kept if self.vote is None else replace(kept, boxes=_voted(found, kept, rows, self.vote))

    def large(self, boxes: Tensor, scales: Tensor | None = None) -> Tensor:
        """(B, n) bool: whether both sides of boxes (B, n, 4) are as long as the least.

        Args:
            boxes: In input pixels.
            scales: (B,) input pixels to a pixel in which the least side is told; by default 1.
        """
        least = self.side if scales is None else self.side * scales[:, None, None]
        return ((boxes[..., 2:] - boxes[..., :2]) >= least).all(-1)

    def _softened(self, found: Candidates) -> tuple[Tensor, Tensor]:
        """(B, limit) rows that soft suppression leaves, n where there is none, and their scores, by falling score."""
        rows = torch.full((len(found.scores), self.limit), found.scores.shape[1], device=found.scores.device)
        scores = torch.full_like(rows, NOTHING, dtype=found.scores.dtype)
        for picture, (own, shown) in enumerate(zip(found.each(), found.shown, strict=True)):
            stays, softer = soft_nms(
                *(own.boxes, own.scores, own.groups),
                method="linear" if self.suppress == "linear" else "gaussian",
                sigma=self.sigma,
                overlap=self.overlap,
                least=max(self.score, LEAST_SOFT),
                limit=self.limit,
            )
            rows[picture, : len(stays)], scores[picture, : len(stays)] = shown.nonzero()[stays, 0], softer
        return rows, scores


def clipped(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Boxes (B, n, 4) of B pictures cut at the pictures' borders; `sizes` (B, 2) are heights and widths in pixels."""
    return boxes.clamp(min=0).minimum(sizes.flip(1).repeat(1, 2)[:, None].to(boxes))


def _best_of_map(scores: Tensor, least: float, number: int) -> tuple[Tensor, Tensor]:
    """(B, n) best scores over all boxes and classes, and their places among A · C."""
    flat = scores.flatten(1)
    used = _used(flat > least)
    few = flat[:, used]
    values, order = few.topk(torch.sym_min(number, few.shape[1]), 1)
    return values, used[order]


def _best_of_each_class(scores: Tensor, least: float, number: int) -> tuple[Tensor, Tensor]:
    """(B, n) best scores of each class, class by class, and their places among A · C."""
    values, boxes = scores.topk(torch.sym_min(number, scores.shape[1]), 1)
    places = boxes * scores.shape[2] + torch.arange(scores.shape[2], device=scores.device)
    values, places = (column.transpose(1, 2).flatten(1) for column in (values, places))
    used = _used(values > least)
    return values[:, used], places[:, used]


def _used(valid: Tensor) -> Tensor:
    """Columns of (B, n) that somebody has use for; a graph, whose sizes depend on no values, has them all."""
    return torch.arange(valid.shape[1], device=valid.device) if exporting() else valid.any(0).nonzero()[:, 0]


def _voted(found: Candidates, kept: Candidates, rows: Tensor, overlap: float) -> Tensor:
    """(B, limit, 4) boxes of those that stay, the rows (B, limit) of all that were found, which all have a say."""
    boxes = kept.boxes.clone()
    for picture, own in enumerate(found.each()):
        stays = kept.shown[picture]
        # A row's place among the picture's own: the number of those before it.
        places = (found.shown[picture].cumsum(0) - 1)[rows[picture, stays]]
        boxes[picture, stays] = vote_boxes(own.boxes, own.scores, own.groups, places, overlap)
    return boxes
