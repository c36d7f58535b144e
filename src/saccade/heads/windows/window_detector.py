"""OverFeat as a detector: a class, background or a box of its own for every window of several scales.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat, arXiv 1312.6229, sections 3.3, 4 and 5.

Legend: B pictures, S scales, C classes, m windows of all scales, K boxes of a window: 1 or C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.windows.window_head import WindowShape, slide
from saccade.heads.windows.window_predictions import WindowPredictions, codes_of
from saccade.heads.windows.window_scores import WindowScores
from saccade.heads.windows.window_targets import in_a_row, mean_of
from saccade.heads.windows.window_views import detection_views
from saccade.losses.localization import half_squared
from saccade.losses.scores import SoftmaxScores
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.ops.boxes.assign import Assignment, assign, centred, classes_sought
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import Sampler
from saccade.ops.boxes.suppression import Suppression


@dataclass(frozen=True)
class DetectorRules:
    """What the windows learn, and what stays of them.

    Attributes:
        matcher: Which window shows which object.
        sample: Which windows count.
        answers: What stays of all that is scored.
        joint: Whether boxes move the trunk too.
    """

    matcher: Matcher
    sample: Sampler
    answers: WindowPredictions
    joint: bool = False


class WindowDetectorHead(Head):
    """Scores and boxes of all windows, of which those that agree are merged or suppressed.

    Args:
        score: (B, C + 1, h', w') scores of a pooled map, background first: fully connected layers as convolutions.
        box: (B, 4 · K, h', w') codes of the same.
        shape: What a window is.
        rules: What they learn, and what stays.
    """

    terms = ("class", "box")
    regressions = ("box",)
    owns_rows = True
    by_picture = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(self, score: nn.Module, box: nn.Module, shape: WindowShape, rules: DetectorRules) -> None:
        super().__init__()
        self.score, self.box, self.shape, self.rules = score, box, shape, rules
        self.reads = tuple(f"scale{place}" for place in range(1, 1 + len(shape.factors)))

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self.rules.answers.suppression

    def forward(self, maps: Maps) -> WindowScores:
        """Scores and codes of every window of every scale."""
        return slide(maps, self.reads, self.shape, self.score, self.box, joint=self.rules.joint)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cross entropy of the windows that count. ``box``: half the squared distance of objects' edges.

        Both are means over a picture's windows, then over pictures; edges are over the window's sides.
        """
        raw = self(maps)
        logits, codes, windows = in_a_row(raw)
        found, wanted = self.targets(windows, raw.sizes, truth)
        cost = SoftmaxScores().cost(logits, found.labels, classes_sought(truth, logits.device))
        chosen = self.rules.sample(found.rows, cost)
        objects = chosen & (found.rows >= 0)
        own = codes_of(codes.flatten(0, 1), found.labels.flatten()).view_as(wanted)
        return {"class": mean_of(cost, chosen), "box": mean_of(half_squared(own, wanted), objects)}

    @torch.no_grad()
    def targets(self, windows: Tensor, sizes: Tensor, truth: Sequence[Annotation]) -> tuple[Assignment, Tensor]:
        """What the windows of each picture show, (B, m), and (B, m, 4) edges that they should give.

        Windows whose centre lies in the batch's padding are left out.

        Args:
            windows: (m, 4) in input pixels.
            sizes: (B, 2) height and width of each picture in input pixels.
            truth: What the B pictures show.
        """
        pairs = zip(sizes, truth, strict=True)
        found = Assignment.stack([assign(self.rules.matcher, windows, shown, size, centred) for size, shown in pairs])
        sides = (windows[:, 2:] - windows[:, :2]).repeat(1, 2)
        return found, (found.boxes - windows[:, :2].repeat(1, 2)) / sides

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``scores``: how likely windows of each scale show the picture's surest class; ``windows``: the best boxes."""
        return detection_views(self(maps), maps.padded)

    def decode(self, raw: WindowScores) -> list[Annotation]:
        """The boxes that stay, with scores and labels."""
        return self.rules.answers(raw)
