"""What a wrong class of a pixel costs.

Legend: B pictures, C classes, (H, W) pixels.
"""

import torch.nn.functional as F
from torch import Tensor

IGNORE = 255


def pixel_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over all pixels of a class, which is 0 where there is none.

    Args:
        logits: (B, C, H, W) scores before the softmax.
        target: (B, H, W) int64 classes, 255 where a pixel does not count.
    """
    counted = (target != IGNORE).sum().clamp(min=1)
    return F.cross_entropy(logits, target, ignore_index=IGNORE, reduction="sum") / counted
