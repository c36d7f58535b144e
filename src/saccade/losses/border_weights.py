"""What the pixels of narrow gaps between objects count more, so that objects that nearly touch come apart.

Paper: Ronneberger, Fischer, Brox 2015, U-Net, arXiv 1505.04597, equation 2.

Legend: (h, w) pixels of a picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.score_maps import IGNORE

Mask = NDArray[np.bool_]
Corner = tuple[int, int]

# Beyond so many sigmas of both distances together the weight is below 2e-8 of its peak: it is not computed.
REACH = 6


@dataclass(frozen=True)
class BorderWeights:
    """peak · exp(-(d1 + d2)² / 2 sigma²), d1 and d2 the distances to the nearest object and to the second nearest.

    It is for pixels of no object; those of objects get 0. Objects are the instances where the truth has their masks,
    crowds left out; else the regions of one class in the map of classes, whose pixels touch side by side.

    Attributes:
        background: The class of pixels that are no object's, or None: every class has objects.
        peak: The weight where both distances are 0; w0 in the paper.
        sigma: Pixels.
    """

    background: int | None = None
    peak: float = 10.0
    sigma: float = 5.0

    def __call__(self, truth: Annotation) -> Tensor:
        """(h, w) float32, what each pixel of a truth with `semantic` counts beside its class's weight."""
        semantic = truth.get("semantic")
        nearest, second = self._distances(objects_of(truth, self.background), (semantic.shape[0], semantic.shape[1]))
        weights = self.at(torch.from_numpy(nearest), torch.from_numpy(second))
        return weights.masked_fill_(torch.from_numpy(nearest == 0), 0.0).to(semantic.device)

    def at(self, nearest: Tensor, second: Tensor) -> Tensor:
        """The weights of pixels that lie so far, in pixels, from the nearest object and from the second nearest."""
        return self.peak * torch.exp(-((nearest + second) ** 2) / (2 * self.sigma**2))

    def _distances(self, objects: Iterable[tuple[Mask, Corner]], size: tuple[int, int]) -> tuple[Any, Any]:
        """(h, w) float32 distances to the nearest and second nearest object; infinite beyond reach."""
        from scipy import ndimage  # nobody else waits for it

        rim = ceil(REACH * self.sigma)
        nearest, second = (np.full(size, np.inf, np.float32) for _ in range(2))
        for mask, (top, left) in objects:
            height, width = mask.shape
            window = (
                slice(max(top - rim, 0), min(top + height + rim, size[0])),
                slice(max(left - rim, 0), min(left + width + rim, size[1])),
            )
            outside = np.ones([part.stop - part.start for part in window], bool)
            row, column = top - window[0].start, left - window[1].start
            outside[row : row + height, column : column + width] = ~mask
            distance: Any = ndimage.distance_transform_edt(outside)
            second[window] = np.minimum(second[window], np.maximum(nearest[window], distance))
            nearest[window] = np.minimum(nearest[window], distance)
        return nearest, second


def objects_of(truth: Annotation, background: int | None) -> Iterator[tuple[Mask, Corner]]:
    """Masks of the objects within their windows, and the windows' upper left pixels (y, x); none is empty.

    Args:
        truth: With `semantic`; where it has masks of instances, these are the objects, crowds left out. Else they are
            the regions of one class, whose pixels touch side by side.
        background: The class that has no objects, or None.
    """
    rows = truth.instances
    if rows is not None and rows.masks is not None:
        return _of_instances(rows)
    return _of_regions(truth.get("semantic").cpu().numpy(), background)


def _of_instances(rows: Instances) -> Iterator[tuple[Mask, Corner]]:
    kept = rows if rows.crowd is None else rows[~rows.crowd]
    if kept.masks is None:
        return
    for crop, (x, y, _, _) in zip(kept.masks.crops(), kept.masks.windows.tolist(), strict=True):
        if bool(crop.any()):
            yield crop.cpu().numpy(), (y, x)


def _of_regions(semantic: Any, background: int | None) -> Iterator[tuple[Mask, Corner]]:
    from scipy import ndimage

    for label in np.unique(semantic).tolist():
        if label in (background, IGNORE):
            continue
        labelled: Any = ndimage.label(semantic == label)
        regions = labelled[0]
        for number, (rows, columns) in enumerate(ndimage.find_objects(regions), 1):
            yield regions[rows, columns] == number, (rows.start, columns.start)
