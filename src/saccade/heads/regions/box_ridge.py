"""Boxes from what was pooled, by ridge regression a class.

Source: Girshick et al. 2013, R-CNN, arXiv 1311.2524, appendix C, with the targets whitened as the authors' code does
(rcnn_train_bbox_regressor.m).

Legend: n regions near an object, P numbers of each, C classes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.heads.regions.region_features import RegionFeatures
from saccade.ops.boxes.box_coder import DeltaCoder

# Added to the variances of the targets, so that one that never varies is not blown up.
FLOOR = 1e-3


@dataclass(frozen=True)
class RidgeRules:
    """What boxes are learnt from.

    Attributes:
        near: Overlap with the object that it covers best above which a region teaches that object's box.
        penalty: Factor of the squared weights.
        norm: Mean length that features are brought to.
    """

    near: float = 0.6
    penalty: float = 1000.0
    norm: float = 20.0


def ridge(features: Tensor, targets: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Weights that make the sum of squared errors plus the penalty least; the bias is penalised as all weights.

    Args:
        features: (n, P).
        targets: (n, 4).
        penalty: Factor of the squared weights.

    Returns:
        (4, P) weights and (4,) biases, float64.
    """
    rows = torch.cat([features.double(), torch.ones(len(features), 1, dtype=torch.float64)], 1)
    count, size = rows.shape
    if count < size:  # the same weights, from a matrix of the examples' products
        matrix = rows @ rows.T + penalty * torch.eye(count, dtype=torch.float64)
        found = rows.T @ torch.linalg.solve(matrix, targets.double())
    else:
        matrix = rows.T @ rows + penalty * torch.eye(size, dtype=torch.float64)
        found = torch.linalg.solve(matrix, rows.T @ targets.double())
    return found[:-1].T, found[-1]


def white_ridge(features: Tensor, targets: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """`ridge` towards targets that are centred and decorrelated, its weights brought back to the targets as they are.

    Args:
        features: (n ≥ 1, P).
        targets: (n, 4).
        penalty: Factor of the squared weights.
    """
    mean = targets.double().mean(0)
    centred = targets.double() - mean
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    spread = (variances.clamp(min=0) + FLOOR).sqrt()
    weight, bias = ridge(features, centred @ (axes / spread @ axes.T), penalty)
    back = axes * spread @ axes.T
    return back @ weight, back @ bias + mean


def solve_boxes(
    pictures: Iterable[RegionFeatures], classes: int, coder: DeltaCoder, rules: RidgeRules
) -> tuple[Tensor, ...]:
    """A regression a class, for features as they are.

    Args:
        pictures: Passed over once, and once a class.
        classes: C.
        coder: How a box stands relative to its region.
        rules: What boxes are learnt from.

    Returns:
        (C, 4, P) weights, (C, 4) biases, 0 for a class without examples, and (C,) the examples of each.
    """
    factor, size = _scale(pictures, rules.norm)
    weights, biases, counts = torch.zeros(classes, 4, size), torch.zeros(classes, 4), torch.zeros(classes)
    for label in range(classes):
        pairs = [_pairs(picture, label, coder) for picture in pictures]
        features, targets = (torch.cat(column) for column in zip(*pairs, strict=True))
        counts[label] = len(features)
        if len(features):
            weight, bias = white_ridge(features * factor, targets, rules.penalty)
            weights[label], biases[label] = (weight * factor).float(), bias.float()
    return weights, biases, counts


def _scale(pictures: Iterable[RegionFeatures], norm: float) -> tuple[float, int]:
    """The factor that gives what is pooled the mean length, and P."""
    total, count, size = 0.0, 0, 0
    for picture in pictures:
        total, count = total + float(picture.lengths.sum()), count + len(picture.lengths)
        size = picture.pooled.shape[1]
    return (norm * count / total if total else 1.0), size


def _pairs(picture: RegionFeatures, label: int, coder: DeltaCoder) -> tuple[Tensor, Tensor]:
    """(n, P) what was pooled of the regions near an object of the class, and (n, 4) their codes."""
    own = (picture.labels == label).nonzero()[:, 0]
    return picture.pooled[own].float(), coder.encode(picture.targets[own], picture.boxes[picture.near[own]])
