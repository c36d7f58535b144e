"""A classifier slid over a picture at several sizes: what each window shows, or that it shows nothing.

Source: Vaillant, Monrocq, LeCun 1994, Original approach for the localisation of objects in images, IEE Proceedings on
Vision, Image and Signal Processing 141(4).

Legend: B pictures, C classes, (h, w) windows of a scale, s windows that are learnt from.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.dense_boxes import crowds
from saccade.heads.main_object import real_objects
from saccade.heads.window_answers import WindowAnswers
from saccade.heads.window_learning import in_a_row, mean_of, shown_by
from saccade.heads.window_scores import WindowScores, seen
from saccade.heads.window_views import detection_views
from saccade.losses.scores import SoftmaxScores
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.ops.keep import Keep
from saccade.ops.match import labels_of
from saccade.ops.pick import Sampler
from saccade.ops.window_samples import WindowSample, cut_out
from saccade.ops.windows import window_grid
from saccade.trunks.window_trunk import WindowTrunk

Evaluate = Literal["dense", "windows"]
# Windows that go through the network at once, one by one as they are.
TOGETHER = 256


class SlidingHead(Head):
    """A class or background for each window; a window that shows an object is its box.

    It learns from windows as it will see them. Where it answers for all at once it learns from the windows of the grid,
    scored all at once too: trunks that pad see beyond a window's border there, and zeros in a window by itself. Where
    it answers window by window it learns as a classifier does, from windows that are cut out and warped.

    Args:
        trunk: Describes windows; it stays the system's trunk, and is no part of the head.
        classes: C.
        sample: Which windows are learnt from one by one; its matcher says what windows show, however they are learnt.
        negatives: Which windows of the grid are learnt from.
        answers: What stays of all that is scored.
        evaluate: ``dense``: all windows of a scale at once, as one larger picture. ``windows``: each is cut out and
            runs alone. Both say the same where the trunk pads nowhere; where it pads, a window by itself is surrounded
            by zeros, as it was when the network learnt, and one in the picture by what is there.
    """

    terms = ("class",)
    owns_rows = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(
        self,
        trunk: WindowTrunk,
        classes: int,
        sample: WindowSample,
        negatives: Sampler,
        answers: WindowAnswers,
        evaluate: Evaluate,
    ) -> None:
        super().__init__()
        # In a tuple it is no child: its weights are the system's trunk's.
        self._trunk = (trunk,)
        self.score = nn.Conv2d(trunk.size, SoftmaxScores().channels(classes), 1)
        self.sample, self.negatives, self.answers, self.evaluate = sample, negatives, answers, evaluate
        self.reads = (*trunk.levels, IMAGE)

    @property
    def trunk(self) -> WindowTrunk:
        """What describes windows."""
        return self._trunk[0]

    @property
    def keep(self) -> Keep:
        """What stays of all that is scored."""
        return self.answers.keep

    def forward(self, maps: Maps) -> WindowScores:
        """Scores of every window of every scale; each window's box is itself."""
        score = self._dense if self.evaluate == "dense" else self._by_window
        logits = [score(maps[name]) for name in self.trunk.levels]
        windows = self._windows(maps)
        itself = torch.tensor([0.0, 0.0, 1.0, 1.0], device=maps.sizes.device).view(1, 4, 1, 1)
        codes = [itself.expand(len(grid), -1, *grid.shape[1:3]) for grid in windows]
        return WindowScores(logits, codes, windows, maps.sizes)

    def _dense(self, picture: Tensor) -> Tensor:
        """(B, C + 1, h, w) of a scale's pictures, all windows at once."""
        return self.score(self.trunk.look(picture))

    def _by_window(self, picture: Tensor) -> Tensor:
        """The same, window by window."""
        side, step = self.trunk.side, self.trunk.step
        cut = picture.unfold(2, side, step).unfold(3, side, step)
        rows, columns = cut.shape[2:4]
        windows = cut.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        logits = torch.cat([self._dense(some) for some in windows.split(TOGETHER)])
        return logits.view(len(picture), rows, columns, -1).permute(0, 3, 1, 2)

    def _windows(self, maps: Maps) -> list[Tensor]:
        """(B, h, w, 4) windows of each scale in input pixels."""
        picture, side, step = maps[IMAGE], self.trunk.side, self.trunk.step
        found: list[Tensor] = []
        for place, name in enumerate(self.trunk.levels):
            scaled = self.trunk.sides((picture.shape[-2], picture.shape[-1]), place)
            down, across = picture.shape[-2] / scaled[0], picture.shape[-1] / scaled[1]
            rows, columns = ((length - side) // step + 1 for length in maps[name].shape[-2:])
            grid = window_grid((rows, columns), (step * down, step * across), (side * down, side * across))
            found.append(grid.to(picture.device).expand(len(picture), -1, -1, -1))
        return found

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cross entropy of the windows that count, a mean over them, then over pictures."""
        learnt = self._learnt_at_once if self.evaluate == "dense" else self._learnt_one_by_one
        return {"class": learnt(maps, truth)}

    def _learnt_at_once(self, maps: Maps, truth: Sequence[Annotation]) -> Tensor:
        """From windows of the grid."""
        raw = self(maps)
        logits, _, windows = in_a_row(raw)
        with torch.no_grad():
            matcher = self.sample.matcher
            parts = [shown_by(windows, size, shown, matcher) for size, shown in zip(raw.sizes, truth, strict=True)]
            matches, labels = (torch.stack(column) for column in list(zip(*parts, strict=True))[:2])
        cost = SoftmaxScores().cost(logits, labels)
        return mean_of(cost, self.negatives(matches, cost))

    def _learnt_one_by_one(self, maps: Maps, truth: Sequence[Annotation]) -> Tensor:
        """From windows that are cut out."""
        with torch.no_grad():
            windows = self._windows(maps)
            parts = [self._sampled(maps, windows, picture, shown) for picture, shown in enumerate(truth)]
            boxes, owners, labels = (torch.cat(column) for column in zip(*parts, strict=True))
        if not len(boxes):
            return torch.stack([logits.float().sum() for logits in self(maps).logits]).sum() * 0.0
        logits = self._dense(cut_out(maps[IMAGE], boxes, owners, self.trunk.side)).flatten(1)
        cost = SoftmaxScores().cost(logits.float(), labels)
        share = owners.bincount(minlength=len(truth)).clamp(min=1)[owners] * len(truth)
        return (cost / share).sum()

    def _sampled(
        self, maps: Maps, windows: Sequence[Tensor], picture: int, truth: Annotation
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Windows (s, 4) of one picture, their owners and their labels, -1 for background."""
        height, width = maps.sizes[picture].tolist()
        flat = [scale[picture].reshape(-1, 4) for scale in windows]
        grids = [seen(scale, scale, scale, (height, width))[2] for scale in flat]
        rows = real_objects(truth)
        objects = grids[0].new_zeros(0, 4) if rows.boxes is None else rows.boxes.to(grids[0])
        boxes, taken = self.sample(objects, crowds(truth).to(objects), grids)
        return boxes, torch.full_like(taken, picture), labels_of(taken, rows.labels)

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``scores``: how likely windows of each scale show the picture's surest class; ``windows``: the best of it."""
        return detection_views(self(maps), maps[IMAGE].shape[-2:])

    def decode(self, raw: WindowScores) -> list[Annotation]:
        """The windows that stay, as boxes with scores and labels."""
        return self.answers(raw)
