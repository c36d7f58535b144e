"""A classifier that sees windows one by one: each is cut out of the picture and runs through the network alone.

Source: Vaillant, Monrocq, LeCun 1994, as for `saccade.heads.windows.sliding`, before its section on whole pictures at
once.

Legend: B pictures, C classes, (h, w) windows of a scale, s windows that are learnt from, p pixels a side of a window.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.windows.sliding import grids, themselves
from saccade.heads.windows.window_predictions import WindowPredictions
from saccade.heads.windows.window_scores import WindowScores, seen
from saccade.heads.windows.window_views import detection_views
from saccade.losses.scores import SoftmaxScores
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.ops.boxes.assign import classes_sought
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.exporting import exporting
from saccade.ops.windows.samples import WindowSample, cut_out
from saccade.ops.windows.scales import WindowScales

# Windows that go through the network at once, one by one as they are.
TOGETHER = 256


class SlidingCropsHead(Head):
    """A class or background for each window, learnt as a classifier learns: from windows that are cut out and warped.

    Zeros surround a window here, in learning and in use alike, where a trunk pads.

    Args:
        describe: Windows (n, channels, p, p) to (n, size, 1, 1): a method of the trunk, whose weights stay the trunk's.
        size: Numbers by which a window is described.
        classes: C.
        scales: Where windows stand that are asked about.
        sample: Which windows are learnt from.
        answers: What stays of all that is scored.
    """

    terms = ("class",)
    owns_rows = True
    by_picture = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})
    reads = (IMAGE,)

    def __init__(
        self,
        describe: Callable[[Tensor], Tensor],
        size: int,
        classes: int,
        scales: WindowScales,
        sample: WindowSample,
        answers: WindowPredictions,
    ) -> None:
        super().__init__()
        self.describe, self.scales, self.sample, self.answers = describe, scales, sample, answers
        self.score = nn.Conv2d(size, SoftmaxScores().channels(classes), 1)

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self.answers.suppression

    def forward(self, maps: Maps) -> WindowScores:
        """Scores of every window of every scale; each window's box is itself."""
        pictures = (self.scales.resize(maps[IMAGE], scale) for scale in range(len(self.scales)))
        return themselves([self._each(picture) for picture in pictures], self.scales, maps)

    def _each(self, pictures: Tensor) -> Tensor:
        """(B, C + 1, h, w) of the windows of pictures (B, channels, H, W) at a scale."""
        side, step = self.scales.side, self.scales.step
        cut = pictures.unfold(2, side, step).unfold(3, side, step)
        rows, columns = cut.shape[2:4]
        windows = cut.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        parts = [windows] if exporting() else windows.split(TOGETHER)  # a graph has no loop
        logits = torch.cat([self.score(self.describe(some)) for some in parts])
        return logits.view(-1, rows, columns, logits.shape[1]).permute(0, 3, 1, 2)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cross entropy of the windows that are cut out, a mean over a picture's, then over pictures."""
        boxes, owners, labels = self._sampled(maps, truth)
        if not len(boxes):
            return {"class": torch.stack([logits.float().sum() for logits in self(maps).logits]).sum() * 0.0}
        squares = cut_out(maps[IMAGE], boxes, owners, self.scales.side)
        logits, sought = self.score(self.describe(squares)).flatten(1).float(), classes_sought(truth, boxes.device)
        cost = SoftmaxScores().cost(logits, labels, None if sought is None else sought[owners, 0])
        share = owners.bincount(minlength=len(truth)).clamp(min=1)[owners] * len(truth)
        return {"class": (cost / share).sum()}

    @torch.no_grad()
    def _sampled(self, maps: Maps, truth: Sequence[Annotation]) -> tuple[Tensor, Tensor, Tensor]:
        """(s, 4) windows of all pictures, (s,) their pictures, and (s,) what they show, -1 for background."""
        windows, parts = grids(self.scales, maps), list[tuple[Tensor, Tensor, Tensor]]()
        for picture, (shown, size) in enumerate(zip(truth, maps.sizes, strict=True)):
            height, width = size.tolist()
            rows = (scale[picture].reshape(-1, 4) for scale in windows)
            boxes, found = self.sample(shown, size, [seen(own, own, own, (height, width))[2] for own in rows])
            parts.append((boxes, torch.full_like(found.rows, picture), found.labels))
        boxes, owners, labels = (torch.cat(column) for column in zip(*parts, strict=True))
        return boxes, owners, labels

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``scores``: how likely windows of each scale show the picture's surest class; ``windows``: the best of it."""
        return detection_views(self(maps), maps.padded)

    def decode(self, raw: WindowScores) -> list[Annotation]:
        """The windows that stay, as boxes with scores and labels."""
        return self.answers(raw)
