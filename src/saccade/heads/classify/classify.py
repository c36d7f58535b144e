"""The class, or the classes, of the whole picture.

Legend: B pictures, C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.losses.classification import sigmoid_cross_entropy, softmax_cross_entropy
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.ops.regions.inside import mean_inside


@dataclass(frozen=True)
class ClassScores:
    """Raw output of a class head.

    Attributes:
        logits: (B, C) scores before softmax or sigmoid.
    """

    logits: Tensor


register_dataclass(ClassScores, serialized_type_name="saccade.ClassScores")


class ClassifyHead(Head):
    """Scores for each class of the whole picture.

    With softmax a picture has one class, or a blend where truth brings `label_scores`; with sigmoid it has many, and
    classes marked unknown are left out of the loss.

    Args:
        reads: Name of the map that it reads.
        body: Makes (B, C) scores of that map, such as `fully_connected`.
        classes: Number of classes.
        loss: ``softmax`` or ``sigmoid``.
        smoothing: Label smoothing of the softmax.
        inside: Whether the body sees the mean over the picture's own positions, (B, channels, 1, 1), in place of the
            map: in batches of unlike pictures the others are padding.

    Attributes:
        class_weights: (C,) weight of each class in the loss, 1 unless somebody balances them.
    """

    terms = ("class",)
    class_weights: Tensor

    def __init__(
        self,
        reads: str,
        body: nn.Module,
        classes: int,
        *,
        loss: Literal["softmax", "sigmoid"] = "softmax",
        smoothing: float = 0.0,
        inside: bool = False,
    ) -> None:
        super().__init__()
        self.reads, self.body, self.classes, self.inside = (reads,), body, classes, inside
        self.many, self.smoothing = loss == "sigmoid", smoothing
        self.gives = frozenset({"label_scores", "labels" if self.many else "label"})
        self.needs = frozenset({"labels" if self.many else "label"})
        self.register_buffer("class_weights", torch.ones(classes), persistent=False)

    @property
    def class_layers(self) -> Mapping[str, int]:
        """Whatever makes the scores."""
        return {"body": 1}

    def forward(self, maps: Maps) -> ClassScores:
        """Scores of each picture."""
        read = maps[self.reads[0]]
        return ClassScores(self.body(mean_inside(read, maps.sizes, maps.padded) if self.inside else read))

    def evidence(self, raw: ClassScores) -> Tensor:
        """(B, C) scores before softmax or sigmoid."""
        return raw.logits

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Cross entropy, under ``class``."""
        logits = self(maps).logits.float()
        if self.many:
            labels = torch.stack([t.get("labels") for t in truth])
            return {"class": sigmoid_cross_entropy(logits, labels, self.class_weights)}
        target = class_target(truth, self.classes)
        return {"class": softmax_cross_entropy(logits, target, self.class_weights, self.smoothing)}

    def decode(self, raw: ClassScores) -> list[Annotation]:
        """Probabilities, and the likeliest class or the classes above one half."""
        return decode_classes(raw.logits, self.many)


def decode_classes(logits: Tensor, many: bool) -> list[Annotation]:
    """Scores (B, C) of many classes by a sigmoid, those above one half told; else by a softmax, the likeliest told."""
    if many:
        return [Annotation(labels=(scores > 0.5).long(), label_scores=scores) for scores in logits.sigmoid()]
    return [Annotation(label=scores.argmax(), label_scores=scores) for scores in logits.softmax(1)]


def class_target(truth: Sequence[Annotation], classes: int) -> Tensor:
    """(B, C) float32: the blend that truth brings, else 1 at the picture's class."""
    return torch.stack([_blend(t, classes) for t in truth])


def _blend(truth: Annotation, classes: int) -> Tensor:
    scores = truth.label_scores
    return F.one_hot(truth.get("label"), classes).float() if scores is None else scores.float()
