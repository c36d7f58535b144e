"""Patches of a batch that masks and scores are learnt from, and what they should say.

Legend: B pictures, n patches of all, k patches that teach masks, c cells a side of a mask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.network.maps import IMAGE, Maps
from saccade.ops.boxes.geometry import from_centres, to_centres
from saccade.ops.regions.mask_targets import mask_targets
from saccade.ops.windows.patches import Patches, PatchSample
from saccade.ops.windows.samples import cut_out

# A sample and the side of its patches as the network sees them.
Sample = PatchSample | Callable[[Annotation, Tensor], Patches]
# Share of a mask's cell that an object covers, above which the cell is the object's.
COVERED = 0.5


@dataclass(frozen=True)
class Drawn:
    """Patches of all pictures.

    Attributes:
        squares: (n, channels, p, p) what they show, and the context around it.
        boxes: (n, 4) in input pixels, without the context.
        owners: (n,) the picture of each.
        rows: (n,) row of the centred object among the picture's, -1 where none is.
        masks: (n,) bool, whether a patch teaches its object's mask; else it teaches the score.
    """

    squares: Tensor
    boxes: Tensor
    owners: Tensor
    rows: Tensor
    masks: Tensor

    def targets(self, truth: Sequence[Annotation], cells: int) -> Tensor:
        """(k, c, c) float32, 0 or 1: what the masks of the patches that teach some should say."""
        boxes, owners, rows = (column[self.masks] for column in (self.boxes, self.owners, self.rows))
        targets = boxes.new_zeros(len(boxes), cells, cells)
        for picture, shown in enumerate(truth):
            mine, masks = (owners == picture).nonzero()[:, 0], shown.get("instances.masks")
            if masks is not None and len(mine):
                # That function counts from pixels' centres, patches from their corners.
                found = mask_targets(masks, rows[mine].to(masks.bits.device), boxes[mine] - 0.5, cells)
                targets = targets.index_copy(0, mine, found)
        return (targets > COVERED).float()


@torch.no_grad()
def drawn(sample: Sample, maps: Maps, truth: Sequence[Annotation], side: int, context: int) -> Drawn:
    """Patches of all pictures of a batch.

    Args:
        sample: Which patches of a picture are learnt from.
        maps: Of the B pictures.
        truth: What they show.
        side: Pixels a side of a patch as the network sees it, without the context.
        context: Pixels of context at each side, on the same scale.
    """
    found = [sample(shown, size) for shown, size in zip(truth, maps.sizes, strict=True)]
    device = maps[IMAGE].device
    boxes = torch.cat([one.boxes for one in found]).to(device, torch.float32)
    owners = torch.arange(len(found)).repeat_interleave(torch.tensor([len(one.rows) for one in found])).to(device)
    rows, masks = (torch.cat([getattr(one, name) for one in found]).to(device) for name in ("rows", "masks"))
    whole = side + 2 * context
    centres = to_centres(boxes)
    wide = from_centres(torch.cat([centres[:, :2], centres[:, 2:] * (whole / side)], 1))
    return Drawn(cut_out(maps[IMAGE], wide, owners, whole), boxes, owners, rows, masks)


def share_of_pictures(owners: Tensor, counts: Tensor, pictures: int) -> Tensor:
    """(n,) weights by which a sum is a mean over a picture's patches that count, then over pictures."""
    number = torch.zeros(pictures, device=owners.device).index_add(0, owners, counts.float())
    return counts / (number.clamp(min=1)[owners] * pictures)
