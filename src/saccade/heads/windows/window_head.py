"""A class and a box for every window of a picture, at several scales, and the one prediction that they agree on.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat, arXiv 1312.6229, sections 3.3 and 4.

Legend: B pictures, S scales, C classes, (h, w) windows of a scale, n windows of all scales.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.heads.locate.main_object import main_object
from saccade.heads.windows.window_scores import WindowScores, absolute, flat, flat_scale, seen
from saccade.heads.windows.window_views import box_view, score_view
from saccade.losses.localization import half_squared
from saccade.network.head import Head, full_precision
from saccade.network.maps import Maps
from saccade.ops.boxes.merge import merge_boxes
from saccade.ops.exporting import exporting
from saccade.ops.windows.dense import coverage, interleave, pool_from_offsets, pooled_side, scaled_sides, window_grid

PREDICTIONS = 5


@dataclass(frozen=True)
class WindowShape:
    """What a window is to the maps that are read.

    Attributes:
        side: Pixels a side of a window, at the scale's own size.
        step: Pixels between positions of the maps, before the last pooling.
        pool: Positions a side of the last pooling.
        factors: Size of each scale's picture over the input's.
    """

    side: int
    step: int
    pool: int
    factors: tuple[float, ...]


def slide(
    maps: Maps, reads: Sequence[str], shape: WindowShape, score: nn.Module, box: nn.Module, *, joint: bool = False
) -> WindowScores:
    """Scores and codes of every window of every scale.

    Args:
        maps: Among them each scale's, before the last pooling.
        reads: Names of those.
        shape: What a window is.
        score: Makes scores of a pooled map.
        box: Makes codes of it.
        joint: Whether codes send a gradient back.

    Raises:
        ConfigError: A window does not fit into the pictures of a scale.
    """
    sizes = [scaled_sides(maps.padded, factor) for factor in shape.factors]
    logits: list[Tensor] = []
    codes: list[Tensor] = []
    windows: list[Tensor] = []
    for name, sides in zip(reads, sizes, strict=True):
        _check_fits(maps[name], maps.padded, shape)
        pooled = pool_from_offsets(maps[name], shape.pool)
        logits.append(interleave(score(pooled), shape.pool))
        codes.append(interleave(box(pooled if joint else pooled.detach()), shape.pool))
        down, across = maps.padded[0] / sides[0], maps.padded[1] / sides[1]
        places = (logits[-1].shape[-2], logits[-1].shape[-1])
        grid = window_grid(places, (shape.step * down, shape.step * across), (shape.side * down, shape.side * across))
        windows.append(grid.to(logits[-1].device).expand(logits[-1].shape[0], -1, -1, -1))
    return WindowScores(logits, codes, windows, maps.sizes)


def _check_fits(map: Tensor, padded: tuple[int, int], shape: WindowShape) -> None:
    """Check that a window fits into a scale's pictures, from whatever offset its last pooling begins.

    Raises:
        ConfigError: It does not.
    """
    if not exporting() and min(pooled_side(side, shape.pool) for side in map.shape[-2:]) < 1:
        raise ConfigError(
            f"pictures that windows of {shape.side} pixels fit into at each scale",
            f"{padded[1]}x{padded[0]}",
            cure="choose a greater size",
        )


class WindowHead(Head):
    """Scores and boxes of all windows; boxes of all windows that show a likely class are merged.

    The box layers send no gradient back: the paper trains the trunk as a classifier, and then lets it stand still.

    Args:
        score: (B, C, h', w') scores of a pooled map: fully connected layers as convolutions.
        box: (B, 4 or 4 · C, h', w') codes of the same.
        shape: What a window is.
        likely: How many classes of each scale send their boxes to be merged.
        boxes: How many windows a class and scale send at most, the best-scored.
        threshold: Cost of a match above which boxes stay apart (see `saccade.ops.boxes.merge`).
    """

    terms = ("class", "box")
    regressions = ("box",)
    owns_rows = True
    gives = frozenset({"label", "label_scores", "instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"label", "instances.boxes"})

    def __init__(
        self,
        score: nn.Module,
        box: nn.Module,
        shape: WindowShape,
        *,
        likely: int = PREDICTIONS,
        boxes: int = 64,
        threshold: float = 0.8,
    ) -> None:
        super().__init__()
        self.score, self.box, self.shape = score, box, shape
        self.likely, self.boxes, self.threshold = likely, boxes, threshold
        self.reads = tuple(f"scale{place}" for place in range(1, 1 + len(shape.factors)))

    def forward(self, maps: Maps) -> WindowScores:
        """Scores and codes of every window of every scale."""
        return slide(maps, self.reads, self.shape, self.score, self.box)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: cross entropy; ``box``: half the squared distance of the edges. Means over windows, then pictures.

        Windows count that hold at least half of the picture's main object, or else the one that holds most of it; for
        classes, all do where nothing is boxed.
        """
        raw = self(maps)
        costs = [self._costs(raw, picture, shown) for picture, shown in enumerate(truth)]
        classes, boxes = zip(*costs, strict=True)
        return {"class": torch.stack(classes).mean(), "box": torch.stack(boxes).mean()}

    def _costs(self, raw: WindowScores, picture: int, truth: Annotation) -> tuple[Tensor, Tensor]:
        logits, codes, windows = (part.float() for part in flat(raw, picture))
        label, target = int(truth.get("label")), main_object(truth)
        wanted = torch.full((len(logits),), label, device=logits.device)
        cost = F.cross_entropy(logits, wanted, reduction="none")
        if target is None:
            return cost.mean(), codes.sum() * 0.0
        held = coverage(target.to(windows), windows)
        used = (held >= 0.5) | (held == held.max())
        corner, side = windows[:, :2].repeat(1, 2), (windows[:, 2:] - windows[:, :2]).repeat(1, 2)
        own = codes[:, 0] if codes.shape[1] == 1 else codes[:, label]
        distance = half_squared(own, (target.to(windows) - corner) / side)
        # Sums over a mask, where an index would leave the backward pass without a fixed order.
        return (cost * used).sum() / used.sum(), (distance * used).sum() / used.sum()

    def evidence(self, raw: WindowScores) -> Tensor:
        """(B, C) mean over scales of each class's best window, before the softmax."""
        return torch.stack([logits.flatten(2).amax(2) for logits in raw.logits]).mean(0)

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``scores``: how likely windows of each scale find the predicted class; ``boxes``: before they are merged."""
        raw = full_precision(self(maps))
        labels = [int(found.get("label")) for found in self.decode(raw)]
        return {"scores": score_view(raw, labels, maps.padded), "boxes": box_view(raw, labels)}

    def decode(self, raw: WindowScores) -> list[Annotation]:
        """The mean over scales of each class's best window, and the best merged box of each likely class."""
        return [self._answer(raw, picture) for picture in range(len(raw.sizes))]

    def _answer(self, raw: WindowScores, picture: int) -> Annotation:
        size = (int(raw.sizes[picture, 0]), int(raw.sizes[picture, 1]))
        scales = [seen(*flat_scale(raw, scale, picture), size) for scale in range(len(raw.logits))]
        scores = [logits.softmax(1) for logits, _, _ in scales]
        best = torch.stack([found.amax(0) for found in scores])
        mean = best.mean(0)
        chosen = [found.topk(min(self.likely, len(found))).indices for found in best]
        rows = [
            self._merged(scales, scores, chosen, int(label)) for label in mean.topk(min(PREDICTIONS, len(mean))).indices
        ]
        high = mean.new_tensor([size[1], size[0], size[1], size[0]])
        labels = torch.stack([label for label, _ in rows])
        boxes = torch.stack([box for _, box in rows]).clamp(min=0).minimum(high)
        instances = Instances(boxes=boxes, labels=labels, scores=mean[labels])
        return Annotation(label=mean.argmax(), label_scores=mean, instances=instances)

    def _merged(
        self,
        scales: Sequence[tuple[Tensor, Tensor, Tensor]],
        scores: Sequence[Tensor],
        chosen: Sequence[Tensor],
        label: int,
    ) -> tuple[Tensor, Tensor]:
        """A class, and the strongest of the boxes that its windows agree on."""
        senders = [scale for scale, likely in enumerate(chosen) if bool((likely == label).any())]
        boxes: list[Tensor] = []
        weights: list[Tensor] = []
        for scale in senders or range(len(scales)):
            _, codes, windows = scales[scale]
            top = scores[scale][:, label].topk(min(self.boxes, len(windows)))
            own = codes[top.indices, 0 if codes.shape[1] == 1 else label]
            boxes.append(absolute(own, windows[top.indices]))
            weights.append(top.values)
        merged, _ = merge_boxes(torch.cat(boxes), torch.cat(weights), self.threshold)
        return torch.tensor(label, device=merged.device), merged[0]
