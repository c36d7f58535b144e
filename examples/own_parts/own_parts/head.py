"""A head of one's own: it reads a map, and says which class the whole picture has."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from own_parts.loss import focal_cross_entropy
from saccade.core.annotation import Annotation
from saccade.network.head import Head
from saccade.network.maps import Maps


@dataclass(frozen=True)
class Scores:
    """Raw output: (B, C) scores before the softmax."""

    logits: Tensor


# The raw output is a tree of tensors: whoever casts, moves or exports it must be able to see its leaves.
register_dataclass(Scores, serialized_type_name="own_parts.Scores")


class FocalHead(Head):
    """Linear scores of a map's average, learnt with the focal loss.

    Args:
        reads: Name of the map that it reads.
        channels: Channels of that map.
        classes: Number of classes.
        focus: Exponent of the loss.
    """

    gives = frozenset({"label", "label_scores"})
    needs = frozenset({"label"})
    terms = ("focal",)

    def __init__(self, reads: str, channels: int, classes: int, focus: float = 2.0) -> None:
        super().__init__()
        self.reads, self.focus = (reads,), focus
        self.score = nn.Linear(channels, classes)

    def forward(self, maps: Maps) -> Scores:
        """Scores of each picture; truth is never seen here."""
        return Scores(self.score(maps[self.reads[0]].mean((2, 3))))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """One scalar for each name in `terms`; every picture in `truth` has what the head `needs`."""
        labels = torch.stack([t.get("label") for t in truth])
        return {"focal": focal_cross_entropy(self(maps).logits.float(), labels, self.focus)}

    def decode(self, raw: Scores) -> list[Annotation]:
        """One prediction a picture, with the fields that the head `gives`."""
        return [Annotation(label=scores.argmax(), label_scores=scores) for scores in raw.logits.softmax(1)]
