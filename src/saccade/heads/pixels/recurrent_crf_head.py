"""The class of every pixel, by scores that a dense CRF betters within the network, so that both learn together."""

from collections.abc import Callable
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.heads.pixels.skip_head import coarsest_alone
from saccade.layers.decoder.skip_scores import SkipScores
from saccade.layers.recurrent.mean_field import MeanField
from saccade.losses.pixels import PixelLoss
from saccade.network.maps import GUIDE, Maps


class RecurrentCrfHead(PixelHead):
    """Scores of several maps, and steps of mean field on them, at the network's pixels.

    Layers of the scores have the names that they have in an FCN without it, so that its run begins this one (`--init`).

    Paper: Zheng et al. 2015, arXiv 1502.03240, sections 4 and 5.

    Args:
        body: Scores of maps.
        classes: C.
        field: The steps.
        iterations: Steps behind what is told.
        iterations_training: Steps behind what the loss reads.
        loss: What a wrong pixel costs.
    """

    not_exportable = "mean field runs on a lattice of each picture's own colours, which is built outside the network"

    def __init__(
        self,
        body: SkipScores,
        classes: int,
        *,
        field: MeanField,
        iterations: int,
        iterations_training: int,
        loss: PixelLoss = PixelLoss(),  # noqa: B008 (it never changes)
    ) -> None:
        super().__init__(body.reads[0], body, classes, loss=loss)
        self.body: SkipScores = body
        self.field, self.iterations, self.iterations_training = field, iterations, iterations_training
        self.reads = (*body.reads, GUIDE)

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax after the steps of use; 0 outside the pictures."""
        return self._each(maps, lambda scores, picture: self.field(scores, picture, self.iterations))

    def learnt_scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax after the steps of training, in whatever mode the network is."""
        return self._each(maps, lambda scores, picture: self.field(scores, picture, self.iterations_training))

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """Those of every head for pixels, ``coarse``, ``unary`` and ``beliefs``.

        ``coarse``: what the coarsest map alone would tell. ``unary``: the classes without the CRF. ``beliefs``: each
        pixel's probability of the class that is told in the end, a tile a step, the first before all steps.
        """
        unary = self.body(maps, maps.padded).argmax(1)
        without = [
            Annotation(semantic=classes[:height, :width])
            for classes, (height, width) in zip(unary, maps.sizes.tolist(), strict=True)
        ]
        return {
            **super().views(maps),
            "coarse": coarsest_alone(self, self.body, maps),
            "unary": without,
            "beliefs": self._each(maps, self._believed),
        }

    def _believed(self, scores: Tensor, picture: Tensor) -> Tensor:
        """(steps + 1, H, W) each pixel's probability of the class that is told in the end."""
        steps = list(islice(self.field.steps(scores, picture), self.iterations + 1))
        told = steps[-1].argmax(0, keepdim=True)
        return torch.cat([step.softmax(0).gather(0, told) for step in steps])

    def _each(self, maps: Maps, of: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """What a function makes of the scores (C, h, w) of each picture and its pixels, padded to the batch's size."""
        unary, guide = self.body(maps, maps.padded), maps[GUIDE]
        height, width = maps.padded
        found: list[Tensor] = []
        for scores, picture, (h, w) in zip(unary, guide, maps.sizes.tolist(), strict=True):
            found.append(F.pad(of(scores[:, :h, :w], picture[:, :h, :w]), (0, width - w, 0, height - h)))
        return torch.stack(found)
