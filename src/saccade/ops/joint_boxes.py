"""Joints as seen from a box: the squares that a cascade looks at, and places relative to them.

Paper: Toshev, Szegedy 2014, DeepPose: Human pose estimation via deep neural networks, arXiv 1312.4659, sections 3.1 and
3.2.

Legend: B pictures, K joints, C channels, s side of the squares; places in pixels.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# The least length of a person's trunk, as a share of the picture's longer side: an estimate may fold it to nothing.
LEAST = 0.05


def normalised(places: Tensor, centre: Tensor, sides: Tensor) -> Tensor:
    """N(y; b): places (…, 2) less a box's centre, over its sides; all of shapes that broadcast to (…, 2)."""
    return (places - centre) / sides


def placed(relative: Tensor, centre: Tensor, sides: Tensor) -> Tensor:
    """The inverse of `normalised`."""
    return relative * sides + centre


def diameters(places: Tensor, known: Tensor, diagonals: Sequence[tuple[int, int]], sizes: Tensor) -> Tensor:
    """(B,) how large each person's trunk is: the distance of a shoulder from the opposite hip.

    Of the two diagonals the first whose joints are known. Where none is, or joints have other names, half the diagonal
    of the upright box around the known joints stands for it, which is about that for a person who stands; and never
    less than a twentieth of the picture's longer side.

    Args:
        places: (B, K, 2).
        known: (B, K) bool.
        diagonals: Positions of a shoulder and the opposite hip, the preferred ones first.
        sizes: (B, 2) height and width of each picture.
    """
    far = places.new_tensor(1e9)
    shown = known[..., None]
    low, high = torch.where(shown, places, far).amin(1), torch.where(shown, places, -far).amax(1)
    found = (high - low).clamp(min=0).norm(dim=-1) / 2
    for first, second in reversed(list(diagonals)):
        both = known[:, first] & known[:, second]
        found = torch.where(both, (places[:, first] - places[:, second]).norm(dim=-1), found)
    return torch.maximum(found, LEAST * sizes.amax(1).to(found))


def cut_squares(images: Tensor, centres: Tensor, sides: Tensor, side: int) -> Tensor:
    """(B, n, C, s, s) upright squares cut out of pictures, bilinear; 0 beyond the picture.

    Args:
        images: (B, C, H, W) normalised, so that 0 is the mean.
        centres: (B, n, 2) of n squares of each picture.
        sides: (B, n) their sides in pixels.
        side: s.
    """
    pictures, number = centres.shape[:2]
    steps = (torch.arange(side, device=images.device, dtype=centres.dtype) + 0.5) / side - 0.5
    across = centres[..., 0:1] + steps * sides[..., None]
    down = centres[..., 1:2] + steps * sides[..., None]
    # grid_sample counts from -1 to 1 over the borders of the tensor.
    x, y = across * (2 / images.shape[-1]) - 1, down * (2 / images.shape[-2]) - 1
    shape = (pictures, number, side, side)
    grid = torch.stack([x[:, :, None, :].expand(shape), y[:, :, :, None].expand(shape)], -1)
    rows = grid.reshape(pictures, number * side, side, 2)
    found = F.grid_sample(images.float(), rows, mode="bilinear", padding_mode="zeros", align_corners=False)
    return found.unflatten(2, (number, side)).transpose(1, 2).to(images.dtype)
