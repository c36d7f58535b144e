"""From scored boxes to answers: threshold, the best few, suppression, the best few again.

Legend: A boxes of one map of one picture, C classes, n candidates.
"""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from saccade.ops.nms import nms, soft_nms
from saccade.ops.vote import voted

Suppress = Literal["hard", "linear", "gaussian"]
LEAST_SOFT = 0.001  # where a score that was taken down ends, unless the rule asks for more


@dataclass(frozen=True)
class Candidates:
    """Boxes with one class each.

    Attributes:
        boxes: (n, 4) x1, y1, x2, y2 in pixels.
        scores: (n,).
        labels: (n,) int64.
        groups: (n,) int64, within which boxes suppress each other.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    groups: Tensor

    def __getitem__(self, rows: Tensor) -> "Candidates":
        return Candidates(self.boxes[rows], self.scores[rows], self.labels[rows], self.groups[rows])


@dataclass(frozen=True)
class Keep:
    """What stays of all that a detector scores.

    Attributes:
        score: Least score, exclusive.
        first: How many pairs of box and class go into suppression, of each map or of each class.
        each: ``map``: `first` counts the best pairs of each map. ``class``: the best boxes of each class over all maps.
        overlap: Intersection over union above which the weaker of two goes.
        limit: Answers a picture.
        side: Least side in pixels.
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
    side: float = 0.0
    alike: Literal["class", "map"] = "class"
    suppress: Suppress = "hard"
    sigma: float = 0.5
    vote: float | None = None

    def best(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Positions (n,) of boxes and (n,) of classes of the best pairs, by falling score, of `scores` (A, C)."""
        if self.each == "class":
            return _best_of_each_class(scores, self.score, self.first)
        flat = scores.flatten()
        found = (flat > self.score).nonzero()[:, 0]
        order = flat[found].topk(min(self.first, len(found))).indices
        chosen = found[order]
        return chosen // scores.shape[1], chosen % scores.shape[1]

    def final(self, found: Candidates, picture: tuple[int, int]) -> Candidates:
        """Candidates cut at the picture's borders (H, W), less the small and the suppressed, by falling score."""
        high = found.boxes.new_tensor([picture[1], picture[0], picture[1], picture[0]])
        found = Candidates(found.boxes.clamp(min=0).minimum(high), found.scores, found.labels, found.groups)
        sides = found.boxes[:, 2:] - found.boxes[:, :2]
        found = found[(sides >= self.side).all(1).nonzero()[:, 0]]
        stays, scores = self._stays(found)
        if self.vote is None:
            return replace(found[stays], scores=scores)
        boxes = voted(found.boxes, found.scores, found.groups, stays, self.vote)
        return replace(found[stays], boxes=boxes, scores=scores)

    def _stays(self, found: Candidates) -> tuple[Tensor, Tensor]:
        """Positions of the candidates that suppression leaves, and their scores after it."""
        boxes, scores, groups = found.boxes, found.scores, found.groups
        if self.suppress == "hard":
            stays = nms(boxes, scores, groups, self.overlap, self.limit)
            return stays, scores[stays]
        least = max(self.score, LEAST_SOFT)
        return soft_nms(
            *(boxes, scores, groups),
            method=self.suppress,
            sigma=self.sigma,
            overlap=self.overlap,
            least=least,
            limit=self.limit,
        )


def _best_of_each_class(scores: Tensor, least: float, number: int) -> tuple[Tensor, Tensor]:
    values, boxes = scores.topk(min(number, len(scores)), 0)
    kept = (values > least).T.nonzero()
    return boxes.T[kept[:, 0], kept[:, 1]], kept[:, 0]


def joined(parts: list[Candidates]) -> Candidates:
    """The candidates of several maps, one after another; `parts` must not be empty."""
    columns = ([getattr(part, name) for part in parts] for name in ("boxes", "scores", "labels", "groups"))
    return Candidates(*(torch.cat(column) for column in columns))
