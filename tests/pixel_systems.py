"""A network that gives scores of pixels without learning anything: each class scores by a channel of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.export import register_dataclass

from helpers import CLASSES, TinyTrunk
from saccade.core.annotation import Annotation
from saccade.core.input.input_spec import InputSpec
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.network.system import System


@dataclass(frozen=True)
class Pixels:
    """(B, C, H, W) scores."""

    scores: Tensor


register_dataclass(Pixels, serialized_type_name="saccade.tests.Pixels")


class ChannelHead(Head):
    """Classes of pixels: red, green or blue, whichever is most; and a line where there is most red."""

    reads = (IMAGE,)
    needs = frozenset({"semantic"})
    terms = ("none",)
    vague = False

    def __init__(self, fields: Sequence[str] = ("semantic", "semantic_scores")) -> None:
        super().__init__()
        self.gives = frozenset(fields)

    def forward(self, maps: Maps) -> Pixels:
        return Pixels(maps[IMAGE])

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"none": maps["deep"].sum() * 0}

    def decode(self, raw: Pixels) -> list[Annotation]:
        every = [
            {"semantic": scores.argmax(0), "semantic_scores": scores, "contours": scores[:1]} for scores in raw.scores
        ]
        return [Annotation(**{name: one[name] for name in self.gives}) for one in every]


def pixel_system(spec: InputSpec | None = None, fields: Sequence[str] = ("semantic", "semantic_scores")) -> System:
    """Such a network; without a spec it takes pictures as they are."""
    plain = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    spec = spec or InputSpec("native", **plain)
    torch.manual_seed(0)
    return System(TinyTrunk(), {"pixels": ChannelHead(fields)}, classes=CLASSES, input=spec).eval()
