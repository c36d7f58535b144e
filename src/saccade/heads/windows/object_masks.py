"""DeepMask: windows about every position of a picture, at several sizes of it, each with a mask of what is centred.

Paper: Pinheiro, Collobert, Dollár 2015, Learning to segment object candidates, arXiv 1506.06204.

Legend: B pictures, S scales, P windows of all scales, N windows that are told of, D numbers that describe one, m cells
a side of a mask, n patches that are learnt from.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.windows.mask_patches import Drawn, Sample, drawn, share_of_pictures
from saccade.heads.windows.mask_windows import ObjectMaskRules, ObjectMasks, Scored
from saccade.layers.towers.object_masks import ObjectBranches
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.ops.boxes.candidates import taken
from saccade.ops.boxes.nms import nms
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.windows.centred_scales import CentredScales
from saccade.ops.windows.painted import painted

Describe = Callable[[Tensor], dict[str, Tensor]]
# Above it boxes of several views of a picture are taken for one; within a view nothing is suppressed.
SAME = 0.9
# How many times as fine as the grid a mask is interpolated where it is learnt.
FINER = 2


class ObjectMaskHead(Head):
    """A mask and a score for each window, learnt from patches that are cut out about objects.

    Masks are painted in input pixels, and their boxes are the tightest; nothing suppresses anything unless the rules
    say so.

    Args:
        describe: Pictures (n, channels, H, W) to the trunk's maps: a method of the trunk, whose weights stay its own.
        reads: Name of the map of stride 16 that windows are read from.
        branches: Numbers, scores and masks of windows of it.
        scales: Where windows stand.
        rules: What they learn, and what is told of them.
    """

    terms: tuple[str, ...] = ("mask", "score")
    owns_rows = True
    by_picture = True
    gives = frozenset({"instances.boxes", "instances.masks", "instances.scores"})
    needs = frozenset({"instances.boxes"})
    uses = frozenset({"instances.masks", "instances.labels"})
    reads = (IMAGE,)

    def __init__(
        self, describe: Describe, reads: str, branches: ObjectBranches, scales: CentredScales, rules: ObjectMaskRules
    ) -> None:
        super().__init__()
        self.describe, self.deepest, self.branches = describe, reads, branches
        self.scales, self.rules = scales, rules
        self.sample: Sample = rules.sample

    @property
    def suppression(self) -> Suppression:
        """How boxes of several views become one; in one view all stay."""
        overlap = min(SAME, self.rules.overlap)
        return Suppression(score=0.0, first=self.rules.number, overlap=overlap, limit=self.rules.number)

    def forward(self, maps: Maps) -> ObjectMasks:
        """Masks of the windows that score best."""
        found = self.scored(maps)
        grids = [self.scales.grid(maps.padded, scale).flatten(0, 1) for scale in range(len(self.scales))]
        windows = torch.cat(grids).to(maps.sizes.device)
        middles = (windows[:, :2] + windows[:, 2:]) / 2
        shown = (middles < maps.sizes.flip(1)[:, None]).all(2)
        ranked = found.scores.float().masked_fill(~shown, -torch.inf)
        best = ranked.topk(torch.sym_min(self.rules.number, ranked.shape[1]), 1).indices.sort(1).values
        numbers = taken(found.numbers, best)
        return ObjectMasks(
            logits=self.branches.masks(numbers),
            scores=taken(found.scores, best),
            windows=windows[best],
            shown=taken(shown, best),
            sizes=maps.sizes,
            refined=self.refined(found, best, numbers),
        )

    def scored(self, maps: Maps) -> Scored:
        """Every window of every scale."""
        parts = [self._windows(self.scales.resize(maps[IMAGE], scale)) for scale in range(len(self.scales))]
        numbers, scores, sides = zip(*parts, strict=True)
        shapes = [(one.shape[-2], one.shape[-1]) for one in scores]
        return Scored(
            torch.cat([one.flatten(2).transpose(1, 2) for one in numbers], 1),
            torch.cat([one.flatten(1) for one in scores], 1),
            list(sides),
            shapes,
        )

    def _windows(self, pictures: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Numbers (B, D, h, w) and scores (B, 1, h, w) of windows, and what a refinement reads besides."""
        maps = self.describe(pictures)
        return *self.branches(maps[self.deepest]), self.sides(maps)

    def sides(self, maps: Mapping[str, Tensor]) -> list[Tensor]:
        """What a refinement reads of the trunk's maps; this head has none."""
        del maps
        return []

    def refined(self, found: Scored, best: Tensor, numbers: Tensor) -> Tensor | None:
        """(B, N, k, k) logits of finer masks; this head has none."""
        del found, best, numbers
        return None

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``mask``: mean cost of a mask's pixels. ``score``: cost of a patch's score. Both log(1 + exp(-y · f)).

        Each is a mean over a picture's patches, then over pictures.
        """
        patches = drawn(self.sample, maps, truth, self.scales.side, self.rules.context)
        if not len(patches.boxes):
            raw = self(maps)
            leaves = [leaf for leaf in (raw.logits, raw.scores, raw.refined) if leaf is not None]
            nothing = torch.stack([leaf.float().sum() for leaf in leaves]).sum() * 0.0
            return dict.fromkeys(self.terms, nothing / len(self.terms))
        seen = self.describe(patches.squares)
        border = self.rules.context // self.scales.step
        numbers, scores = self.branches(_inner(seen[self.deepest], border))
        numbers, scores = numbers[..., 0, 0], scores[:, 0, 0, 0]
        masked = patches.masks.nonzero()[:, 0]
        logits = self.branches.masks(numbers[masked])
        finer = F.interpolate(logits[:, None].float(), scale_factor=float(FINER), mode="bilinear")[:, 0]
        found = F.binary_cross_entropy_with_logits(scores.float(), (patches.rows >= 0).float(), reduction="none")
        return {
            "mask": mask_cost(finer, patches, truth),
            "score": (found * share_of_pictures(patches.owners, ~patches.masks, len(truth))).sum(),
            **self.refined_loss(seen, numbers, patches, truth),
        }

    def refined_loss(
        self, seen: Mapping[str, Tensor], numbers: Tensor, patches: Drawn, truth: Sequence[Annotation]
    ) -> dict[str, Tensor]:
        """What finer masks cost; this head has none."""
        del seen, numbers, patches, truth
        return {}

    def decode(self, raw: ObjectMasks) -> list[Annotation]:
        """The windows that have a mask: it, its tightest box and its score."""
        return [Annotation(instances=self._instances(raw, picture)) for picture in range(len(raw.sizes))]

    def _instances(self, raw: ObjectMasks, picture: int) -> Instances:
        shown, logits = raw.shown[picture], raw.logits if raw.refined is None else raw.refined
        size = (int(raw.sizes[picture, 0]), int(raw.sizes[picture, 1]))
        least = log(self.rules.least / (1 - self.rules.least))
        masks = painted(logits[picture][shown], raw.windows[picture][shown].float(), size, least)
        rows = Instances(boxes=masks.boxes(), scores=raw.scores[picture][shown].float().sigmoid(), masks=masks)
        rows = rows[masks.areas() > 0].sorted()
        if self.rules.overlap == 1 or rows.boxes is None or rows.scores is None:
            return rows
        return rows[nms(rows.boxes, rows.scores, torch.zeros_like(rows.scores), self.rules.overlap)]


def mask_cost(logits: Tensor, patches: Drawn, truth: Sequence[Annotation]) -> Tensor:
    """What masks cost, a mean over pixels, over a picture's patches that teach them, and over pictures.

    Args:
        logits: (k, c, c) of the patches that teach masks, in order.
        patches: All patches.
        truth: What the pictures show.
    """
    wanted = patches.targets(truth, logits.shape[-1])
    cost = F.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none").flatten(1).mean(1)
    return (cost * share_of_pictures(patches.owners, patches.masks, len(truth))[patches.masks]).sum()


def _inner(maps: Tensor, border: int) -> Tensor:
    """Maps (n, C, h, w) without so many positions at each side."""
    return maps[..., border : maps.shape[-2] - border, border : maps.shape[-1] - border]
