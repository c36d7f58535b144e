"""The class, or the classes, of every pixel.

Legend: B pictures, C classes, (H, W) the batch's pixels, (h, w) positions of a map or pixels of one picture.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.input.channels import as_float
from saccade.core.masks import Masks
from saccade.core.score_maps import HALF, likeliest
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
        logits: (B, C, H, W) scores before the softmax, or the sigmoid.
        guide: (B, 3, H, W) the pictures on the scale 0..255, for what refines by colours; None where nothing does.
        sizes: (B, 2) int64, height and width of each picture in the batch's pixels.
    """

    logits: Tensor
    guide: Tensor | None
    sizes: Tensor


register_dataclass(PixelRaw, serialized_type_name="saccade.PixelRaw")


class PixelHead(Head):
    """Scores of a map's positions, brought to the picture's pixels.

    A pixel has one class (`semantic`), or may be of several or of none (`semantic_masks`): then each class is told by
    itself, from a probability of one half on, and one class alone can be learnt.

    Args:
        reads: Name of the map.
        body: Makes (B, C, h, w) scores of it, such as a 1 × 1 convolution.
        classes: C.
        offset: Pixels that the map's unpadded layers cut off on every side (`Level.offset`); nothing is said of them.
        loss: What a wrong pixel costs, and whether a pixel has one class or several.
        importance: What single pixels cost more, such as `BorderWeights`; it reads instances where the truth has masks.
        refine: Betters the probabilities of one picture, such as a CRF.
        refine_at: Where that is done. ``network``: within `decode`, at the network's pixels. ``picture``: afterwards,
            at the picture's own, which costs more and is finer.

    Raises:
        UsageError: What is refined, or weighs single pixels, is asked for where pixels have several classes.

    Attributes:
        class_weights: (C,) what a pixel of each class counts in the loss, 1 unless somebody balances them.
    """

    terms = ("class",)
    gives = frozenset({"semantic", "semantic_scores"})
    needs = frozenset({"semantic"})
    several = False
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
        if loss.labels == "several":
            _check_alone(importance, refine)
            self.several = True
            self.gives = frozenset({"semantic_masks", "semantic_mask_scores"})
            self.needs = frozenset({"semantic_masks"})
        self.map, self.body, self.classes, self.offset = reads, body, classes, round(offset)
        self.costs, self.importance = loss, importance
        self.uses = frozenset[str]() if importance is None else frozenset({"instances.masks"})
        self.register_buffer("class_weights", torch.ones(classes), persistent=False)
        self.refiner, self.refines_own_pixels = refine, refine is not None and refine_at == "picture"
        self.reads = (reads, GUIDE) if refine is not None and refine_at == "network" else (reads,)

    @property
    def class_layers(self) -> Mapping[str, int]:
        """Whatever makes the scores."""
        return {"body": 1}

    def forward(self, maps: Maps) -> PixelRaw:
        """Scores of all of the batch's pixels; those that the map does not reach score alike for every class."""
        return PixelRaw(self.scores(maps), maps[GUIDE] if GUIDE in self.reads else None, maps.sizes)

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax, or the sigmoid."""
        height, width = maps.padded
        inner = (height - 2 * self.offset, width - 2 * self.offset)
        logits = F.interpolate(self.body(maps[self.map]), inner, mode="bilinear", align_corners=False)
        return F.pad(logits, (self.offset,) * 4)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the pixels of a class cost that the map reaches (`PixelLoss`).

        A pixel of one class is taken to be of no other, so that `semantic_sought` says nothing more; what may be of a
        class that was not sought should be 255, not of a class for all the rest. Where pixels have several classes,
        those that were not sought cost nothing.
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
        """``probabilities`` of the classes, a tile each in their order; ``doubt``, 1 less the likeliest one's.

        Of several classes, the doubt of the least sure one: the probability of what is not told of it.
        """
        probabilities = self.probabilities(self.scores(maps).float(), 1)
        if self.several:
            doubt = torch.minimum(probabilities, 1 - probabilities).amax(1, keepdim=True)
        else:
            doubt = 1 - probabilities.amax(1, keepdim=True)
        return {"probabilities": probabilities, "doubt": doubt}

    def probabilities(self, logits: Tensor, axis: int) -> Tensor:
        """Probabilities of scores whose classes lie along an axis."""
        return logits.sigmoid() if self.several else logits.softmax(axis)

    def _target(self, truth: Sequence[Annotation], size: tuple[int, int]) -> Tensor:
        """(B, H, W) true classes, 255 outside the pictures and where the map does not reach.

        Of several classes (B, C, H, W): 1 inside the mask of each, 0 outside, 255 where that is unknown.
        """
        maps = [layers_of(shown) if self.several else shown.get("semantic") for shown in truth]
        target = maps[0].new_full((len(truth), *maps[0].shape[:-2], *size), IGNORE)
        for canvas, shown in zip(target, maps, strict=True):
            canvas[..., : shown.shape[-2], : shown.shape[-1]] = shown
        if rim := self.offset:
            inner = (..., slice(rim, size[0] - rim), slice(rim, size[1] - rim))
            reached = target[inner].clone()
            target.fill_(IGNORE)[inner] = reached
        return target

    def decode(self, raw: PixelRaw) -> list[Annotation]:
        """The likeliest class of each pixel, or all above one half, and the probabilities of all."""
        predictions: list[Annotation] = []
        for picture, (height, width) in enumerate(raw.sizes.tolist()):
            scores = self.probabilities(raw.logits[picture, :, :height, :width], 0)
            if self.several:
                masks = Masks.from_dense(scores > HALF)
                predictions.append(Annotation(semantic_masks=masks, semantic_mask_scores=scores))
                continue
            told = Annotation(semantic=likeliest(scores), semantic_scores=scores)
            if raw.guide is not None and self.refiner is not None:
                told = refined(told, raw.guide[picture, :, :height, :width], self.refiner)
            predictions.append(told)
        return predictions

    def refine(self, prediction: Annotation, picture: Tensor) -> Annotation:
        """The prediction with probabilities that were refined at the picture's own pixels."""
        return prediction if self.refiner is None else refined(prediction, as_float(picture) * 255, self.refiner)


def layers_of(truth: Annotation) -> Tensor:
    """(C, H, W) uint8 of a truth with masks of classes: 1 inside each, 0 outside, 255 where that is unknown."""
    layers = truth.get("semantic_masks").dense().byte()
    if truth.semantic_masks_unknown is not None:
        layers = layers.masked_fill(truth.semantic_masks_unknown, IGNORE)
    sought = truth.semantic_sought
    return layers if sought is None else layers.masked_fill(~sought[:, None, None], IGNORE)


def _check_alone(importance: Importance | None, refine: Refiner | None) -> None:
    """Refuse what reads one class a pixel, where there may be several."""
    found = "weights of pixels between objects" if importance is not None else "a refinement by colours"
    if importance is not None or refine is not None:
        raise UsageError(
            "one class a pixel", f"{found} of several", cure="leave it out, or let each pixel have one class"
        )
