"""The class of every pixel, learnt at a map's positions alone (DeepLab, Yu and Koltun).

Legend: B pictures, C classes, (H, W) the batch's pixels, (h, w) positions of a map.
"""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.heads.pixels.refined import Refiner
from saccade.layers.decoder.coarse_scores import CLASS, CoarseScores
from saccade.losses.pixels import PixelLoss
from saccade.network.maps import Maps


class CoarsePixelHead(PixelHead):
    """A head for pixels whose loss compares each position with the one pixel in whose place it stands.

    Paper: Chen et al. 2014, arXiv 1412.7062, section 3.1: the truth is subsampled by 8. So nothing grows in training.

    Args:
        body: Scores of positions.
        classes: C.
        corners: Where positions stand. True: the first and last on the picture's corner pixels, as released for
            DeepLab: 41 of 321 pixels. False: in the middle of the cells that the picture is divided into.
        offset: Pixels that unpadded layers cut off on every side; see `PixelHead`.
        loss: What a wrong position costs.
        refine: Betters the probabilities of one picture; see `PixelHead`.
        refine_at: Where that is done.
    """

    def __init__(
        self,
        body: CoarseScores,
        classes: int,
        *,
        corners: bool,
        offset: float = 0.0,
        loss: PixelLoss = PixelLoss(),  # noqa: B008 (it never changes)
        refine: Refiner | None = None,
        refine_at: Literal["network", "picture"] = "network",
    ) -> None:
        super().__init__(body.reads[0], body, classes, offset=offset, loss=loss, refine=refine, refine_at=refine_at)
        self.reads = (*body.reads, *self.reads[1:])
        self.corners, self.terms = corners, body.terms

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax; those that the map does not reach are 0."""
        height, width = maps.padded
        inner = (height - 2 * self.offset, width - 2 * self.offset)
        logits = F.interpolate(self.body(maps)[CLASS], inner, mode="bilinear", align_corners=self.corners)
        return F.pad(logits, (self.offset,) * 4)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """What the positions cost of each of the body's scores, by its term (`PixelLoss`)."""
        target = self._target(truth, maps.padded)
        rim = self.offset
        target = target[..., rim : target.shape[-2] - rim, rim : target.shape[-1] - rim]
        return {
            term: self.costs(logits.float(), self._sampled(target, logits), self.class_weights)
            for term, logits in self.body(maps).items()
        }

    def _sampled(self, target: Tensor, logits: Tensor) -> Tensor:
        """(…, h, w) of truth (…, H, W): the pixels where positions of scores (B, C, h, w) stand."""
        for axis, positions in ((-2, logits.shape[-2]), (-1, logits.shape[-1])):
            places = _places(target.shape[axis], positions, self.corners).to(target.device)
            target = target.index_select(axis, places)
        return target


def _places(pixels: int, positions: int, corners: bool) -> Tensor:
    """(positions,) the pixels of a row at which positions stand: 0, 8 … 320 of 321, or 4, 12 … 316 of 320."""
    steps = torch.arange(positions)
    if corners:
        return (steps * (pixels - 1) + (positions - 1) // 2) // max(positions - 1, 1)
    return (2 * steps + 1) * pixels // (2 * positions)
