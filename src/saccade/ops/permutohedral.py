"""A Gaussian filter over points of few dimensions, on the permutohedral lattice.

Adams, Baek, Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice" (2010). Each point is shared out
among the d + 1 corners of the simplex that it lies in (splat), the corners blur along the d + 1 directions of the
lattice, and each point gathers from its corners again (slice). All points of a simplex share its corners, so that only
simplices are looked up, which are several times fewer.

Legend: N points, d dimensions, S simplices that hold a point, M corners of theirs, C channels.
"""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional

from saccade.core.errors import UsageError

# Keys of simplices are whole numbers of 63 bits.
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Lattice:
    """The lattice of N points, with the filter that it is.

    Attributes:
        corners: (N·(d + 1),) the corner of each share of each point.
        shares: (N·(d + 1),) how much of the point it is; those of a point sum to 1.
        points: (N·(d + 1),) points in the order of their corners.
        weights: (N·(d + 1),) the shares in that order.
        starts: (M,) where a corner's points begin in `points`.
        neighbours: (d + 1, 2, M + 1) the corners beside each corner, by direction; M where there is none.
        simplex: (N,) the simplex of each point.
        path: (2, S, d + 1) the corners of each simplex, and the direction that leads from each to the next.
    """

    corners: Tensor
    shares: Tensor
    points: Tensor
    weights: Tensor
    starts: Tensor
    neighbours: Tensor
    simplex: Tensor
    path: Tensor

    @property
    def each(self) -> Tensor:
        """(N,) where a point's shares begin."""
        return torch.arange(0, len(self.corners), len(self.neighbours), device=self.corners.device)

    def scaled(self, factors: Tensor) -> "Lattice":
        """The filter with the (N,) factors before it and after it: as symmetric as it was."""
        shares = self.shares * factors.repeat_interleave(len(self.neighbours))
        return replace(self, shares=shares, weights=self.weights * factors[self.points])

    def to(self, device: torch.device) -> "Lattice":
        """The lattice on another device."""
        return Lattice(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))

    def __call__(self, rows: Tensor) -> Tensor:
        """The filter of (N, C) rows, up to a constant factor; gradients reach the rows."""
        return _Filtered.apply(rows, self, False)  # pyright: ignore[reportReturnType]

    def filtered(self, rows: Tensor, mirrored: bool = False) -> Tensor:
        """The filter without gradients, of (N, C) rows.

        Args:
            rows: What is filtered.
            mirrored: Whether directions are taken last first: the transpose of the filter.
        """
        at_corners = functional.embedding_bag(
            self.points, rows, self.starts, mode="sum", per_sample_weights=self.weights.to(rows.dtype)
        )
        at_corners = torch.cat([at_corners, at_corners.new_zeros(1, rows.shape[1])])  # the corner that is not there
        for before, after in reversed(self.neighbours) if mirrored else self.neighbours:
            at_corners = torch.add(at_corners, at_corners[before] + at_corners[after], alpha=0.5)
        return functional.embedding_bag(
            self.corners, at_corners, self.each, mode="sum", per_sample_weights=self.shares.to(rows.dtype)
        )


class _Filtered(torch.autograd.Function):
    """A linear map: its gradient is the transposed map of the gradient."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, lattice: Lattice, mirrored: bool) -> Tensor:
        ctx.lattice, ctx.mirrored = lattice, mirrored
        return lattice.filtered(rows.contiguous(), mirrored)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return _Filtered.apply(grad_outputs[0], ctx.lattice, not ctx.mirrored), None, None


def own_shares(lattice: Lattice) -> Tensor:
    """(N,) what the filter gives each point of itself: the diagonal of the map.

    Between two corners of a simplex, beliefs go along its path or the other way round, one half a step.
    """
    corners, directions = lattice.path
    size, nothing = corners.shape[1], lattice.neighbours.shape[-1] - 1
    passed = torch.eye(size, device=corners.device).repeat(len(corners), 1, 1)
    for start in range(size):
        for length in range(1, size + 1):
            # Directions are taken in their own order, whatever their order on the path.
            ahead = directions.roll(-start, 1)[:, :length]
            behind = directions.roll(-start, 1)[:, size - length :]
            for side, taken in ((1, ahead), (0, behind)):
                place = corners[:, start]
                for direction, beside in enumerate(lattice.neighbours):
                    place = torch.where((taken == direction).any(1), beside[side, place], place)
                end = (start + (length if side else -length)) % size
                passed[:, end, start] += 0.5**length * (place != nothing)
    shares = lattice.shares.view(-1, size)
    return ((passed[lattice.simplex] @ shares[..., None])[..., 0] * shares).sum(1)


@torch.no_grad()
def lattice_of(features: Tensor) -> Lattice:
    """The lattice of points.

    Args:
        features: (d, N) places of the points, in units of the Gaussian's standard deviation.

    Returns:
        The lattice, on the features' device.

    Raises:
        UsageError: The places span more than whole numbers of 63 bits can tell apart.
    """
    device, features = features.device, features.float().cpu()
    base, rank, shares = _simplices(features)
    origin, stride = _packed(base[:-1])
    size = len(base)
    kind = torch.zeros_like(origin)
    for row in rank[:-1]:
        kind = kind * size + row
    chosen, simplex = _distinct(origin, kind, size ** (size - 1))
    keys = _corner_keys(origin[chosen], rank[:, chosen], stride)
    corner_keys, corner = torch.unique(keys, return_inverse=True)
    corners = corner[simplex].flatten()
    # Compressed columns of the map from corners to points: a count and one pass, no sort.
    starts = np.arange(0, corners.numel() + 1, size, dtype=np.int32)
    table = csr_array((shares.flatten().numpy(), corners.numpy(), starts), (len(simplex), len(corner_keys))).tocsc()
    splat = (torch.from_numpy(part) for part in (table.indices, table.data, table.indptr[:-1]))
    points, weights, first = splat
    return Lattice(
        corners,
        shares.flatten(),
        points.long(),
        weights,
        first.long(),
        _neighbours(corner_keys, stride),
        simplex,
        torch.stack([corner, _directions(rank[:, chosen])]),
    ).to(device)


def _simplices(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(d + 1, N) each point's nearest corner of remainder 0, the ranks of its differences to it, (N, d + 1) shares."""
    size = len(features) + 1
    places = torch.arange(1, size, dtype=torch.float32)
    # Blurred by [1/2 1 1/2] along d + 1 directions, values have a variance of (d + 1)² · 2/3 in the lattice's units.
    scaled = features * ((2 / 3) ** 0.5 * size / (places * (places + 1)).sqrt())[:, None]
    later = scaled.flip(0).cumsum(0).flip(0)
    elevated = torch.cat([later, torch.zeros_like(later[:1])])
    elevated[1:] -= places[:, None] * scaled
    steps = (elevated / size).round()
    difference = elevated - steps * size
    rank = torch.zeros(difference.shape, dtype=torch.int64)
    for one, other in combinations(range(size), 2):
        behind = difference[one] < difference[other]
        rank[one] += behind
        rank[other] += ~behind
    # Where the steps do not sum to 0, some are one too far.
    rank += steps.sum(0).long()
    turn = (rank < 0).long() - (rank >= size).long()
    rank += turn * size
    base = (steps.long() + turn) * size
    away = torch.empty_like(elevated).scatter_(0, rank, (elevated - base) / size)
    shares = away.flip(0)
    shares[1:] -= away.flip(0)[:-1]
    shares[0] += 1 - away[0]
    return base, rank, shares.t().contiguous()


def _packed(base: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) one whole number for each of (d, N) coordinates, and what (d,) each coordinate counts in it.

    Raises:
        UsageError: 63 bits are too few.
    """
    margin = 2 * len(base) + 4  # corners and their neighbours are that far from a base
    low = base.min(1).values - margin
    spans = (base.max(1).values + margin + 1 - low).tolist()
    strides = [1]
    for span in spans:
        strides.append(strides[-1] * int(span))
    if strides[-1] > LARGEST:
        raise UsageError(
            "places that a lattice can tell apart",
            f"spans of {', '.join(map(str, spans))} in its units",
            cure="take greater standard deviations of place or colour",
        )
    stride = torch.tensor(strides[:-1])
    return ((base - low[:, None]) * stride[:, None]).sum(0), stride


def _distinct(origin: Tensor, kind: Tensor, kinds: int) -> tuple[Tensor, Tensor]:
    """(S,) a point of each simplex, and (N,) the simplex of each point."""
    if int(origin.max()) >= LARGEST // kinds:
        origin = torch.unique(origin, return_inverse=True)[1]
    _, simplex = torch.unique(origin * kinds + kind, return_inverse=True)
    chosen = torch.empty(int(simplex.max()) + 1, dtype=torch.int64)
    chosen[simplex] = torch.arange(len(simplex))  # any of them
    return chosen, simplex


def _corner_keys(origin: Tensor, rank: Tensor, stride: Tensor) -> Tensor:
    """(S, d + 1) whole numbers of the corners of simplices, from that of remainder 0 on."""
    size = len(rank)
    keys = [
        origin + remainder * stride.sum() - size * ((rank[:-1] > size - 1 - remainder) * stride[:, None]).sum(0)
        for remainder in range(size)
    ]
    return torch.stack(keys, 1)


def _directions(rank: Tensor) -> Tensor:
    """(S, d + 1) directions that lead from each corner of a simplex to the next: that of the greatest rank first."""
    size = len(rank)
    found = torch.empty_like(rank)
    places = torch.arange(size)[:, None].expand_as(rank)
    return found.scatter_(0, size - 1 - rank, places).t()


def _neighbours(keys: Tensor, stride: Tensor) -> Tensor:
    """(d + 1, 2, M + 1) the corners beside corners, by direction; the last corner is the one that is not there."""
    size, count = len(stride) + 1, len(keys)
    found = torch.full((size, 2, count + 1), count)
    steps = [size * int(one) - int(stride.sum()) for one in stride] + [-int(stride.sum())]
    for direction, step in enumerate(steps):
        for side, beside in enumerate((keys + step, keys - step)):
            place = torch.searchsorted(keys, beside).clamp_(max=count - 1)
            found[direction, side, :count] = place.where(keys[place] == beside, count)
    return found
