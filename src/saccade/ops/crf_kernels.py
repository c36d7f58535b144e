"""The kernels by which the pixels of a picture speak with one another in a dense CRF."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from saccade.ops.crf_parameters import CrfParameters
from saccade.ops.pairwise import PairwiseFilter, colour_features, place_features


class CrfKernels:
    """The kernels of a picture; those of the widths that were asked for last are kept.

    Args:
        image: (K, H, W) in grey values 0..255.
        make: A kernel of features (d, N) in standard deviations.
    """

    def __init__(self, image: Tensor, make: Callable[[Tensor], PairwiseFilter]) -> None:
        self.image, self.make = image, make
        self._kept: dict[int, tuple[tuple[float, ...], PairwiseFilter]] = {}

    def of(self, settings: CrfParameters) -> list[tuple[float, PairwiseFilter]]:
        """Weights and filters, those of weight 0 left out.

        Args:
            settings: Weights and widths.
        """
        asked = [(weight, widths) for weight, *widths in (settings.smoothness, settings.appearance) if weight]
        if len(asked) < 2 or torch.get_num_threads() < 2:
            return [(weight, self._kernel(*widths)) for weight, widths in asked]
        # Much of making one is done by one thread.
        with ThreadPoolExecutor(len(asked)) as threads:
            made = threads.map(lambda one: self._kernel(*one[1]), asked)
            return [(weight, kernel) for (weight, _), kernel in zip(asked, made, strict=True)]

    def _kernel(self, *widths: float) -> PairwiseFilter:
        kept = self._kept.get(len(widths))
        if kept is None or kept[0] != widths:
            size = (self.image.shape[1], self.image.shape[2])
            place = len(widths) == 1
            features = (
                place_features(size, *widths, self.image.device) if place else colour_features(self.image, *widths)
            )
            kept = self._kept[len(widths)] = (widths, self.make(features))
        return kept[1]
