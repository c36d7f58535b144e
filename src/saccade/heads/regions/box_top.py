"""Class and box of each region: the top that every region detector has.

Legend: B pictures, R regions of each, n regions of all, C classes, K boxes of a region: 1, or one a logit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.heads.regions.region_top import RegionTop, Sampled
from saccade.losses.scores import ScoreLoss, SoftmaxScores
from saccade.network.protocols.teachable import Lesson
from saccade.network.regions import Regions
from saccade.ops.boxes.assign import classes_sought
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.candidates import NOTHING, Candidates, taken
from saccade.ops.boxes.geometry import iou
from saccade.ops.boxes.match import BACKGROUND
from saccade.ops.boxes.samplers import hardest
from saccade.ops.boxes.suppression import Suppression

# By which Fast R-CNN's code normalises the targets.
SPREAD = (0.1, 0.1, 0.2, 0.2)
# Least side of a region that codes are relative to, in pixels.
LEAST = 1e-3


@dataclass(frozen=True)
class ScoredRegions:
    """Raw output of the box top.

    Attributes:
        logits: (B, R, channels of the score loss).
        codes: (B, R, K, 4) boxes relative to the regions.
    """

    logits: Tensor
    codes: Tensor


register_dataclass(ScoredRegions, serialized_type_name="saccade.ScoredRegions")


@dataclass(frozen=True)
class BoxRules:
    """What the papers on region detectors argue about.

    Attributes:
        suppression: What stays of all that is scored.
        coder: How a box stands relative to its region.
        score_loss: What wrong scores cost.
        beta: Where the smooth L1 loss of codes turns from square to linear.
        hardest: How many regions of each picture count, those that cost most (online hard example mining, Shrivastava
            et al. 2016), or None for all that are sampled.
        overlaps: Where the score loss has several classifiers: the overlap from which each takes a region for its
            object, none below the matcher's own.
        rounds: How often each region is looked at in use: from the second time on where the last look saw its
            likeliest object (iterative localization, Gidaris, Komodakis 2015, section 5).
    """

    suppression: Suppression
    coder: DeltaCoder = field(default_factory=lambda: DeltaCoder(SPREAD))
    score_loss: ScoreLoss = field(default_factory=SoftmaxScores)
    beta: float = 1.0
    hardest: int | None = None
    overlaps: tuple[float, ...] = ()
    rounds: int = 1


class BoxTop(RegionTop):
    """Scores, and boxes that correct the regions.

    Args:
        tower: Makes, of maps, regions (n, 4) and owners (n,), logits (n, channels) and codes (n, K, 4).
        reads: Names of the maps that the tower reads.
        rules: The papers' constants.
        classes: C.
    """

    terms = ("class", "box")
    gives = frozenset({"boxes", "scores", "labels"})
    needs = frozenset({"boxes", "labels"})

    def __init__(self, tower: nn.Module, reads: tuple[str, ...], rules: BoxRules, classes: int) -> None:
        super().__init__()
        self.tower, self.reads, self.rules, self.classes = tower, reads, rules, classes

    @property
    def class_layers(self) -> Mapping[str, int]:
        """Linear layers of scores and of codes; position-sensitive ones are laid out otherwise."""
        return {"tower.score": 1, "tower.box": 4} if isinstance(self.tower.score, nn.Linear) else {}

    def forward(self, maps: Mapping[str, Tensor], regions: Regions) -> ScoredRegions:
        """Scores and codes of every region."""
        boxes, owners = regions.flat, regions.owners
        logits, codes = self.tower(maps, boxes, owners)
        for _ in range(self.rules.rounds - 1):
            logits, codes = self._nearer(maps, boxes, owners, ScoredRegions(logits, codes))
        return ScoredRegions(regions.spread(logits), regions.spread(codes))

    def _nearer(
        self, maps: Mapping[str, Tensor], boxes: Tensor, owners: Tensor, picture: ScoredRegions
    ) -> tuple[Tensor, Tensor]:
        """Logits and codes, still relative to the regions (n, 4), of a look at what was last seen there."""
        coder, labels = self.rules.coder, self.rules.score_loss.scores(picture.logits.float()).argmax(-1)
        # Codes are relative to sides, which a region may lack.
        boxes = torch.cat([boxes[:, :2], torch.maximum(boxes[:, 2:], boxes[:, :2] + LEAST)], 1)
        nearer = coder.decode(self._own(picture.codes.float(), labels), boxes)
        logits, codes = self.tower(maps, nearer, owners)
        found = coder.decode(codes.float(), nearer[:, None])
        return logits, coder.encode(found, boxes[:, None]).to(codes.dtype)

    def loss(self, maps: Mapping[str, Tensor], sampled: Sampled) -> dict[str, Tensor]:
        """``class``: cost of the scores. ``box``: smooth L1 of the objects' codes. Means over the regions that count.

        Of several boxes of a region, that of the true class learns.
        """
        rules = self.rules
        logits, codes = self.tower(maps, sampled.boxes, sampled.owners)
        classes = rules.score_loss.cost(logits.float(), self._labels(sampled), sampled.sought)
        boxes = F.smooth_l1_loss(
            self._own(codes.float(), sampled.labels), self._wanted(sampled), beta=rules.beta, reduction="none"
        ).sum(-1) * (sampled.rows >= 0)
        counts = self._counting((classes + boxes).detach(), sampled.owners)
        number = counts.sum().clamp(min=1)
        return {"class": (classes * counts).sum() / number, "box": (boxes * counts).sum() / number}

    def distance(
        self, maps: Mapping[str, Tensor], teacher: "BoxTop", lesson: Lesson, regions: Regions
    ) -> tuple[dict[str, Tensor], Tensor]:
        """How far scores and boxes are from a teacher's, a mean over regions; and what this one says of them.

        Args:
            maps: What it reads.
            teacher: A top that is built as it is, for K of its classes.
            lesson: What the teacher reads and knows.
            regions: Of what; aside of all annotated objects.

        Returns:
            Terms ``teacher_class`` and ``teacher_box``, each box of which counts as much as the teacher believes in it;
            and the teacher's scores (n, K) of the n regions that there are.
        """
        own, wanted, places = self(maps, regions), teacher(lesson.maps, regions), lesson.places
        logits, believed = (one.logits[regions.shown].float() for one in (own, wanted))
        scores, every = self.rules.score_loss.scores(believed), torch.arange(len(places), device=places.device)
        codes = own.codes[regions.shown].float()[:, self._box_of(places, own.codes.shape[2])]
        theirs = wanted.codes[regions.shown].float()[:, teacher._box_of(every, wanted.codes.shape[2])]
        far = F.smooth_l1_loss(codes, theirs, beta=self.rules.beta, reduction="none").sum(-1) * scores
        sought = classes_sought(lesson.truth, logits.device)
        sought = None if sought is None else sought[regions.owners, 0]
        number = max(len(logits), 1)
        distance = self.rules.score_loss.distance(logits, believed, places, sought)
        return {"teacher_class": distance.sum() / number, "teacher_box": far.sum() / number}, scores

    def _labels(self, sampled: Sampled) -> Tensor:
        """(n,) labels or -1; (n, U) where each of U classifiers has an overlap of its own."""
        if not self.rules.overlaps:
            return sampled.labels
        overlap = iou(sampled.boxes, sampled.targets)
        covers = overlap[:, None] >= overlap.new_tensor(self.rules.overlaps)
        return torch.where(covers, sampled.labels[:, None], BACKGROUND)

    def _own(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(n, 4) codes of each region's label, of codes (n, K, 4)."""
        return taken(codes, self._box_of(labels, codes.shape[1])[:, None])[:, 0]

    def _box_of(self, labels: Tensor, boxes: int) -> Tensor:
        """Which of a region's K boxes is that of a label: the only one, or each class's, after the background's."""
        return torch.zeros_like(labels) if boxes == 1 else (labels + boxes - self.classes).clamp(min=0)

    def _wanted(self, sampled: Sampled) -> Tensor:
        """(n, 4) codes that the regions should give; 0 for background."""
        wanted, places = torch.zeros_like(sampled.boxes), sampled.objects
        wanted[places] = self.rules.coder.encode(sampled.targets[places], sampled.boxes[places])
        return wanted

    def _counting(self, cost: Tensor, owners: Tensor) -> Tensor:
        """(n,) bool: the regions that count."""
        if self.rules.hardest is None:
            return torch.ones_like(cost, dtype=torch.bool)
        counts = torch.zeros_like(cost, dtype=torch.bool)
        for picture in owners.unique():
            mine = (owners == picture).nonzero()[:, 0]
            counts[mine[hardest(cost[mine], self.rules.hardest)]] = True
        return counts

    def candidates(self, raw: ScoredRegions, regions: Regions, sizes: Tensor) -> Candidates:
        """What stays of each picture, by falling score.

        Args:
            raw: What `forward` gave.
            regions: Of what.
            sizes: (B, 2) height and width of each picture in input pixels.
        """
        scores = self.rules.score_loss.scores(raw.logits.float())
        best = self.rules.suppression.best(scores.masked_fill(~regions.shown[..., None], NOTHING))
        boxes = raw.codes.shape[2]
        codes = taken(raw.codes.float().flatten(1, 2), best.rows * boxes + self._box_of(best.labels, boxes))
        decoded = self.rules.coder.decode(codes, taken(regions.boxes, best.rows))
        return self.rules.suppression.final(Candidates(decoded, best.scores, best.labels, best.labels), sizes)
