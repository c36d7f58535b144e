"""Heat maps of joints: what a network shall say of a joint, and where what it says puts it.

Papers: Tompson, Jain, LeCun, Bregler 2014, Joint training of a convolutional network and a graphical model, arXiv
1406.2984, section 3; Newell, Yang, Deng 2016, Stacked hourglass networks, arXiv 1603.06937, section 3.3, and the code
that was released with it.

Legend: … any leading axes, B pictures, K joints, (h, w) cells. Places are in cells: continuous, the first cell's centre
at (.5, .5), x to the right and y down.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

# The share of a cell by which a place moves towards the higher of its neighbours.
QUARTER = 0.25


@dataclass(frozen=True)
class Bump:
    """A Gaussian of height 1 around a joint.

    Attributes:
        deviation: Its standard deviation in cells.
        reach: Cells beyond the joint's own, on every side, that it covers; None: all of them.
        snaps: Whether its middle is that of the joint's cell, else the joint itself.
    """

    deviation: float
    reach: int | None = None
    snaps: bool = True


# Torch 7 draws 7 × 7 cells with a quarter of their side as deviation, where the paper says a deviation of 1.
RELEASED = Bump(1.75, reach=3)
PAPER = Bump(1.0, snaps=False)


def gaussian_maps(joints: Tensor, size: tuple[int, int], bump: Bump = RELEASED) -> Tensor:
    """(…, h, w) float32 maps of joints (…, 2), each 0 but for its bump.

    A bump that hangs over the border is cut there. (The released code begins such a bump at its wrong cell, so that it
    lies up to two cells too far to the right or below: that is not followed.)

    Args:
        joints: Places in cells.
        size: Height and width of the maps.
        bump: What stands around a joint.
    """
    centre = joints.floor() + 0.5 if bump.snaps else joints
    x = torch.arange(size[1], device=joints.device) + 0.5 - centre[..., :1]
    y = torch.arange(size[0], device=joints.device) + 0.5 - centre[..., 1:]
    along, down = (torch.exp(-(way**2) / (2 * bump.deviation**2)) for way in (x, y))
    if bump.reach is not None:
        along, down = along * (x.abs() <= bump.reach), down * (y.abs() <= bump.reach)
    return (down[..., :, None] * along[..., None, :]).float()


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Where maps are highest, and how high.

    The first of equally high cells; where it has neighbours on all four sides, a quarter of a cell towards the higher
    one along each axis (Newell 2016, section 3.3; the released code, which rounds to whole pixels after that, as is not
    done here). What a map of `gaussian_maps` with a bump that snaps gives is off by half a cell along each axis at
    most, and of one that does not by a quarter.

    Args:
        maps: (…, h, w).

    Returns:
        (…, 2) places in cells, and (…) heights.
    """
    height, width = maps.shape[-2:]
    heights, first = maps.flatten(-2).max(-1)
    row, column = first // width, first % width
    inside = (row > 0) & (row < height - 1) & (column > 0) & (column < width - 1)
    at_row, at_column = row.clamp(1, max(height - 2, 1)), column.clamp(1, max(width - 2, 1))
    x = _higher(maps, at_row, at_column, (0, 1)) if width > 2 and height > 2 else torch.zeros_like(heights)
    y = _higher(maps, at_row, at_column, (1, 0)) if width > 2 and height > 2 else torch.zeros_like(heights)
    moved = torch.stack([x, y], -1) * (QUARTER * inside[..., None])
    return torch.stack([column, row], -1) + 0.5 + moved, heights


def _higher(maps: Tensor, row: Tensor, column: Tensor, step: tuple[int, int]) -> Tensor:
    """(…) 1 where the neighbour a step ahead is higher than the one behind, -1 where it is lower, 0 where neither."""
    width, flat = maps.shape[-1], maps.flatten(-2)
    ahead, behind = ((row + sign * step[0]) * width + column + sign * step[1] for sign in (1, -1))
    return (flat.gather(-1, ahead[..., None]) - flat.gather(-1, behind[..., None]))[..., 0].sign()
