"""Many numbers a picture brought down to two, and which pictures lie next to each other.

Legend: N pictures, D numbers of each, Q of them asked about.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
# t-SNE compares each picture with about three times this many others.
PERPLEXITY = 30
FEWEST = 6


def pca(features: Array) -> tuple[Array, tuple[float, float]]:
    """(N, 2) places along the two directions of greatest variance, and the share of the variance that each has.

    Args:
        features: (N, D); with fewer than two directions the other places are 0.
    """
    if not features.size:
        return np.zeros((len(features), 2), np.float32), (0.0, 0.0)
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(features), 2))
    kept = min(2, len(values))
    places[:, :kept] = left[:, :kept] * values[:kept]
    shares = np.zeros(2)
    shares[:kept] = values[:kept] ** 2 / max(float((values**2).sum()), 1e-30)
    return places.astype(np.float32), (float(shares[0]), float(shares[1]))


def tsne(features: Array) -> Array | None:
    """(N, 2) places in which neighbours stay neighbours, the same each time; None for fewer than `FEWEST` pictures.

    van der Maaten, Hinton 2008, Visualizing data using t-SNE, JMLR 9. Distances between groups mean little.
    """
    if len(features) < FEWEST:
        return None
    from sklearn.manifold import TSNE

    spread = features.astype(np.float64)
    # scikit-learn scales its beginning by the spread of the first direction, which is 0 where all pictures are one.
    if not spread.std(0).any():
        return np.zeros((len(features), 2), np.float32)
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    method: Any = TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500)
    return method.fit_transform(spread).astype(np.float32)


def nearest(features: Array, asked: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(Q, count) places of the pictures in most nearly the same direction (cosine), the nearest first.

    Args:
        features: (N, D).
        asked: (Q,) places of pictures, which are not among their own neighbours.
        count: How many neighbours each gets; fewer where there are not so many pictures.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.maximum(lengths, 1e-12)
    likeness = directions[asked] @ directions.T
    likeness[np.arange(len(asked)), asked] = -np.inf
    return np.argsort(-likeness, axis=1, kind="stable")[:, : min(count, len(features) - 1)]
