"""The class of every pixel.

Legend: B pictures, C classes, (H, W) the batch's pixels, (h, w) positions of a map or pixels of one picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.core.input.channels import as_float
from saccade.heads.pixels.refined import Refiner, refined
from saccade.losses.pixels import IGNORE, PixelLoss
from saccade.network.head import Head
from saccade.network.maps import GUIDE, Maps

# A truth with `semantic`, to what each of its pixels (h, w) counts beside its class's weight.
Importance = Callable[[Annotation], Tensor]


@dataclass(frozen=True)
class PixelRaw:
    """Raw output of a head for pixels.

    Attributes:
        logits: (B, C, H, W) scores before the softmax.
        guide: (B, 3, H, W) the pictures on the scale 0..255, for what refines by colours; None where nothing does.
        sizes: (B, 2) int64, height and width of each picture in the batch's pixels.
    """

    logits: Tensor
    guide: Tensor | None
    sizes: Tensor


register_dataclass(PixelRaw, serialized_type_name="saccade.PixelRaw")


class PixelHead(Head):
    """Scores of a map's positions, brought to the picture's pixels.

    Args:
        reads: Name of the map.
        body: Makes (B, C, h, w) scores of it, such as a 1 × 1 convolution.
        classes: C.
        offset: Pixels that the map's unpadded layers cut off on every side (`Level.offset`); nothing is said of them.
        loss: What a wrong pixel costs.
        importance: What single pixels cost more, such as `BorderWeights`; it reads instances where the truth has masks.
        refine: Betters the probabilities of one picture, such as a CRF.
        refine_at: Where that is done. ``network``: within `decode`, at the network's pixels. ``picture``: afterwards,
            at the picture's own, which costs more and is finer.

    Attributes:
        class_weights: (C,) what a pixel of each class counts in the loss, 1 unless somebody balances them.
    """

    terms = ("class",)
    gives = frozenset({"semantic", "semantic_scores"})
    needs = frozenset({"semantic"})
    class_weights: Tensor

    def __init__(
        self,
        reads: str,
        body: nn.Module,
        classes: int,
        *,
        offset: float = 0.0,
        loss: PixelLoss = PixelLoss(),  # noqa: B008 (it never changes)
        importance: Importance | None = None,
        refine: Refiner | None = None,
        refine_at: Literal["network", "picture"] = "network",
    ) -> None:
        super().__init__()
        self.map, self.body, self.classes, self.offset = reads, body, classes, round(offset)
        self.costs, self.importance = loss, importance
        self.uses = frozenset[str]() if importance is None else frozenset({"instances.masks"})
        self.register_buffer("class_weights", torch.ones(classes), persistent=False)
        self.refiner, self.refines_own_pixels = refine, refine is not None and refine_at == "picture"
        self.reads = (reads, GUIDE) if refine is not None and refine_at == "network" else (reads,)

    def forward(self, maps: Maps) -> PixelRaw:
        """Scores of all of the batch's pixels; those that the map does not reach score alike for every class."""
        return PixelRaw(self.scores(maps), maps[GUIDE] if GUIDE in self.reads else None, maps.sizes)

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax."""
        height, width = maps.padded
        inner = (height - 2 * self.offset, width - 2 * self.offset)
        logits = F.interpolate(self.body(maps[self.map]), inner, mode="bilinear", align_corners=False)
        return F.pad(logits, (self.offset,) * 4)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the pixels of a class cost that the map reaches (`PixelLoss`).

        A pixel of a class is taken to be of no other, so that `semantic_sought` says nothing more; what may be of a
        class that was not sought should be 255, not of a class for all the rest.
        """
        logits = self.learnt_scores(maps).float()
        target = self._target(truth, (logits.shape[-2], logits.shape[-1]))
        importance = None if self.importance is None else self._importance(self.importance, truth, target)
        return {"class": self.costs(logits, target, self.class_weights, importance)}

    def learnt_scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores that the loss reads: those that are told, where a head says no other."""
        return self.scores(maps)

    def _importance(self, of: Importance, truth: Sequence[Annotation], target: Tensor) -> Tensor:
        """(B, H, W) factors of the class's weight w, so that a pixel counts w and what it has of its own."""
        own = torch.zeros_like(target, dtype=torch.float32)
        for canvas, shown in zip(own, truth, strict=True):
            added = of(shown)
            canvas[: added.shape[0], : added.shape[1]] = added
        weight = self.class_weights[target.masked_fill(target == IGNORE, 0)]
        return 1 + (own / weight).masked_fill(weight == 0, 0.0)

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``probabilities`` of the classes, a tile each in their order; ``doubt``, 1 less the likeliest one's."""
        probabilities = self.scores(maps).float().softmax(1)
        return {"probabilities": probabilities, "doubt": 1 - probabilities.amax(1, keepdim=True)}

    def _target(self, truth: Sequence[Annotation], size: tuple[int, int]) -> Tensor:
        """(B, H, W) true classes, 255 outside the pictures and where the map does not reach."""
        first = truth[0].get("semantic")
        target = first.new_full((len(truth), *size), IGNORE)
        rim = self.offset
        for canvas, shown in zip(target, truth, strict=True):
            semantic = shown.get("semantic")
            canvas[: semantic.shape[0], : semantic.shape[1]] = semantic
        if rim:
            inner = target[:, rim : size[0] - rim, rim : size[1] - rim].clone()
            target.fill_(IGNORE)[:, rim : size[0] - rim, rim : size[1] - rim] = inner
        return target

    def decode(self, raw: PixelRaw) -> list[Annotation]:
        """The likeliest class of each pixel, and the probabilities of all."""
        predictions: list[Annotation] = []
        for picture, (height, width) in enumerate(raw.sizes.tolist()):
            scores = raw.logits[picture, :, :height, :width].softmax(0)
            told = Annotation(semantic=scores.argmax(0), semantic_scores=scores)
            if raw.guide is not None and self.refiner is not None:
                told = refined(told, raw.guide[picture, :, :height, :width], self.refiner)
            predictions.append(told)
        return predictions

    def refine(self, prediction: Annotation, picture: Tensor) -> Annotation:
        """The prediction with probabilities that were refined at the picture's own pixels."""
        return prediction if self.refiner is None else refined(prediction, as_float(picture) * 255, self.refiner)
