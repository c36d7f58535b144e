"""How well the borders of segments are drawn.

Source: Csurka, Larlus, Perronnin 2013, What is a good evaluation measure for semantic segmentation?, BMVC; as one
score a picture in Badrinarayanan et al. 2015, SegNet, arXiv 1511.00561, section 4.

Legend: (H, W) a picture, n pixels.
"""

from math import hypot

import numpy as np
import torch
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.metrics.segment.matching import greatest_matching

# Share of the picture's diagonal that a border may be off by.
TOLERANCE, IGNORED = 0.0075, 255


def boundary_f1(guess: Tensor, truth: Tensor, tolerance: float = TOLERANCE, ignore: int = IGNORED) -> float | None:
    """F1 of the border pixels of each class that the truth shows, a mean over these classes.

    A border pixel has a neighbour of another class, above, below or beside it, where both are known. Those of guess and
    truth are matched one to one, as many as can be, none with one farther away than the tolerance. Precision is the
    share of the guess's that are matched, recall that of the truth's. A class that has borders in neither says nothing.

    It takes some 50 ms for a picture of 480 × 480 pixels, and minutes where pixels are noise.

    Args:
        guess: (H, W) int classes.
        truth: (H, W) int classes.
        tolerance: Greatest distance, as a share of the picture's diagonal.
        ignore: Truth where the class is unknown; nothing counts there, nor do borders to it.

    Returns:
        The score, 0..1; None where no class of the truth has a border in either.

    Raises:
        UsageError: The two have unlike shapes, or the tolerance is below 0.
    """
    if guess.shape != truth.shape or truth.ndim != 2:
        raise UsageError("classes (H, W) of one shape", f"{tuple(guess.shape)} and {tuple(truth.shape)}")
    if not tolerance >= 0:
        raise UsageError("a tolerance from 0", tolerance)
    known = truth != ignore
    reach = tolerance * hypot(*truth.shape)
    borders = [_borders(classes, known) for classes in (guess, truth)]
    scores: list[float] = []
    for label in truth[known].unique().tolist():
        found, wanted = (
            np.argwhere((border & (classes == label)).cpu().numpy())
            for border, classes in zip(borders, (guess, truth), strict=True)
        )
        if len(found) or len(wanted):
            scores.append(2 * greatest_matching(found, wanted, reach) / (len(found) + len(wanted)))
    return sum(scores) / len(scores) if scores else None


def _borders(classes: Tensor, known: Tensor) -> Tensor:
    """(H, W) bool, known pixels with a known neighbour of another class."""
    border = torch.zeros_like(known)
    for axis in (0, 1):
        ends = known.shape[axis] - 1
        first, second = classes.narrow(axis, 0, ends), classes.narrow(axis, 1, ends)
        differ = (first != second) & known.narrow(axis, 0, ends) & known.narrow(axis, 1, ends)
        for place in (0, 1):
            border.narrow(axis, place, ends).logical_or_(differ)
    return border
