"""Linear SVMs that tell an object from all that is not, learnt from the negatives that are hard for them.

Source: Girshick et al. 2013, R-CNN, arXiv 1311.2524, section 2.3 and appendix B, with the constants of the authors'
code (rcnn_train.m); He et al. 2014, SPP-net, arXiv 1406.4729, section 4.1, for negatives that are distinct.

Legend: r regions of a picture, C classes, D numbers of a region.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from saccade.heads.classify.svm_solver import SvmSettings, solve_svm
from saccade.heads.regions.region_features import RegionFeatures
from saccade.ops.boxes.nms import nms

# liblinear's own tolerance for this loss, which the authors left as it is.
SVM = SvmSettings(cost=1e-3, loss="hinge", bias_scale=10.0, positive_weight=2.0, tolerance=0.1)
# The margin of a class that no picture shows.
NEVER = -10.0


@dataclass(frozen=True)
class MiningRules:
    """What machines learn from.

    Attributes:
        negative: A region that overlaps all objects of a class less than this is a negative of it.
        hard: Margin above which a negative is learnt from.
        easy: Margin below which it is let go again.
        retrain: Negatives that are gathered before a machine is solved anew.
        norm: Mean length that features are brought to.
        distinct: Overlap above which the easier of two negatives of a picture is left out, or None to take all.
        svm: How machines are solved.
    """

    negative: float = 0.3
    hard: float = -1.0001
    easy: float = -1.2
    retrain: int = 2000
    norm: float = 20.0
    distinct: float | None = None
    svm: SvmSettings = SVM


@dataclass
class LinearSvm:
    """One class's machine while it learns.

    Attributes:
        positives: (p, D) the objects' own boxes.
        negatives: (m, D) those that are held.
        weight: (D,).
        bias: ().
        added: Negatives that came since it was solved.
        solved: Times that it was solved.
    """

    positives: Tensor
    negatives: Tensor
    weight: Tensor
    bias: Tensor
    added: int = 0
    solved: int = 0

    @staticmethod
    def of(positives: Tensor) -> "LinearSvm":
        """A machine that has seen no negative."""
        size = positives.shape[1]
        return LinearSvm(positives, torch.zeros(0, size), torch.zeros(size), torch.tensor(NEVER))

    def take(self, features: Tensor) -> None:
        """Hold further negatives."""
        self.negatives = torch.cat([self.negatives, features])
        self.added += len(features)

    def solve(self, rules: MiningRules) -> None:
        """Find the weights anew, and let easy negatives go."""
        features = torch.cat([self.positives, self.negatives])
        self.weight, self.bias = solve_svm(features, torch.arange(len(features)) < len(self.positives), rules.svm)
        self.negatives = self.negatives[self.negatives @ self.weight + self.bias >= rules.easy]
        self.added, self.solved = 0, self.solved + 1


@dataclass(frozen=True)
class LinearSvms:
    """A machine a class, for features as they are.

    Attributes:
        weight: (C, D).
        bias: (C,).
        facts: Numbers to be told.
    """

    weight: Tensor
    bias: Tensor
    facts: dict[str, float] = field(default_factory=dict[str, float])


def mine(pictures: Iterable[RegionFeatures], classes: int, rules: MiningRules) -> LinearSvms:
    """A machine a class, after one pass for the positives and one over the negatives.

    Every negative of the first picture is learnt from; of the others those that the machine as it is takes for hard.

    Args:
        pictures: Passed over twice.
        classes: C.
        rules: What machines learn from.
    """
    positives, factor = _positives(pictures, classes, rules.norm)
    machines = [LinearSvm.of(own) for own in positives]
    learning = [(label, svm) for label, svm in enumerate(machines) if len(svm.positives)]
    for picture in pictures:
        features = picture.features.float() * factor
        for label, svm in learning:
            svm.take(features[_negatives(picture, features, label, svm, rules)])
            if len(svm.negatives) and (not svm.solved or svm.added > rules.retrain):
                svm.solve(rules)
    for _, svm in learning:
        svm.solve(rules)
    facts = {
        "scale": factor,
        "positives": float(sum(len(svm.positives) for svm in machines)),
        "negatives": float(sum(len(svm.negatives) for svm in machines)),
        "solutions": float(sum(svm.solved for svm in machines)),
    }
    weights = torch.stack([svm.weight for svm in machines]) * factor
    return LinearSvms(weights, torch.stack([svm.bias for svm in machines]), facts)


def _positives(pictures: Iterable[RegionFeatures], classes: int, norm: float) -> tuple[list[Tensor], float]:
    """(p, D) features of each class's objects, and the factor that gives all features the mean length."""
    found: list[list[Tensor]] = [[] for _ in range(classes)]
    total, count, size = 0.0, 0, 0
    for picture in pictures:
        features = picture.features.float()
        total, count, size = total + float(features.norm(dim=1).sum()), count + len(features), features.shape[1]
        for label in picture.objects.unique().tolist():
            if label >= 0:
                found[label].append(features[picture.objects == label])
    factor = norm * count / total if total else 1.0
    return [torch.cat([torch.zeros(0, size), *own]) * factor for own in found], factor


def _negatives(picture: RegionFeatures, features: Tensor, label: int, svm: LinearSvm, rules: MiningRules) -> Tensor:
    """Rows of a picture that a machine is to learn from."""
    far = picture.overlaps[:, label] < rules.negative
    margins = features @ svm.weight + svm.bias
    rows = (far & (margins > rules.hard) if svm.solved else far).nonzero()[:, 0]
    if rules.distinct is None:
        return rows
    return rows[nms(picture.boxes[rows], margins[rows], torch.zeros_like(rows), rules.distinct)]
