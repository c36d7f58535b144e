"""Linear support vector machines as a head: solved at once, used as a layer.

Legend: B pictures, C classes, D channels.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.heads.classify.classify import ClassScores, decode_classes
from saccade.heads.classify.svm_selection import SvmExamples, choose, solve_classes
from saccade.heads.classify.svm_solver import SvmSettings
from saccade.losses.classification import one_against_rest
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.protocols.solvable import Pass


class SvmHead(Head):
    """One linear machine a class, against the rest, on the average of a map.

    `solve` finds the weights from all training pictures at once; `loss` is the same squared hinge, for a measure on
    other pictures and for descent.

    A margin is above 0 where a class is taken to be shown. Scores are the softmax (many classes a picture: the sigmoid)
    of the margins times `sharpness`, which cross-validation on the training pictures finds: the likeliest class is that
    of the greatest margin, and a class of many is told from a score of one half on.

    Args:
        reads: Name of the map that it reads.
        channels: Its channels D.
        classes: Number of classes.
        many: Whether a picture may show several classes, learnt from `labels`, or has one, learnt from `label`.
        normalise: Whether each picture's numbers are brought to a length of 1.
        cost: The machines' constant C, or None to find it by cross-validation.

    Attributes:
        class_weights: (C,) factor of C for pictures that show a class, 1 unless somebody balances them.
        sharpness: () factor of the margins before softmax or sigmoid.
    """

    terms = ("class",)
    class_weights: Tensor
    sharpness: Tensor

    def __init__(
        self,
        reads: str,
        channels: int,
        classes: int,
        *,
        many: bool = False,
        normalise: bool = True,
        cost: float | None = None,
    ) -> None:
        super().__init__()
        self.reads, self.classes, self.many, self.normalise, self.cost = (reads,), classes, many, normalise, cost
        self.linear = nn.Linear(channels, classes)
        self.gives = frozenset({"label_scores", "labels" if many else "label"})
        self.needs = frozenset({"labels" if many else "label"})
        self.register_buffer("class_weights", torch.ones(classes), persistent=False)
        self.register_buffer("sharpness", torch.ones(()))

    def features(self, maps: Maps) -> Tensor:
        """(B, D) what the machines see of each picture."""
        averages = maps[self.reads[0]].mean((2, 3))
        return F.normalize(averages, dim=1) if self.normalise else averages

    def forward(self, maps: Maps) -> ClassScores:
        """Margins times the sharpness."""
        return ClassScores(self.linear(self.features(maps)) * self.sharpness)

    def evidence(self, raw: ClassScores) -> Tensor:
        """(B, C) margins times the sharpness."""
        return raw.logits

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Squared hinge, under ``class``."""
        margins = self.linear(self.features(maps)).float()
        return {"class": one_against_rest(margins, self.targets(truth), self.class_weights)}

    def decode(self, raw: ClassScores) -> list[Annotation]:
        """Scores, and the class of the greatest margin or the classes of margins above 0."""
        return decode_classes(raw.logits, self.many)

    def targets(self, truth: Sequence[Annotation]) -> Tensor:
        """(B, C) 1 shown, 0 not shown, -1 unknown."""
        if self.many:
            return torch.stack([t.get("labels") for t in truth])
        return F.one_hot(torch.stack([t.get("label") for t in truth]), self.classes)

    @torch.no_grad()
    def solve(self, feature_pass: Pass, folder: Path | None = None) -> dict[str, float]:
        """Find the weights by scikit-learn, C and sharpness by cross-validation where they are not given.

        Features of whole pictures are few enough to stay in memory, and nothing is kept in the folder.

        Raises:
            DataError: No picture is annotated.
        """
        del folder
        rows: list[Tensor] = []
        targets: list[Tensor] = []
        for maps, truth in feature_pass():
            known = [place for place, t in enumerate(truth) if t.has(*self.needs)]
            if known:
                rows.append(self.features(maps.pick(known)).float().cpu())
                targets.append(self.targets([truth[place] for place in known]).cpu())
        if not rows:
            raise DataError(f"pictures annotated with {', '.join(self.needs)}", "none")
        examples = SvmExamples(torch.cat(rows), torch.cat(targets), self.many, self.class_weights.cpu())
        choice = choose(examples, SvmSettings(), self.cost)
        weight, bias = solve_classes(examples, choice.settings)
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(bias)
        self.sharpness.fill_(choice.sharpness)
        told = {"C": choice.settings.cost, "sharpness": choice.sharpness}
        return told if choice.score is None else {**told, "cross_validation": choice.score}
