"""How likely each pixel lies on a contour, or on one of each class.

Papers: Xie, Tu 2015, Holistically-nested edge detection (HED), arXiv 1504.06375, sections 3.1 and 3.2; Yu, Feng, Liu,
Ramalingam 2017, CASENet, arXiv 1705.09759, section 3.

Legend: B pictures, C maps that are told, T outputs that are learnt, A maps that were drawn, (H, W) the batch's pixels,
(h, w) those of one picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.layers.decoder.contour_scores import ContourScores
from saccade.losses.contours import IGNORE, Over, balanced_contours
from saccade.network.head import Head
from saccade.network.maps import Maps

# Maps (A, h, w) that were drawn, to those that are learnt (C, h, w), uint8 of 0, 1 and 255.
Target = Callable[[Tensor], Tensor]
Told = Literal["merged", "fused"]


@dataclass(frozen=True)
class ContourRaw:
    """Raw output of a head for contours.

    Attributes:
        logits: (B, T, C, H, W) scores before the sigmoid of each output, the fused one last.
        sizes: (B, 2) int64, height and width of each picture in the batch's pixels.
    """

    logits: Tensor
    sizes: Tensor


register_dataclass(ContourRaw, serialized_type_name="saccade.ContourRaw")


class ContourHead(Head):
    """Contours of several maps, each learnt by itself, and of all of them fused.

    Args:
        body: Scores of the maps.
        target: What is learnt of the maps that were drawn, such as `Consensus`.
        over: Whether a picture's costs are added up, or a mean; see `balanced_contours`.
        told: What is told. ``merged``: the mean of all outputs' probabilities (HED, section 3.2). ``fused``: the fused
            one's.
    """

    gives = frozenset({"contours"})
    needs = frozenset({"contours"})

    def __init__(self, body: ContourScores, target: Target, *, over: Over = "mean", told: Told = "fused") -> None:
        super().__init__()
        self.body, self.target, self.told = body, target, told
        self.over: Over = over
        self.reads, self.terms = body.reads, body.terms

    def forward(self, maps: Maps) -> ContourRaw:
        """Scores of all of the batch's pixels."""
        return ContourRaw(self.body(maps, maps.padded), maps.sizes)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """What wrong contours of each output cost, by its term (`balanced_contours`)."""
        outputs = self.body(maps, maps.padded).float()
        target = self._target(truth, maps.padded)
        return {
            term: balanced_contours(logits, target, self.over)
            for term, logits in zip(self.terms, outputs.unbind(1), strict=True)
        }

    def decode(self, raw: ContourRaw) -> list[Annotation]:
        """The probability that each pixel lies on a contour, (C, h, w)."""
        chosen = raw.logits if self.told == "merged" else raw.logits[:, -1:]
        return [
            Annotation(contours=logits[..., :height, :width].sigmoid().mean(0))
            for logits, (height, width) in zip(chosen, raw.sizes.tolist(), strict=True)
        ]

    def views(self, maps: Maps) -> dict[str, Tensor]:
        """``sides``, a tile an output; of several classes ``side5`` and ``fuse``, a tile a class; and the body's."""
        probabilities = self.body(maps, maps.padded).float().sigmoid()
        if self.body.classes == 1:
            each = {"sides": probabilities[:, :, 0]}
        else:
            each = dict(zip(self.terms, probabilities.unbind(1), strict=True))
        return {**each, **self.body.views(maps, maps.padded)}

    def _target(self, truth: Sequence[Annotation], size: tuple[int, int]) -> Tensor:
        """(B, C, H, W) uint8 0 and 1, 255 outside the pictures.

        Raises:
            DataError: There is not a map for each class.
        """
        drawn = [shown.get("contours") for shown in truth]
        target = torch.full((len(drawn), self.body.classes, *size), IGNORE, dtype=torch.uint8, device=drawn[0].device)
        for canvas, maps in zip(target, drawn, strict=True):
            learnt = self.target(maps)
            if len(learnt) != len(canvas):
                raise DataError(
                    f"a map of contours for each of {len(canvas)} classes",
                    len(learnt),
                    cure="contours of people are learnt by edgenet",
                )
            canvas[:, : learnt.shape[1], : learnt.shape[2]] = learnt
        return target
