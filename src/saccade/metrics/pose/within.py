"""How far joints are from where they should be, and which are near enough.

Legend: N persons, K joints or ends of sticks.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.errors import UsageError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def distances(guess: Floats, truth: Floats, visible: Flags) -> Floats:
    """(…, K) pixels from guess (…, K, 2) to truth, NaN where the truth is unknown, infinite where the guess is NaN."""
    far = np.hypot(*np.moveaxis(guess - truth, -1, 0))
    return np.where(visible, np.where(np.isnan(far), np.inf, far), np.nan)


def shares(relative: Floats, at: float | Sequence[float]) -> Floats:
    """(…, K) shares of the persons (N, K) whose joint is within `at`, inclusive; NaN where nobody's is known.

    Args:
        relative: (N, K) distances over a length of the person; NaN is left out.
        at: A threshold, or T of them, which come first in the result.
    """
    known = ~np.isnan(relative)
    right = relative[None] <= np.reshape(at, (-1, 1, 1))  # NaN is not
    found = mean_of(right.sum(1), known.sum(0))
    return found if isinstance(at, Sequence) else found[0]


def areas(relative: Floats, reach: float) -> Floats:
    """(K,) areas under the curve of shares from 0 to `reach`, over `reach`: what a perfect guess has is 1."""
    known = ~np.isnan(relative)
    near = np.where(known, np.maximum(1 - relative / reach, 0), 0)
    return mean_of(near.sum(0), known.sum(0))


def mean_of(sums: NDArray[np.generic], counts: NDArray[np.generic]) -> Floats:
    """Sums over counts; NaN where nothing was counted."""
    total, number = np.asarray(sums, np.float64), np.broadcast_to(np.asarray(counts, np.float64), sums.shape)
    return np.divide(total, number, out=np.full(sums.shape, np.nan), where=number > 0)


def plain(value: float) -> float | None:
    """A number, or None where it is NaN."""
    return None if np.isnan(value) else float(value)


def pckh(
    guess: torch.Tensor, truth: torch.Tensor, head_size: torch.Tensor, visible: torch.Tensor, at: float = 0.5
) -> tuple[torch.Tensor, float | None]:
    """Joints that are within a share of the head's size of their place (Andriluka et al. 2014, PCKh).

    A joint that is not annotated does not count; one that is annotated but hidden does. A guess of NaN is wrong. All
    joints that are given count, so that MPII's convention is to give 14 of them: without pelvis and thorax.

    Args:
        guess: (N, K, 2) x, y in pixels.
        truth: (N, K, 2) x, y in pixels.
        head_size: (N,) pixels: .6 times the diagonal of the head's box.
        visible: (N, K) 0 not annotated, else annotated.
        at: Greatest distance of a right guess, over the head's size, inclusive.

    Returns:
        (K,) float64 share of each joint, NaN where nobody's is annotated; and the share of all joints together, None
        where none is.

    Raises:
        UsageError: Shapes do not fit, or a head's size is not above 0.
    """
    shape = tuple(truth.shape)
    fits = len(shape) == 3 and shape[2] == 2 and guess.shape == shape
    if not fits or visible.shape != shape[:2] or head_size.shape != shape[:1]:
        found = ", ".join(str(tuple(part.shape)) for part in (guess, truth, head_size, visible))
        raise UsageError("guess and truth (N, K, 2), head_size (N,), visible (N, K)", found)
    if not bool((head_size > 0).all()):
        raise UsageError("sizes of heads above 0", float(head_size.min()))
    given, wanted, heads = (part.double().numpy(force=True) for part in (guess, truth, head_size))
    relative = distances(given, wanted, (visible > 0).numpy(force=True)) / heads[:, None]
    known = int((~np.isnan(relative)).sum())
    total = float((relative <= at).sum() / known) if known else None
    return torch.from_numpy(shares(relative, at)), total
