"""The class of every pixel, by a classifier that sees the patch about each, one by one.

Paper: Cireşan, Giusti, Gambardella, Schmidhuber 2012, Deep neural networks segment neuronal membranes in electron
microscopy images, NIPS 25, section 2.

Legend: B pictures, C classes, n patches, p pixels a side of a patch, (h, w) the pixels that have a whole patch.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.losses.pixels import IGNORE
from saccade.network.maps import IMAGE, Maps


class PatchPixelHead(PixelHead):
    """A class for the middle pixel of each patch, learnt from patches that are drawn, as many of each class shown.

    Args:
        describe: Patches (n, channels, p, p) to (n, size, 1, 1): a method of the trunk, whose weights stay the trunk's.
        body: Makes (n, C, 1, 1) scores of that.
        classes: C.
        side: p, odd.
        samples: Patches of a picture that are learnt from.
    """

    by_picture = True
    not_exportable = "patches are cut out of the picture and run one by one"

    def __init__(
        self, describe: Callable[[Tensor], Tensor], body: nn.Module, classes: int, side: int, samples: int
    ) -> None:
        super().__init__(IMAGE, body, classes, offset=side // 2)
        self.describe, self.side, self.samples = describe, side, samples

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax; a row of patches runs at once."""
        windows = self._windows(maps[IMAGE])
        rows = [self._row(row) for row in windows.unbind(2)]
        return F.pad(torch.stack(rows, 2), (self.offset,) * 4)

    def _windows(self, pictures: Tensor) -> Tensor:
        """(B, channels, h, w, p, p) views of the patches of pictures (B, channels, H, W)."""
        return pictures.unfold(2, self.side, 1).unfold(3, self.side, 1)

    def _row(self, row: Tensor) -> Tensor:
        """(B, C, w) of the patches (B, channels, w, p, p) of a row of pixels."""
        patches = row.transpose(1, 2).flatten(0, 1)
        return self.body(self.describe(patches)).flatten(1).unflatten(0, (len(row), -1)).transpose(1, 2)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the middle pixels of the patches that are drawn cost, a mean over all of them."""
        windows, height, width = self._windows(maps[IMAGE]), *maps.padded
        target = self._target(truth, (height, width))[
            :, self.offset : height - self.offset, self.offset : width - self.offset
        ]
        owners, rows, columns = (torch.cat(column) for column in zip(*map(self._drawn, enumerate(target)), strict=True))
        if not len(owners):
            return {"class": self(maps).logits.float().sum() * 0.0}
        patches = torch.stack(
            [windows[b, :, y, x] for b, y, x in zip(owners.tolist(), rows.tolist(), columns.tolist(), strict=True)]
        )
        logits = self.body(self.describe(patches)).flatten(1).float()
        return {
            "class": self.costs(
                logits.T[None, :, :, None], target[owners, rows, columns][None, :, None], self.class_weights
            )
        }

    def _drawn(self, numbered: tuple[int, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Picture, rows and columns of the pixels that are drawn of a map (h, w) of classes, about as many of each."""
        picture, target = numbered
        labels = target[target != IGNORE].unique().tolist()
        each = -(-self.samples // max(len(labels), 1))
        places = [(target.flatten() == label).nonzero()[:, 0].cpu() for label in labels]
        chosen = [of_one[torch.randint(len(of_one), (each,))] for of_one in places]
        found = torch.cat(chosen)[: self.samples] if chosen else torch.zeros(0, dtype=torch.int64)
        width = target.shape[1]
        return torch.full_like(found, picture), found // width, found % width
