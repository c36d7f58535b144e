"""Small networks of one person: one sees joints as coloured dots, one learns them, one finds persons."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from helpers import TinyTrunk
from saccade.core.annotation import Annotation, Instances
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.person_crop import PersonCrop
from saccade.core.vocabulary import Vocabularies
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.suppression import Suppression

SIDE = 64
DOTS = ("left_dot", "right_dot")
PLAIN = {"mean": (0.0,) * 3, "std": (1.0,) * 3}


@dataclass(frozen=True)
class Places:
    """(B, K, 2) places in the input's pixels, and (B, K) scores."""

    places: Tensor
    scores: Tensor


register_dataclass(Places, serialized_type_name="saccade.tests.Places")


class PoseHead(Head):
    """What the heads of this file have in common: a squared loss, and joints that are all seen."""

    needs = frozenset({"pose", "pose_visible"})
    gives = frozenset({"pose", "pose_visible"})
    terms = ("place",)
    vague = False

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        found = self(maps).places
        wanted = torch.stack([one.get("pose") for one in truth]).to(found)
        seen = torch.stack([one.get("pose_visible") > 0 for one in truth]).to(found)
        far = ((found - wanted) / SIDE).square().sum(-1) * seen
        return {"place": far.sum() / seen.sum().clamp(min=1) + maps["deep"].sum() * 0}

    def decode(self, raw: Places) -> list[Annotation]:
        both = zip(raw.places, raw.scores, strict=True)
        return [Annotation(pose=p, pose_visible=torch.where(s > 0, 2, 0)) for p, s in both]


class DotHead(PoseHead):
    """The left joint is the middle of what is red, the right one that of what is green, weighed towards the centre."""

    reads = (IMAGE,)

    def forward(self, maps: Maps) -> Places:
        image = maps[IMAGE][:, :2]
        lit = image * (image > 0.5)
        ys, xs = (torch.arange(side) + 0.5 for side in image.shape[-2:])
        whole = lit.sum((2, 3)).clamp(min=1e-6)
        x, y = (lit.sum(2) * xs).sum(-1) / whole, (lit.sum(3) * ys).sum(-1) / whole
        return Places(torch.stack([x, y], -1), lit.amax((2, 3)))


class LearningHead(PoseHead):
    """A linear layer on a coarse grid of the trunk's map."""

    reads = ("deep",)

    def __init__(self, joints: int) -> None:
        super().__init__()
        self.layer = nn.Linear(8 * 64, 2 * joints)

    def forward(self, maps: Maps) -> Places:
        pooled = nn.functional.adaptive_avg_pool2d(maps["deep"], 8).flatten(1)
        places = self.layer(pooled).view(len(pooled), -1, 2) * SIDE + SIDE / 2
        return Places(places, torch.ones_like(places[..., 0]))


class BlueHead(Head):
    """Persons are the blue rectangles that do not touch: of each row of pixels one, by columns that are blue."""

    reads = (IMAGE,)
    needs = frozenset({"instances.boxes", "instances.labels"})
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    owns_rows = True
    suppression = Suppression()
    terms = ("none",)
    vague = False

    def forward(self, maps: Maps) -> Places:
        return Places(maps[IMAGE][:, 2], maps[IMAGE][:, 2, 0])

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"none": maps["deep"].sum() * 0}

    def decode(self, raw: Places) -> list[Annotation]:
        return [Annotation(instances=_rectangles(blue > 0.25)) for blue in raw.places]


def _rectangles(blue: Tensor) -> Instances:
    """Runs of columns with blue in them, each with the rows that are blue there."""
    columns = torch.cat([torch.zeros(1, dtype=torch.int64), blue.any(0).long(), torch.zeros(1, dtype=torch.int64)])
    starts, ends = (columns.diff() == 1).nonzero().flatten(), (columns.diff() == -1).nonzero().flatten()
    boxes = torch.zeros(len(starts), 4)
    for row, (left, right) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        rows = blue[:, left:right].any(1).nonzero().flatten()
        boxes[row] = torch.tensor([left, int(rows[0]), right, int(rows[-1]) + 1])
    return Instances(boxes, torch.ones(len(boxes), dtype=torch.int64), torch.linspace(0.9, 0.6, len(boxes)))


def pose_system(head: PoseHead, joints: Sequence[str] = DOTS, crop: PersonCrop | None = None) -> System:
    """A network of a head of this file that sees the square around one person."""
    torch.manual_seed(0)
    spec = InputSpec("person", (SIDE, SIDE), person=crop or PersonCrop(), **PLAIN)
    names = Vocabularies({"joints": tuple(joints)})
    recipe = Recipe(optimiser="adamw", lr=0.01, batch=4, epochs=1)
    return System(TinyTrunk(), {"pose": head}, classes=names, input=spec, recipe=recipe).eval()


def dot_system(crop: PersonCrop | None = None) -> System:
    """The network that sees dots."""
    return pose_system(DotHead(), crop=crop)


def finder_system(classes: tuple[str, ...] = ("dog", "person")) -> System:
    """The network that finds persons: all that it finds is of its second class."""
    torch.manual_seed(0)
    return System(TinyTrunk(), {"boxes": BlueHead()}, classes=classes, input=InputSpec("native", **PLAIN)).eval()
