"""The class of every superpixel, told of the mean of its features, and so of every pixel.

Source: superpixels by Achanta et al. 2012, SLIC, IEEE TPAMI 34(11).

Legend: B pictures, C classes, R superpixels of a picture, (h, w) its pixels, (H, W) the batch's.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.losses.pixels import IGNORE
from saccade.network.maps import GUIDE, Maps
from saccade.ops.regions.region_mean import majority, region_means


class SuperpixelHead(PixelHead):
    """Scores of superpixels, each learnt as the class that most of its pixels have.

    Args:
        reads: Names of the maps whose means describe a superpixel.
        body: Makes (R, C) scores of (R, channels of all maps).
        classes: C.
        superpixels: Finds the superpixel (h, w) of each pixel of a picture (channels, h, w) on the scale 0..255.
    """

    # A mean over superpixels, of which a picture has more than another.
    by_picture = True
    not_exportable = "superpixels are sought in each picture by itself, by a library outside the network"

    def __init__(
        self, reads: Sequence[str], body: nn.Module, classes: int, superpixels: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__(reads[0], body, classes)
        self.described, self.superpixels = tuple(reads), superpixels
        self.reads = (*reads, GUIDE)

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax; 0 outside the pictures."""
        height, width = maps.padded
        found: list[Tensor] = []
        for picture in range(len(maps.sizes)):
            regions = self._regions(maps, picture)
            # An embedding, since its gradient is the same each time.
            scores = F.embedding(regions, self._scored(maps, picture, regions)).movedim(-1, 0)
            found.append(F.pad(scores, (0, width - scores.shape[2], 0, height - scores.shape[1])))
        return torch.stack(found)

    @torch.no_grad()
    def _regions(self, maps: Maps, picture: int) -> Tensor:
        """(h, w) the superpixel of each of a picture's pixels."""
        height, width = maps.sizes[picture].tolist()
        return self.superpixels(maps[GUIDE][picture, :, :height, :width])

    def _scored(self, maps: Maps, picture: int, regions: Tensor) -> Tensor:
        """(R, C) scores of a picture's superpixels."""
        means = [region_means(maps[name][picture], regions, maps.padded) for name in self.described]
        return self.body(torch.cat(means, 1))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the superpixels of a class cost, a mean over all of them."""
        logits: list[Tensor] = []
        targets: list[Tensor] = []
        for picture, shown in enumerate(truth):
            regions = self._regions(maps, picture)
            logits.append(self._scored(maps, picture, regions))
            targets.append(majority(shown.get("semantic"), regions, self.classes, IGNORE))
        rows, target = torch.cat(logits).float(), torch.cat(targets)
        return {"class": self.costs(rows.T[None, :, :, None], target[None, :, None], self.class_weights)}
