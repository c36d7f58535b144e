"""A classifier slid over a picture at several sizes: what each window shows, or that it shows nothing.

Source: Vaillant, Monrocq, LeCun 1994, Original approach for the localisation of objects in images, IEE Proceedings on
Vision, Image and Signal Processing 141(4).

Legend: B pictures, C classes, S scales, (h, w) windows of a scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.windows.window_predictions import WindowPredictions
from saccade.heads.windows.window_scores import WindowScores
from saccade.heads.windows.window_targets import in_a_row, mean_of
from saccade.heads.windows.window_views import detection_views
from saccade.losses.scores import SoftmaxScores
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.ops.boxes.assign import Assignment, assign, centred, classes_sought
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import Sampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.windows.scales import WindowScales


@dataclass(frozen=True)
class SlidingRules:
    """What windows of the grid learn, and what stays of them.

    Attributes:
        matcher: Which window shows which object.
        sample: Which windows count.
        answers: What stays of all that is scored.
    """

    matcher: Matcher
    sample: Sampler
    answers: WindowPredictions


class SlidingHead(Head):
    """A class or background for each window; a window that shows an object is its box.

    It learns from windows as it will see them: trunks that pad see beyond a window's border.

    Args:
        reads: Names of the S maps that describe windows, a position a window.
        size: Numbers by which a window is described.
        classes: C.
        scales: Where the windows of each map stand.
        rules: What they learn, and what stays.
    """

    terms = ("class",)
    owns_rows = True
    by_picture = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(
        self, reads: Sequence[str], size: int, classes: int, scales: WindowScales, rules: SlidingRules
    ) -> None:
        super().__init__()
        self.reads, self.scales, self.rules = tuple(reads), scales, rules
        self.score = nn.Conv2d(size, SoftmaxScores().channels(classes), 1)

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self.rules.answers.suppression

    def forward(self, maps: Maps) -> WindowScores:
        """Scores of every window of every scale; each window's box is itself."""
        return themselves([self.score(maps[name]) for name in self.reads], self.scales, maps)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cross entropy of the windows that count, a mean over them, then over pictures.

        Windows whose centre lies in the batch's padding do not count.
        """
        raw = self(maps)
        logits, _, windows = in_a_row(raw)
        pairs, matcher = zip(raw.sizes, truth, strict=True), self.rules.matcher
        found = Assignment.stack([assign(matcher, windows, shown, size, centred) for size, shown in pairs])
        cost = SoftmaxScores().cost(logits, found.labels, classes_sought(truth, logits.device))
        return {"class": mean_of(cost, self.rules.sample(found.rows, cost))}

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``scores``: how likely windows of each scale show the picture's surest class; ``windows``: the best of it."""
        return detection_views(self(maps), maps.padded)

    def decode(self, raw: WindowScores) -> list[Annotation]:
        """The windows that stay, as boxes with scores and labels."""
        return self.rules.answers(raw)


def themselves(logits: list[Tensor], scales: WindowScales, maps: Maps) -> WindowScores:
    """Scores of windows whose boxes are the windows themselves.

    Args:
        logits: S times (B, C + 1, h, w).
        scales: Where the windows stand.
        maps: Of the B pictures.
    """
    device = maps.sizes.device
    itself = torch.tensor([0.0, 0.0, 1.0, 1.0], device=device).view(1, 4, 1, 1)
    codes = [itself.expand(scores.shape[0], -1, *scores.shape[-2:]) for scores in logits]
    return WindowScores(logits, codes, grids(scales, maps), maps.sizes)


def grids(scales: WindowScales, maps: Maps) -> list[Tensor]:
    """S times (B, h, w, 4): the windows of each scale in input pixels."""
    found = (scales.grid(maps.padded, scale).to(maps.sizes.device) for scale in range(len(scales)))
    return [grid.expand(maps.sizes.shape[0], -1, -1, -1) for grid in found]
