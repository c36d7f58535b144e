"""One machine a class against the rest; their constant C, and how sure a margin is, by cross-validation.

Legend: N pictures, D numbers of each, C classes.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.heads.classify.svm_solver import SvmSettings, solve_svm

FOLDS = 5
COSTS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
SHARPNESS = torch.logspace(-2, 3, 101)


class SvmExamples(NamedTuple):
    """What machines are solved from.

    Attributes:
        features: (N, D) float32.
        targets: (N, C) 1 shown, 0 not shown, -1 unknown.
        many: Whether a picture may show several classes, or none.
        weights: (C,) factor of the price of pictures that show a class.
    """

    features: Tensor
    targets: Tensor
    many: bool
    weights: Tensor

    def pick(self, rows: Tensor) -> "SvmExamples":
        """Some of the pictures."""
        return self._replace(features=self.features[rows], targets=self.targets[rows])


def solve_classes(examples: SvmExamples, settings: SvmSettings) -> tuple[Tensor, Tensor]:
    """(C, D) weights and (C,) biases: each class against the rest, pictures of which it is unknown left out."""
    found: list[tuple[Tensor, Tensor]] = []
    for weight, target in zip(examples.weights.tolist(), examples.targets.T, strict=True):
        known = target >= 0
        own = replace(settings, positive_weight=settings.positive_weight * weight)
        found.append(solve_svm(examples.features[known], target[known] == 1, own))
    return torch.stack([weight for weight, _ in found]), torch.stack([bias for _, bias in found])


def deal(examples: SvmExamples) -> Tensor | None:
    """(N,) the fold of each picture, or None where a class has too few pictures to stand on both sides."""
    counts = (examples.targets == 1).sum(0)
    rarest = int(counts[counts > 0].min()) if bool((counts > 0).any()) else 0
    folds = min(FOLDS, len(examples.features) if examples.many else rarest)
    if folds < 2 or int((counts > 0).sum()) < (1 if examples.many else 2):
        return None
    from sklearn.model_selection import KFold, StratifiedKFold

    rows = examples.features.numpy()
    splitter = (KFold if examples.many else StratifiedKFold)(folds, shuffle=True, random_state=0)
    dealt = torch.zeros(len(rows), dtype=torch.int64)
    for fold, (_, held) in enumerate(splitter.split(rows, examples.targets.argmax(1).numpy())):
        dealt[held] = fold
    return dealt


def held_out_margins(examples: SvmExamples, dealt: Tensor, settings: SvmSettings) -> Tensor:
    """(N, C) margins of each picture by machines that did not see it."""
    margins = torch.zeros(examples.targets.shape, dtype=torch.float32)
    for fold in dealt.unique():
        held = dealt == fold
        weight, bias = solve_classes(examples.pick(~held), settings)
        margins[held] = examples.features[held] @ weight.T + bias
    return margins


def score(examples: SvmExamples, margins: Tensor) -> float:
    """Share of pictures whose greatest margin is that of their class; of many classes, the mean average precision."""
    if not examples.many:
        right = margins.argmax(1) == examples.targets.argmax(1)
        return float(right.float().mean())
    from sklearn.metrics import average_precision_score

    found: list[float] = []
    for margin, target in zip(margins.T, examples.targets.T, strict=True):
        known = target >= 0
        if bool((target == 1).any()):
            found.append(float(average_precision_score(target[known].numpy(), margin[known].numpy())))
    return sum(found) / len(found)


def sharpness(examples: SvmExamples, margins: Tensor) -> tuple[float, float]:
    """The factor of the margins whose softmax, or sigmoid, makes the truth likeliest, and the cross entropy it leaves.

    One number for all classes, so that the order of the margins stays (temperature scaling: Guo et al., On calibration
    of modern neural networks, 2017, section 4.2).
    """
    left = torch.stack([_cross_entropy(examples, margins * factor) for factor in SHARPNESS])
    return float(SHARPNESS[int(left.argmin())]), float(left.min())


def _cross_entropy(examples: SvmExamples, logits: Tensor) -> Tensor:
    if not examples.many:
        return F.cross_entropy(logits, examples.targets.argmax(1))
    known = examples.targets >= 0
    return F.binary_cross_entropy_with_logits(logits[known], examples.targets[known].float())


class Choice(NamedTuple):
    """What cross-validation found.

    Attributes:
        settings: The settings with the constant of the best score; of equals, that which leaves least cross entropy.
        sharpness: Factor of the margins before softmax or sigmoid.
        score: What pictures score that the machines did not see, or None where there were too few for folds.
    """

    settings: SvmSettings
    sharpness: float
    score: float | None


def choose(examples: SvmExamples, settings: SvmSettings, cost: float | None) -> Choice:
    """The constant C and the sharpness by cross-validation; with too few pictures for folds, C is 1 and sharpness too.

    Args:
        examples: The training pictures.
        settings: All else that is asked for.
        cost: The constant, or None to choose one of `COSTS`.
    """
    dealt = deal(examples)
    if dealt is None:
        return Choice(replace(settings, cost=1.0 if cost is None else cost), 1.0, None)
    found: list[tuple[float, float, Choice]] = []
    for tried in COSTS if cost is None else (cost,):
        own = replace(settings, cost=tried)
        margins = held_out_margins(examples, dealt, own)
        reached, (factor, left) = score(examples, margins), sharpness(examples, margins)
        found.append((reached, -left, Choice(own, factor, reached)))
    return max(found, key=lambda entry: entry[:2])[2]
