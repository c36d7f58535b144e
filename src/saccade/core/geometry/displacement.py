"""Elastic displacement of a picture: what bends where an affine map keeps lines straight.

A displacement is a (2, H, W) float32 field on the pixels of the target. The target's pixel at p shows what the affine
map alone would have put at p + displacement(p). The field must not fold: shifts differ by less than their distance.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

STEPS = 12


def at(displacement: Tensor, xy: Tensor) -> Tensor:
    """(…, 2) shifts at (…, 2) points of the target, bilinear; outside, the shift of the nearest border pixel."""
    size = xy.new_tensor([displacement.shape[2], displacement.shape[1]])
    grid = (2 * xy / size - 1).view(1, 1, -1, 2)
    found = F.grid_sample(displacement[None].to(xy), grid, padding_mode="border", align_corners=False)
    return found[0, :, 0].T.reshape(xy.shape)


def bend(xy: Tensor, displacement: Tensor) -> Tensor:
    """(…, 2) points as the affine map alone puts them, moved to where the bent picture shows them.

    The place p that shows q obeys p = q - displacement(p), which is found by repeating it.
    """
    place = xy
    for _ in range(STEPS):
        place = xy - at(displacement, place)
    return place


def inverse(displacement: Tensor, matrix: Tensor, source: tuple[int, int]) -> Tensor:
    """The field that bends the target back into the source.

    Args:
        displacement: (2, H, W) on the pixels of the target.
        matrix: (3, 3) affine map from source to target.
        source: (H, W) of the source.

    Returns:
        (2, h, w) on the pixels of the source, in its pixels; belongs to the inverse of `matrix`.
    """
    places = centres(source)
    linear, shift = matrix[:2, :2], matrix[:2, 2]
    bent = bend(places @ linear.T + shift, displacement)
    back = (bent - shift) @ torch.linalg.inv(linear).T
    return (back - places).permute(2, 0, 1).float()


def moved(displacement: Tensor, matrix: Tensor, target: tuple[int, int]) -> Tensor:
    """The field as seen after a further affine map `matrix` into a picture of size `target`, (2, H, W)."""
    places = centres(target)
    linear, shift = matrix[:2, :2], matrix[:2, 2]
    before = (places - shift) @ torch.linalg.inv(linear).T
    return (at(displacement, before) @ linear.T).permute(2, 0, 1).float()


def centres(size: tuple[int, int]) -> Tensor:
    """(H, W, 2) float64 centres x, y of the pixels of a picture of `size`."""
    ys, xs = (torch.arange(n, dtype=torch.float64) + 0.5 for n in size)
    return torch.stack([xs.expand(size[0], -1), ys[:, None].expand(-1, size[1])], -1)
