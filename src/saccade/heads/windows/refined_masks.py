"""SharpMask: the best windows' masks again, refined by the trunk's finer maps.

Paper: Pinheiro, Lin, Collobert, Dollár 2016, Learning to refine object segments, arXiv 1603.08695.

Legend: B pictures, N windows that are told of, D numbers that describe one, n patches that are learnt from, k cells a
side of a refined mask, c cells a side of a window on the map of stride 16.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.windows.mask_patches import Drawn
from saccade.heads.windows.mask_windows import ObjectMaskRules, Scored
from saccade.heads.windows.object_masks import Describe, ObjectMaskHead, mask_cost
from saccade.layers.towers.mask_refinement import MaskRefinement, windows_of
from saccade.layers.towers.object_masks import ObjectBranches
from saccade.ops.windows.centred_scales import CentredScales


class RefinedMaskHead(ObjectMaskHead):
    """Windows are scored as by DeepMask; those that are told of get a mask of as many cells as they have pixels.

    What the refinement reads of the trunk's maps is made of the whole picture at once, and cut to each window after.

    Args:
        describe: Pictures (n, channels, H, W) to the trunk's maps: a method of the trunk, whose weights stay its own.
        reads: Name of the map of stride 16 that windows are read from.
        branches: Numbers, scores and coarse masks of windows of it.
        refine: Numbers and finer maps to masks.
        scales: Where windows stand.
        rules: What they learn, and what is told of them.
    """

    terms = ("mask", "score", "refined")

    def __init__(
        self,
        describe: Describe,
        reads: str,
        branches: ObjectBranches,
        refine: MaskRefinement,
        scales: CentredScales,
        rules: ObjectMaskRules,
    ) -> None:
        super().__init__(describe, reads, branches, scales, rules)
        self.refine = refine

    def sides(self, maps: Mapping[str, Tensor]) -> list[Tensor]:
        """What each step of the refinement reads at the side."""
        return self.refine.sides(maps)

    def refined(self, found: Scored, best: Tensor, numbers: Tensor) -> Tensor:
        """(B, N, k, k) logits of the windows `best` (B, N), of which `numbers` (B, N, D) are known."""
        pictures = torch.arange(best.shape[0], device=best.device)[:, None].expand_as(best).flatten()
        cut: list[Tensor] = []
        for step in range(len(found.sides[0])):
            first, parts = 0, list[Tensor]()
            for sides, (rows, columns) in zip(found.sides, found.shapes, strict=True):
                place = (best - first).flatten()
                inside = (place >= 0) & (place < rows * columns)
                place = torch.where(inside, place, 0)
                row = place // columns
                corners = torch.stack([row, place - row * columns], 1)  # a graph knows no rest by a free size
                own = windows_of(sides[step], pictures, corners, self.refine.side, 2**step)
                parts.append(own * inside[:, None, None, None])
                first = first + rows * columns
            cut.append(torch.stack(parts).sum(0))
        return self.refine(numbers.flatten(0, 1), cut).unflatten(0, best.shape)

    def refined_loss(
        self, seen: Mapping[str, Tensor], numbers: Tensor, patches: Drawn, truth: Sequence[Annotation]
    ) -> dict[str, Tensor]:
        """``refined``: mean cost of a refined mask's pixels, a mean over a picture's patches, then over pictures."""
        masked = patches.masks.nonzero()[:, 0]
        border = self.rules.context // self.scales.step
        corners = torch.full((len(masked), 2), border, device=masked.device)
        cut = [
            windows_of(side, masked, corners, self.refine.side, 2**step)
            for step, side in enumerate(self.refine.sides(seen))
        ]
        return {"refined": mask_cost(self.refine(numbers[masked], cut), patches, truth)}
