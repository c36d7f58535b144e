"""What the masks of regions should say: the objects' own masks, cut out and brought to the grid of cells.

Legend: n regions, m × m cells, (H, W) picture.
"""

import torch
from torch import Tensor
from torchvision.ops import roi_align

from saccade.core.masks import Masks


def mask_targets(masks: Masks, rows: Tensor, boxes: Tensor, cells: int) -> Tensor:
    """(n, m, m) float32, 0..1: RoI align of each region's mask, as torchvision learns from it.

    A cell is the mean of as many samples as it has pixels; one that the border of the object crosses is neither 0 nor
    1. Detectron draws polygons into the region instead, with hard borders. Masks are drawn one by one, so that a
    picture of many objects takes the memory of one.

    Args:
        masks: Those of a picture's objects, in input pixels.
        rows: (n,) whose mask each region is to say.
        boxes: (n, 4) regions x1, y1, x2, y2 in input pixels.
        cells: m.
    """
    targets = boxes.new_zeros(len(boxes), cells, cells, dtype=torch.float32)
    for row in rows.unique().tolist():
        mine = (rows == row).nonzero()[:, 0]
        whole = masks[[row]].dense()[None].to(boxes.device, torch.float32)
        # index_copy, since x[index] = y has no fixed order on some devices.
        found = roi_align(whole, [boxes[mine].float()], cells, 1.0)[:, 0]
        targets = targets.index_copy(0, mine, found)
    return targets
