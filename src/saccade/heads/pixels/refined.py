"""A prediction whose probabilities of pixels a filter makes better that looks at the picture."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.score_maps import likeliest
from saccade.losses.pixels import IGNORE

# Probabilities (C, h, w) of a picture's pixels and the picture (3, h, w) on the scale 0..255, to better probabilities.
Refiner = Callable[[Tensor, Tensor], Tensor]


def refined(prediction: Annotation, picture: Tensor, refiner: Refiner) -> Annotation:
    """The prediction with better probabilities, and the classes that follow; as it is where it has none.

    Args:
        prediction: With `semantic_scores` (C, h, w).
        picture: (K, h, w) on the scale 0..255.
        refiner: The filter.
    """
    scores, before = prediction.semantic_scores, prediction.semantic
    if scores is None:
        return prediction
    better = refiner(scores, picture)
    unseen = torch.zeros_like(better[0], dtype=torch.bool) if before is None else before == IGNORE
    return replace(prediction, semantic_scores=better, semantic=likeliest(better).masked_fill(unseen, IGNORE))
