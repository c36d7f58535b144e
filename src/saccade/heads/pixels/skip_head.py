"""The class of every pixel, by scores of maps of several strides (FCN's skips, DeepLab with edges)."""

from typing import Literal

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.pixels.pixel_head import PixelHead, PixelRaw
from saccade.heads.pixels.refined import Refiner
from saccade.layers.decoder.pixel_scores import PixelScores
from saccade.losses.pixels import PixelLoss
from saccade.network.maps import Maps


class SkipPixelHead(PixelHead):
    """A head for pixels whose body itself brings the scores of several maps to the picture's pixels.

    Args:
        body: Scores of maps.
        classes: C.
        loss: What a wrong pixel costs.
        refine: Betters the probabilities of one picture; see `PixelHead`.
        refine_at: Where that is done.
    """

    def __init__(
        self,
        body: PixelScores,
        classes: int,
        *,
        loss: PixelLoss = PixelLoss(),  # noqa: B008 (it never changes)
        refine: Refiner | None = None,
        refine_at: Literal["network", "picture"] = "network",
    ) -> None:
        super().__init__(body.reads[0], body, classes, loss=loss, refine=refine, refine_at=refine_at)
        self.body: PixelScores = body
        self.reads = (*body.reads, *self.reads[1:])

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """Those of every head for pixels, ``coarse``: what the coarsest map alone would tell, and the body's."""
        coarse = coarsest_alone(self, self.body, maps)
        return {**super().views(maps), "coarse": coarse, **self.body.views(maps, maps.padded)}

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax."""
        return self.body(maps, maps.padded)


def coarsest_alone(head: PixelHead, body: PixelScores, maps: Maps) -> list[Annotation]:
    """What a head would tell if its body read the coarsest map alone."""
    logits = body(maps, maps.padded, coarsest_alone=True).float()
    return head.decode(PixelRaw(logits, None, maps.sizes))
