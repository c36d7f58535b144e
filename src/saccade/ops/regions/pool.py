"""Pooling of regions: a map under each box, brought to one size.

Legend: B pictures, C channels, n regions (n, 4) x1, y1, x2, y2 in pixels of the network's input with owners (n,), the
picture in the batch that each belongs to; p output positions a side.
"""

from typing import Literal

import torch
from torch import Tensor
from torchvision.ops import roi_align, roi_pool

from saccade.ops.exporting import exporting
from saccade.ops.regions.align import align_by_rows
from saccade.ops.regions.max_pool import max_by_rows

Kind = Literal["align", "max"]


def pool_regions(maps: Tensor, regions: Tensor, owners: Tensor, size: int, stride: float, kind: Kind) -> Tensor:
    """(n, C, p, p) of maps (B, C, h, w) under regions.

    Args:
        maps: Maps of one level.
        regions: (n, 4).
        owners: (n,).
        size: p.
        stride: Input pixels between positions of the map.
        kind: ``max``: RoI max pooling with rounded cells (Girshick 2015, section 2.1). ``align``: bilinear samples, two
            by two a cell, without rounding of the region (He et al. 2017, section 3); as Detectron and torchvision do,
            positions are not shifted by half a pixel.
    """
    quick = maps.is_cpu and not exporting()  # exported graphs know the operators by name
    if quick and kind == "align":
        table = maps.float() if maps.requires_grad else maps  # sums of many gradients need float32
        return align_by_rows(table, regions, owners, size, stride).to(maps.dtype)
    if quick and len(regions) and not maps.requires_grad:
        return max_by_rows(maps, regions, owners, size, stride)
    rows = _with_owners(maps, regions, owners)
    if kind == "max":
        return roi_pool(maps.float(), rows, size, 1 / stride).to(maps.dtype)
    return roi_align(maps.float(), rows, size, 1 / stride, sampling_ratio=2).to(maps.dtype)


def level_of(regions: Tensor, levels: int, *, canonical: float = 224, finest: int = 2, at: int = 4) -> Tensor:
    """(n,) which map of a pyramid each region is read from, 0 the finest (Lin et al. 2017, FPN, equation 1).

    Args:
        regions: (n, 4).
        levels: Maps of the pyramid.
        canonical: Side of the region that is read from level `at`.
        finest: Power of two of the finest map's stride.
        at: Power of two of the map's stride for a canonical region.
    """
    sides = (regions[:, 2:] - regions[:, :2]).clamp(min=0).prod(1).sqrt()
    # The small addend keeps a side of exactly a power of two on its own level, as torchvision does.
    power = torch.floor(at + torch.log2(sides / canonical) + 1e-6)
    return power.clamp(finest, finest + levels - 1).to(torch.int64) - finest


def _with_owners(maps: Tensor, regions: Tensor, owners: Tensor) -> Tensor:
    return torch.cat([owners[:, None].to(regions), regions], 1).to(maps.device).float()
