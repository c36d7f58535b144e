"""The filter that a lattice is: points to corners (splat), corners to corners (blur), corners to points (slice).

Each of the steps is a sparse linear map, so that the filter's transpose is the same steps, last first.

Legend: N points, M corners, C channels, E entries of a sparse map.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# Points of a piece: 5.5 MB of 21 classes; of smaller ones threads would wait for one another.
PIECE = 65536


@dataclass(frozen=True)
class Bags:
    """A sparse linear map: each row that it gives is a weighted sum of some rows that it takes.

    Attributes:
        rows: (E,) int32 or int64 rows that are taken, those of one sum after the other.
        weights: (E,) how much of each.
        starts: (R,) of the kind of `rows`, where each of the R sums begins.
    """

    rows: Tensor
    weights: Tensor
    starts: Tensor

    def __call__(self, table: Tensor) -> Tensor:
        """(R, C) sums of rows of a table (·, C)."""
        weights = self.weights.to(table.dtype)
        return functional.embedding_bag(self.rows, table, self.starts, mode="sum", per_sample_weights=weights)

    def part(self, first: int, last: int) -> "Bags":
        """The map to the sums from `first` to `last` alone, where each sum has as many entries as every other."""
        each = len(self.rows) // len(self.starts)
        entries = slice(first * each, last * each)
        return Bags(self.rows[entries], self.weights[entries], self.starts[: last - first])

    def to(self, device: torch.device) -> "Bags":
        """The same on another device."""
        return Bags(self.rows.to(device), self.weights.to(device), self.starts.to(device))

    @staticmethod
    def under_each_other(several: Sequence["Bags"], taken: Sequence[int]) -> "Bags":
        """The maps side by side: each takes its own part of a table and gives its own part.

        Args:
            several: The maps.
            taken: How many rows each one's part of the table has.
        """
        before = [0, *accumulate(taken)]
        begun = [0, *accumulate(len(one.rows) for one in several)]
        return Bags(
            torch.cat([one.rows + first for one, first in zip(several, before, strict=False)]),
            torch.cat([one.weights for one in several]),
            torch.cat([one.starts + first for one, first in zip(several, begun, strict=False)]),
        )


@dataclass(frozen=True)
class LatticeFilter:
    """The filter of N points that a lattice of M corners is, or several of them, added up.

    Attributes:
        splat: From points to corners.
        blurs: From corners to corners, one after the other; each is symmetric.
        slices: From corners to points: the transpose of `splat`, as many corners each.
    """

    splat: Bags
    blurs: tuple[Bags, ...]
    slices: Bags

    def scaled(self, factors: Tensor) -> "LatticeFilter":
        """The filter with the (N,) factors before it and after it: as symmetric as it was."""
        splat = replace(self.splat, weights=self.splat.weights * factors.index_select(0, self.splat.rows))
        weights = self.slices.weights.view(len(factors), -1) * factors[:, None]
        return replace(self, splat=splat, slices=replace(self.slices, weights=weights.flatten()))

    def times(self, weight: float) -> "LatticeFilter":
        """The filter `weight` times, from 0: the root of it before and after."""
        splat, slices = (replace(one, weights=one.weights * weight**0.5) for one in (self.splat, self.slices))
        return replace(self, splat=splat, slices=slices)

    def to(self, device: torch.device) -> "LatticeFilter":
        """The filter on another device."""
        blurs = tuple(one.to(device) for one in self.blurs)
        return LatticeFilter(self.splat.to(device), blurs, self.slices.to(device))

    def __call__(self, rows: Tensor) -> Tensor:
        """The filter of (N, C) rows, up to a constant factor; gradients reach the rows."""
        return _Filtered.apply(rows, self, False)  # pyright: ignore[reportReturnType]

    def filtered(self, rows: Tensor, mirrored: bool = False) -> Tensor:
        """The filter without gradients, of (N, C) rows.

        Args:
            rows: What is filtered.
            mirrored: Whether directions are taken last first: the transpose of the filter.
        """
        return self.slices(self._at_corners(rows, mirrored))

    def pieces(self, rows: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The filter without gradients, of (N, C) rows, some points after the other.

        On the CPU a piece is so small that its memory is used again, not asked for anew.

        Yields:
            Which points, and what the filter gives them.
        """
        at_corners, points = self._at_corners(rows), len(self.slices.starts)
        step = PIECE if rows.device.type == "cpu" else max(points, 1)
        for first in range(0, points, step):
            last = min(first + step, points)
            yield slice(first, last), self.slices.part(first, last)(at_corners)

    def _at_corners(self, rows: Tensor, mirrored: bool = False) -> Tensor:
        at_corners = self.splat(rows)
        for blur in reversed(self.blurs) if mirrored else self.blurs:
            at_corners = blur(at_corners)
        return at_corners


def added(filters: Sequence[LatticeFilter]) -> LatticeFilter:
    """The sum of filters of the same points, which is one filter: points are read and written once."""
    if len(filters) == 1:
        return filters[0]
    corners = [len(one.splat.starts) for one in filters]
    points = len(filters[0].slices.starts)
    splat = Bags.under_each_other([one.splat for one in filters], [0] * len(filters))
    steps = max(len(one.blurs) for one in filters)
    blurs = [
        [one.blurs[step] if step < len(one.blurs) else _unchanged(one.splat) for one in filters]
        for step in range(steps)
    ]
    first = [0, *accumulate(corners)]
    rows, weights = (
        torch.cat([table.view(points, -1) for table in tables], 1)
        for tables in (
            [one.slices.rows + start for one, start in zip(filters, first, strict=False)],
            [one.slices.weights for one in filters],
        )
    )
    starts = torch.arange(0, rows.numel(), rows.shape[1], dtype=rows.dtype, device=rows.device)
    slices = Bags(rows.flatten(), weights.flatten(), starts)
    return LatticeFilter(splat, tuple(Bags.under_each_other(one, corners) for one in blurs), slices)


def _unchanged(splat: Bags) -> Bags:
    """The map that leaves the corners as they are to which `splat` leads."""
    places = torch.arange(len(splat.starts), dtype=splat.rows.dtype, device=splat.rows.device)
    return Bags(places, torch.ones_like(places, dtype=splat.weights.dtype), places)


class _Filtered(torch.autograd.Function):
    """A linear map: its gradient is the transposed map of the gradient."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, lattice: LatticeFilter, mirrored: bool) -> Tensor:
        """The filtered rows."""
        ctx.lattice, ctx.mirrored = lattice, mirrored
        return lattice.filtered(rows.contiguous(), mirrored)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of the rows: the filter the other way round."""
        return _Filtered.apply(grad_outputs[0], ctx.lattice, not ctx.mirrored), None, None
