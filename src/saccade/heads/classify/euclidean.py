"""LeNet-5's output: the squared distance of F6 to a fixed code of each class.

Paper: LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition, section II.B.

Legend: B pictures, C classes, D bits of a code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.heads.classify.classify import class_target
from saccade.losses.classification import rejecting_distance
from saccade.network.head import Head
from saccade.network.maps import Maps


@dataclass(frozen=True)
class Distances:
    """Raw output of a Euclidean head.

    Attributes:
        distances: (B, C) squared distances to the classes' codes.
    """

    distances: Tensor


register_dataclass(Distances, serialized_type_name="saccade.Distances")


class EuclideanHead(Head):
    """The class whose code is nearest. Nothing here learns; the layer below moves towards the codes.

    Args:
        reads: Name of the map that it reads, with one position and D channels.
        codes: (C, D) of -1 and 1.
    """

    terms = ("class",)
    gives = frozenset({"label", "label_scores"})
    needs = frozenset({"label"})
    codes: Tensor

    def __init__(self, reads: str, codes: Tensor) -> None:
        super().__init__()
        self.reads = (reads,)
        self.register_buffer("codes", codes)

    def forward(self, maps: Maps) -> Distances:
        """Distance of each picture to each class."""
        vectors = maps[self.reads[0]].flatten(1)
        return Distances((vectors[:, None] - self.codes).square().sum(2))

    def evidence(self, raw: Distances) -> Tensor:
        """(B, C) distances, negated: what the softmax of the prediction takes."""
        return -raw.distances

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """The paper's discriminative criterion, under ``class``."""
        distances = self(maps).distances.float()
        return {"class": rejecting_distance(distances, class_target(truth, len(self.codes)))}

    def decode(self, raw: Distances) -> list[Annotation]:
        """The nearest class; probabilities are those of the loss, without its constant."""
        return [Annotation(label=scores.argmax(), label_scores=scores) for scores in (-raw.distances).softmax(1)]
