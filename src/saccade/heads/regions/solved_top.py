"""Class and box of each region where nothing of the last step descends: machines for classes, ridge for boxes.

Paper: Girshick et al. 2013, R-CNN, arXiv 1311.2524, sections 2.2 and 2.3, appendices B and C.

Legend: B pictures, R regions of each, n regions of all, C classes, P numbers pooled of a region, D features of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.errors import DataError
from saccade.heads.regions.box_ridge import RidgeRules, solve_boxes
from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.hard_negatives import MiningRules, mine
from saccade.heads.regions.region_features import FeaturePass, RegionFeatureStore, compute_region_features
from saccade.heads.regions.region_top import RegionTop, Sampled
from saccade.layers.initialise import normal_linear
from saccade.losses.scores import SoftmaxScores, of_known, one_hot
from saccade.network.regions import Regions
from saccade.ops.boxes.candidates import NOTHING, Candidates, taken

MEBIBYTE = 2**20


@dataclass(frozen=True)
class SolvedRegions:
    """Raw output of a solved top.

    Attributes:
        logits: (B, R, C + 1), background first.
        margins: (B, R, C) above 0 where a machine takes the class to be shown; None without machines.
        codes: (B, R, C, 4) boxes relative to the regions.
    """

    logits: Tensor
    margins: Tensor | None
    codes: Tensor


register_dataclass(SolvedRegions, serialized_type_name="saccade.SolvedRegions")


@dataclass(frozen=True)
class SolvedRules:
    """What the last step is made of.

    Attributes:
        box: What stays of all that is scored, and how a box stands relative to its region.
        mining: What machines learn from; None: regions are scored by the softmax of the fine-tuning.
        ridge: What boxes are learnt from.
    """

    box: BoxRules
    mining: MiningRules | None
    ridge: RidgeRules = field(default_factory=RidgeRules)


class SolvedTop(RegionTop):
    """Scores of a softmax that descends, then machines and boxes that are solved for.

    Until they are solved, scores are the softmax's and boxes are the regions themselves.

    Args:
        pool: (n, …) of maps, regions and owners: what box regression sees, flattened to P numbers.
        body: (n, D) of what was pooled: what scores and machines see.
        sizes: P and D.
        reads: Names of the maps that the pool reads.
        rules: The papers' constants.
        classes: C.

    Attributes:
        solved: () bool.
    """

    gives = frozenset({"boxes", "scores", "labels"})
    needs = frozenset({"boxes", "labels"})
    solved: Tensor

    def __init__(
        self,
        pool: nn.Module,
        body: nn.Module,
        sizes: tuple[int, int],
        reads: tuple[str, ...],
        rules: SolvedRules,
        classes: int,
    ) -> None:
        super().__init__()
        self.pool, self.body, self.reads, self.solving, self.classes = pool, body, reads, rules, classes
        self.rules = rules.box
        self.score, self.box = nn.Linear(sizes[1], classes + 1), nn.Linear(sizes[0], 4 * classes)
        self.machines = None if rules.mining is None else nn.Linear(sizes[1], classes)
        normal_linear(self.score, 0.01)
        for layer in (self.box, self.machines):
            if layer is not None:
                normal_linear(layer, 0.0)
        self.terms = ("class", "box") if self.machines is None else ("class", "margin", "box")
        self.register_buffer("solved", torch.zeros((), dtype=torch.bool))

    def forward(self, maps: Mapping[str, Tensor], regions: Regions) -> SolvedRegions:
        """Scores, margins and codes of every region."""
        logits, margins, codes = self._outputs(maps, regions.flat, regions.owners)
        return SolvedRegions(
            regions.spread(logits), None if margins is None else regions.spread(margins), regions.spread(codes)
        )

    def _outputs(
        self, maps: Mapping[str, Tensor], boxes: Tensor, owners: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        pooled, features = self._see(maps, boxes, owners)
        margins = None if self.machines is None else self.machines(features)
        return self.score(features), margins, self.box(pooled).unflatten(1, (-1, 4))

    def _see(self, maps: Mapping[str, Tensor], boxes: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        pooled = self.pool(maps, boxes, owners)
        return pooled.flatten(1), self.body(pooled)

    def loss(self, maps: Mapping[str, Tensor], sampled: Sampled) -> dict[str, Tensor]:
        """``class``: cross entropy. ``margin``: hinge of the machines. ``box``: squared error of the objects' codes."""
        logits, margins, codes = self._outputs(maps, sampled.boxes, sampled.owners)
        number = max(len(sampled.labels), 1)
        terms = {"class": SoftmaxScores().cost(logits.float(), sampled.labels, sampled.sought).sum() / number}
        if margins is not None:
            sign = 2 * one_hot(margins.float(), sampled.labels) - 1
            hinge = (1 - sign * margins.float()).clamp(min=0)
            terms["margin"] = of_known(hinge, sampled.labels, sampled.sought).sum() / number
        own = codes.float().gather(1, sampled.labels.clamp(min=0)[:, None, None].expand(-1, 1, 4))[:, 0]
        wanted, places = own.detach().clone(), sampled.objects
        wanted[places] = self.rules.coder.encode(sampled.targets[places], sampled.boxes[places])
        return terms | {"box": F.mse_loss(own, wanted, reduction="sum") / number}

    def candidates(self, raw: SolvedRegions, regions: Regions, sizes: Tensor) -> Candidates:
        """What stays of each picture, by falling score: the sigmoid of a margin, or the softmax.

        Args:
            raw: What `forward` gave.
            regions: Of what.
            sizes: (B, 2) height and width of each picture in input pixels.
        """
        scores = SoftmaxScores().scores(raw.logits.float())
        if raw.margins is not None:
            scores = torch.where(self.solved, raw.margins.float().sigmoid(), scores)
        best = self.rules.suppression.best(scores.masked_fill(~regions.shown[..., None], NOTHING))
        codes = taken(raw.codes.float().flatten(1, 2), best.rows * self.classes + best.labels)
        decoded = self.rules.coder.decode(codes, taken(regions.boxes, best.rows))
        return self.rules.suppression.final(Candidates(decoded, best.scores, best.labels, best.labels), sizes)

    @torch.no_grad()
    def solve(self, feature_pass: FeaturePass, folder: Path | None = None) -> dict[str, float]:
        """Describe all regions once, then solve machines and boxes from what was kept.

        Args:
            feature_pass: Passes over the training pictures.
            folder: Where descriptions are kept, of the weights as they are alone; None keeps them in memory.

        Raises:
            DataError: There is no annotated picture, or none that shows an object.
            ResourceError: The disk is full.
        """
        shelf = RegionFeatureStore(folder)
        for picture in feature_pass():
            shelf.add(
                lambda picture=picture: compute_region_features(
                    picture, lambda boxes: self._alone(picture.maps, boxes), *self._wanted
                )
            )
        if not any(len(picture.near) for picture in shelf):
            raise DataError("pictures with objects to solve from", f"none among {shelf.count}")
        told: dict[str, float] = {"pictures": float(shelf.count), "kept_MiB": shelf.size / MEBIBYTE}
        if self.machines is not None and self.solving.mining is not None:
            found = mine(shelf, self.classes, self.solving.mining)
            self.machines.weight.copy_(found.weight)
            self.machines.bias.copy_(found.bias)
            told |= found.facts
        weights, biases, counts = solve_boxes(shelf, self.classes, self.rules.coder, self.solving.ridge)
        self.box.weight.copy_(weights.flatten(0, 1))
        self.box.bias.copy_(biases.flatten())
        self.solved.fill_(True)
        return told | {"box_examples": float(counts.sum())}

    @property
    def _wanted(self) -> tuple[int, float]:
        return self.classes, self.solving.ridge.near

    def _alone(self, maps: Mapping[str, Tensor], boxes: Tensor) -> tuple[Tensor, Tensor]:
        """What is seen of regions of a single picture."""
        return self._see(maps, boxes, torch.zeros(len(boxes), dtype=torch.int64, device=boxes.device))
