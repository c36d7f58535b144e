"""Boxes at every position of one or more maps: RPN, SSD and RetinaNet, which differ in what they are given.

Legend: B pictures, L maps, (h, w) positions of a map, A anchors of a map (all its positions), C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.layers.towers.anchors import Anchors
from saccade.losses.scores import ScoreLoss
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.protocols.teachable import Lesson
from saccade.ops.boxes.assign import Assignment, assign, classes_sought, inside, unclaimed, without_believed
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.candidates import NOTHING, Candidates, joined, taken
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import Sampler
from saccade.ops.boxes.suppression import Suppression, clipped


@dataclass(frozen=True)
class DenseBoxes:
    """Raw output of a dense head, map by map.

    Attributes:
        logits: L times (B, A, channels of the score loss).
        codes: L times (B, A, 4) boxes relative to the anchors.
        anchors: L times (B, A, 4) x1, y1, x2, y2 in input pixels.
        sizes: (B, 2) int64, height and width of each picture in input pixels.
        scales: (B,) input pixels to one of each picture's own, where a rule asks for them and they are known.
    """

    logits: list[Tensor]
    codes: list[Tensor]
    anchors: list[Tensor]
    sizes: Tensor
    scales: Tensor | None = None


register_dataclass(DenseBoxes, serialized_type_name="saccade.DenseBoxes")


@dataclass(frozen=True)
class DenseRules:
    """What the papers on dense detectors argue about.

    Attributes:
        coder: How a box stands relative to its anchor.
        matcher: Which anchor answers for which object.
        sample: Which anchors count in the loss of scores.
        score_loss: What wrong scores cost.
        suppression: What stays of all that is scored.
        beta: Where the smooth L1 loss of codes turns from square to linear.
        mean_over: Both losses are sums over the batch divided by the number of ``objects``, anchors that answer for
            one, or of ``sampled`` anchors.
        inside: Whether anchors that cross the picture's border are left out of the loss (Faster R-CNN).
    """

    coder: DeltaCoder
    matcher: Matcher
    sample: Sampler
    score_loss: ScoreLoss
    suppression: Suppression
    beta: float = 1.0
    mean_over: Literal["objects", "sampled"] = "objects"
    inside: bool = False


class DenseBoxHead(Head):
    """One tower of scores and one of codes over the anchors of each map.

    Args:
        reads: Names of the L maps.
        tower: Makes, of a map and its place among the L, (B, a · channels, h, w) logits and (B, a · 4, h, w) codes,
            for the a anchors of a position.
        anchors: Where boxes start from.
        rules: The papers' constants.
        classes: C. None: boxes have no class, only a score for being something, as an RPN's.
    """

    terms = ("class", "box")
    regressions = ("box",)
    owns_rows = True
    by_picture = True
    teachable = True

    def __init__(
        self, reads: Sequence[str], tower: nn.Module, anchors: Anchors, rules: DenseRules, classes: int | None
    ) -> None:
        super().__init__()
        self.reads, self.tower, self.anchors, self.rules = tuple(reads), tower, anchors, rules
        self.classes = classes
        columns = ("boxes", "scores") if classes is None else ("boxes", "scores", "labels")
        self.gives = frozenset(f"instances.{name}" for name in columns)
        self.needs = frozenset(f"instances.{name}" for name in columns if name != "scores")

    @property
    def class_layers(self) -> Mapping[str, int]:
        """The scores, anchor by anchor."""
        return {} if self.classes is None else {"tower.score": 1}

    @property
    def reads_scales(self) -> bool:
        """Whether least sides are those of a picture's own pixels."""
        return self.rules.suppression.small == "before"

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self.rules.suppression

    def forward(self, maps: Maps) -> DenseBoxes:
        """Scores and codes at every anchor."""
        found = [maps[name] for name in self.reads]
        shapes = [(m.shape[-2], m.shape[-1]) for m in found]
        boxes = self.anchors(shapes, maps.padded)
        logits, codes = zip(*(self.tower(m, place) for place, m in enumerate(found)), strict=True)
        a_position = self.anchors.a_position
        return DenseBoxes(
            [by_anchor(values, count) for values, count in zip(logits, a_position, strict=True)],
            [by_anchor(values, count) for values, count in zip(codes, a_position, strict=True)],
            [level.expand(maps.sizes.shape[0], -1, -1) for level in boxes],
            maps.sizes,
            maps.scales if self.reads_scales else None,
        )

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cost of the sampled anchors' scores. ``box``: smooth L1 of the codes of those with objects."""
        return self.loss_of(self(maps), truth)

    def loss_of(self, raw: DenseBoxes, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """The terms of `loss`, from the raw output made before."""
        rules = self.rules
        logits, codes = torch.cat(raw.logits, 1).float(), torch.cat(raw.codes, 1).float()
        anchors = torch.cat(raw.anchors, 1)[0]
        found, wanted = self.targets(anchors, raw.sizes, truth)
        if self.classes is None:
            cost = rules.score_loss.cost(logits, found.labels)
            rows = without_believed(found.rows, rules.score_loss.scores(logits)[..., 0], truth)
        else:
            cost = rules.score_loss.cost(logits, found.labels, classes_sought(truth, logits.device))
            rows = found.rows
        chosen = rules.sample(rows, cost)
        objects = chosen & (rows >= 0)
        boxes = F.smooth_l1_loss(codes, wanted, beta=rules.beta, reduction="none").sum(-1)
        counted = (objects if rules.mean_over == "objects" else chosen).sum().clamp(min=1)
        return {"class": (cost * chosen).sum() / counted, "box": (boxes * objects).sum() / counted}

    def distance(self, maps: Maps, lesson: Lesson) -> dict[str, Tensor]:
        """``teacher_class`` and ``teacher_box``, as `distance_of` gives them."""
        return self.distance_of(self(maps), lesson)

    def distance_of(self, raw: DenseBoxes, lesson: Lesson) -> dict[str, Tensor]:
        """How far scores and codes are from a teacher's, a mean over the objects that it sees.

        Of boxes without a class scores may rise, since of new classes there are objects as well (Peng et al. 2020,
        Faster ILOD, arXiv 2003.03901, equation 2).

        Args:
            raw: What `forward` gave.
            lesson: What the teacher reads and knows.
        """
        told, loss, places = lesson.teacher(lesson.maps), self.rules.score_loss, lesson.places
        own, wanted = (torch.cat(one.logits, 1).float() for one in (raw, told))
        free = unclaimed(torch.cat(raw.anchors, 1), lesson.truth)
        seen = loss.scores(wanted) * free[..., None]
        if self.classes is None:
            far = loss.distance(own, wanted, torch.zeros_like(places[:1])) * (loss.scores(own) < seen)[..., 0]
        else:
            far = loss.distance(own, wanted, places, classes_sought(lesson.truth, own.device)) * free
        weight, (codes, theirs) = seen.amax(-1), (torch.cat(one.codes, 1).float() for one in (raw, told))
        boxes = F.smooth_l1_loss(codes, theirs, beta=self.rules.beta, reduction="none").sum(-1) * weight
        number = weight.sum().clamp(min=1)
        return {"teacher_class": far.sum() / number, "teacher_box": boxes.sum() / number}

    @torch.no_grad()
    def targets(self, anchors: Tensor, sizes: Tensor, truth: Sequence[Annotation]) -> tuple[Assignment, Tensor]:
        """What the anchors of each picture answer for, (B, A), and (B, A, 4) codes that they should give.

        Args:
            anchors: (A, 4) in input pixels.
            sizes: (B, 2) height and width of each picture in input pixels.
            truth: What the B pictures show.
        """
        fit = inside if self.rules.inside else None
        pairs = zip(sizes, truth, strict=True)
        found = Assignment.stack([assign(self.rules.matcher, anchors, shown, size, fit) for size, shown in pairs])
        wanted, objects = anchors.new_zeros(found.boxes.shape), found.rows >= 0
        wanted[objects] = self.rules.coder.encode(found.boxes[objects], anchors.expand_as(wanted)[objects])
        return found if self.classes is not None else replace(found, labels=found.labels.clamp(max=0)), wanted

    def decode(self, raw: DenseBoxes) -> list[Annotation]:
        """The boxes that stay, with scores and labels."""
        return [Annotation(instances=self._instances(kept)) for kept in self.candidates(raw).each()]

    def _instances(self, kept: Candidates) -> Instances:
        return Instances(boxes=kept.boxes, scores=kept.scores, labels=None if self.classes is None else kept.labels)

    def candidates(self, raw: DenseBoxes, suppression: Suppression | None = None) -> Candidates:
        """What stays of each picture, by falling score; by another rule than the head's own, where one is given."""
        suppression = suppression or self.rules.suppression
        # Proposals are read amid the network: 16 bits tell few of the surest scores apart, and few sizes of a box.
        scores = [self.rules.score_loss.scores(logits.float()) for logits in raw.logits]
        codes, anchors = [level.float() for level in raw.codes], raw.anchors
        if suppression.each == "class":
            scores, codes, anchors = ([torch.cat(parts, 1)] for parts in (scores, codes, anchors))
        if suppression.small == "before":
            decoded = [clipped(self.rules.coder.decode(*pair), raw.sizes) for pair in zip(codes, anchors, strict=True)]
            large = [suppression.large(boxes, raw.scales)[..., None] for boxes in decoded]
            scores = [level.masked_fill(~fits, NOTHING) for level, fits in zip(scores, large, strict=True)]
        maps = enumerate(zip(scores, codes, anchors, strict=True))
        return suppression.final(joined([self._of_map(suppression, place, *found) for place, found in maps]), raw.sizes)

    def _of_map(
        self, suppression: Suppression, place: int, scores: Tensor, codes: Tensor, anchors: Tensor
    ) -> Candidates:
        best = suppression.best(scores)
        boxes = self.rules.coder.decode(taken(codes, best.rows), taken(anchors, best.rows))
        groups = torch.full_like(best.labels, place) if suppression.alike == "map" else best.labels
        return Candidates(boxes, best.scores, best.labels, groups)


def by_anchor(values: Tensor, a_position: int) -> Tensor:
    """(B, h · w · a, n) of values (B, a · n, h, w): row by row, position by position, anchor by anchor."""
    batch, _, height, width = values.shape
    return (
        values.view(batch, a_position, -1, height, width)
        .permute(0, 3, 4, 1, 2)
        .reshape(batch, height * width * a_position, -1)
    )
