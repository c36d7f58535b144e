"""The mean of a map over the positions of a picture, those of the padding beside it left out.

Legend: B pictures, C channels, (h, w) positions, (H, W) the batch's pixels.
"""

import torch
from torch import Tensor


def mean_inside(map: Tensor, sizes: Tensor, padded: tuple[int, int]) -> Tensor:
    """(B, C, 1, 1) means over the positions whose centre lies inside the picture; its first position always does.

    Args:
        map: (B, C, h, w).
        sizes: (B, 2) int64, height and width of each picture in the batch's pixels.
        padded: (H, W).
    """
    rows, columns = (
        _inside(map.shape[axis], size, sizes[:, axis]) for axis, size in zip((-2, -1), padded, strict=True)
    )
    shown = (rows[:, :, None] & columns[:, None, :])[:, None].to(map)
    return (map * shown).sum((2, 3), keepdim=True) / shown.sum((2, 3), keepdim=True)


def _inside(positions: int, padded: int, sizes: Tensor) -> Tensor:
    """(B, positions) bool, along one axis."""
    places = torch.arange(positions, device=sizes.device)
    return ((2 * places + 1) * padded < 2 * positions * sizes[:, None]) | (places == 0)
