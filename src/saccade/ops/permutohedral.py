"""A Gaussian filter over points of few dimensions, on the permutohedral lattice.

Adams, Baek, Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice" (2010). Each point is shared out
among the d + 1 corners of the simplex that it lies in (splat), the corners blur along the d + 1 directions of the
lattice, and each point gathers from its corners again (slice). All points of a simplex share its corners, so that only
simplices are looked up, which are several times fewer.

Legend: N points, d dimensions, S simplices that hold a point, M corners of theirs, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.ops.lattice_filter import Bags, LatticeFilter

# Keys of simplices are whole numbers of 63 bits.
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Lattice:
    """The lattice of N points, with the filter that it is.

    Attributes:
        filter: The filter, up to a constant factor.
        neighbours: (d + 1, 2, M + 1) the corners beside each corner, by direction; M where there is none.
        simplex: (N,) the simplex of each point.
        path: (2, S, d + 1) the corners of each simplex, and the direction that leads from each to the next.
    """

    filter: LatticeFilter
    neighbours: Tensor
    simplex: Tensor
    path: Tensor

    def to(self, device: torch.device) -> "Lattice":
        """The lattice on another device."""
        tables = (table.to(device) for table in (self.neighbours, self.simplex, self.path))
        return Lattice(self.filter.to(device), *tables)


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
    shares = lattice.filter.slices.weights.view(-1, size)
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
    chosen, simplex = _distinct(origin, rank)
    directions = _directions(rank.index_select(1, chosen))
    keys, corners = _corners(origin[chosen], directions, stride)
    neighbours = _neighbours(keys, stride)
    of_each = corners.t().contiguous()
    table = _filter_of(of_each.index_select(0, simplex), shares, neighbours)
    return Lattice(table, neighbours, simplex, torch.stack([of_each, directions.t().int()])).to(device)


def _filter_of(corners: Tensor, shares: Tensor, neighbours: Tensor) -> LatticeFilter:
    """The filter of points.

    Args:
        corners: (N, d + 1) int32 the corner of each share of each point.
        shares: (N, d + 1) how much of the point it is.
        neighbours: As in `Lattice`.
    """
    points, size = corners.shape
    # Compressed columns of the map from corners to points: a count and one pass, no sort.
    starts = np.arange(0, corners.numel() + 1, size, dtype=np.int32)
    rows = (shares.flatten().numpy(), corners.flatten().numpy(), starts)
    table = csr_array(rows, (points, neighbours.shape[-1] - 1)).tocsc()
    splat = Bags(*(torch.from_numpy(part) for part in (table.indices, table.data, table.indptr[:-1])))
    slices = Bags(corners.flatten(), shares.flatten(), torch.from_numpy(starts[:-1]))
    return LatticeFilter(splat, tuple(_blur(beside) for beside in neighbours), slices)


def _blur(beside: Tensor) -> Bags:
    """The step along a direction, of (2, M + 1) corners beside corners: half of each is added, where there is one."""
    count = beside.shape[1] - 1
    place = torch.arange(count, dtype=beside.dtype)
    there = beside[:, :-1] < count
    # Where there is none, nothing of the corner itself is added, which is at hand.
    rows = torch.stack([place, *beside[:, :-1].where(there, place)], 1)
    weights = torch.stack([torch.ones(count), *(0.5 * there)], 1)
    return Bags(rows.flatten(), weights.flatten(), 3 * place)


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
    rank = torch.zeros(difference.shape, dtype=torch.int8)  # of few dimensions; bytes pass quickly
    for one, other in combinations(range(size), 2):
        behind = difference[one] < difference[other]
        rank[one] += behind
        rank[other] += ~behind
    # Where the steps do not sum to 0, some are one too far.
    rank += steps.sum(0).to(torch.int8)
    turn = (rank < 0).to(torch.int8) - (rank >= size).to(torch.int8)
    rank += turn * size
    base = (steps.int() + turn) * size
    away = torch.empty_like(elevated).scatter_(0, rank.long(), (elevated - base) / size)
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


def _distinct(origin: Tensor, rank: Tensor) -> tuple[Tensor, Tensor]:
    """(S,) a point of each simplex, and (N,) the simplex of each point, by origins (N,) and ranks (d + 1, N)."""
    size = len(rank)
    kind, kinds = torch.zeros_like(origin), size ** (size - 1)
    for row in rank[:-1]:
        kind.mul_(size).add_(row)
    if int(origin.max()) >= LARGEST // kinds:
        origin = torch.unique(origin, return_inverse=True)[1]
    _, simplex = torch.unique(origin * kinds + kind, return_inverse=True)
    chosen = torch.empty(int(simplex.max()) + 1, dtype=torch.int64)
    chosen[simplex] = torch.arange(len(simplex))  # any of them
    return chosen, simplex


def _directions(rank: Tensor) -> Tensor:
    """(d + 1, S) directions that lead from each corner of a simplex to the next: that of the greatest rank first."""
    size = len(rank)
    found = torch.zeros_like(rank)
    for place in range(size):
        for direction in range(1, size):
            # Bytes that are 0 or 1 are added faster than places of them are filled.
            found[place].add_((rank[direction] == size - 1 - place).view(torch.int8), alpha=direction)
    return found


def _steps(stride: Tensor) -> Tensor:
    """(d + 1,) what leads from a corner to the one ahead of it, by direction, in whole numbers as `_packed` makes."""
    return stride.sum() - (len(stride) + 1) * torch.cat([stride, stride.new_zeros(1)])


def _corners(origin: Tensor, directions: Tensor, stride: Tensor) -> tuple[list[Tensor], Tensor]:
    """The corners of simplices, by remainder: those of one remainder are no other's.

    Args:
        origin: (S,) whole numbers of their corners of remainder 0.
        directions: (d + 1, S) of `_directions`.
        stride: (d,) of `_packed`.

    Returns:
        A rising list of whole numbers for each remainder, M in all, and the corners (d + 1, S) int32 of each simplex.
    """
    steps, now = _steps(stride), origin
    keys: list[Tensor] = []
    corners: list[Tensor] = []
    for direction in directions:
        found, place = torch.unique(now, return_inverse=True)
        corners.append(place.int() + sum(len(one) for one in keys))
        keys.append(found)
        now = now + steps.index_select(0, direction.int())
    return keys, torch.stack(corners)


def _neighbours(keys: Sequence[Tensor], stride: Tensor) -> Tensor:
    """(d + 1, 2, M + 1) int32, the corners behind and ahead of corners, by direction; the last one is not there.

    Args:
        keys: Of `_corners`; ahead of a corner stand those of the next remainder.
        stride: (d,) of `_packed`.
    """
    size, first = len(keys), [0, *accumulate(len(one) for one in keys)]
    count = first[-1]
    found = torch.full((size, 2, count + 1), count, dtype=torch.int32)
    for direction, step in enumerate(_steps(stride).tolist()):
        for remainder, of_it in enumerate(keys):
            other = (remainder + 1) % size
            wanted = of_it + step
            # NumPy's search takes half the time where what is sought rises, too.
            place = torch.from_numpy(np.searchsorted(keys[other].numpy(), wanted.numpy()))
            met = keys[other].index_select(0, place.clamp_(max=len(keys[other]) - 1)) == wanted
            here, there = met.nonzero()[:, 0] + first[remainder], place[met] + first[other]
            found[direction, 1, here] = there.int()
            found[direction, 0, there] = here.int()
    return found
