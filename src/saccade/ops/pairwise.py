"""What pixels tell each other in a dense CRF: Gaussian kernels over places, and over places and colours.

Krähenbühl, Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials" (2011), section 3. Each
kernel is divided by the square roots of the sums of its two rows, as in the authors' code.

Legend: C classes, (H, W) pixels, N = H·W; K image channels; d dimensions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.ops.lattice_filter import LatticeFilter, added
from saccade.ops.permutohedral import lattice_of, own_shares


@dataclass(frozen=True)
class PairwiseFilter:
    """What pixels tell each other, by a kernel divided by the square roots of its row sums.

    Attributes:
        message: (N, C) beliefs to (N, C) messages; a pixel's own belief is among them.
        own: Gives the (N, 1) share that it has there.
        lattice: The filter itself where it is a lattice's and nothing else, so that several become one.
    """

    message: Callable[[Tensor], Tensor]
    own: Callable[[], Tensor]
    lattice: LatticeFilter | None = None

    def without_self(self) -> "PairwiseFilter":
        """The same, in which no pixel tells itself anything."""
        own = self.own()
        return PairwiseFilter(lambda rows: self.message(rows) - own.to(rows) * rows, lambda: torch.zeros_like(own))


def weighted(filters: Sequence[tuple[float, PairwiseFilter]]) -> PairwiseFilter:
    """At least one filter, each times its weight, added up."""

    def own() -> Tensor:
        return torch.stack([weight * one.own() for weight, one in filters]).sum(0)

    def message(rows: Tensor) -> Tensor:
        return torch.stack([weight * one.message(rows) for weight, one in filters]).sum(0)

    lattices = [(weight, one.lattice) for weight, one in filters if one.lattice is not None]
    if len(lattices) < len(filters):
        return PairwiseFilter(message, own)
    whole = added([one.times(weight) for weight, one in lattices])
    return PairwiseFilter(whole, own, whole)


def place_features(size: tuple[int, int], sigma: float, device: torch.device | None = None) -> Tensor:
    """(2, N) places of (H, W) pixels, x first, in standard deviations of `sigma` pixels."""
    y, x = (torch.arange(side, dtype=torch.float32, device=device) / sigma for side in size)
    return torch.stack(torch.meshgrid(x, y, indexing="xy")).flatten(1)


def colour_features(image: Tensor, sigma_xy: float, sigma_rgb: float) -> Tensor:
    """(2 + K, N) places and colours of a (K, H, W) picture, in standard deviations of pixels and of grey values."""
    places = place_features((image.shape[1], image.shape[2]), sigma_xy, image.device)
    return torch.cat([places, image.flatten(1).float() / sigma_rgb])


def lattice_filter(features: Tensor, *, symmetric: bool = True) -> PairwiseFilter:
    """The kernel of (d, N) features in standard deviations, approximately, in time proportional to N.

    Args:
        features: Places of the pixels.
        symmetric: Whether the kernel is divided by the square roots of its rows' sums, before and after. Else what a
            pixel is told is divided by its own row's sum, so that it is a mean (CRF-RNN).
    """
    lattice = lattice_of(features)
    message = lattice.filter
    sums = message(torch.ones(features.shape[1], 1, device=features.device))
    if not symmetric:
        return PairwiseFilter(lambda rows: message(rows) / sums.to(rows), lambda: own_shares(lattice)[:, None] / sums)
    scaled = message.scaled(sums.rsqrt()[:, 0])
    return PairwiseFilter(scaled, lambda: own_shares(lattice)[:, None] / sums, scaled)


def exact_filter(features: Tensor) -> PairwiseFilter:
    """The kernel of (d, N) features in standard deviations, by all N² pairs."""
    kernel = torch.exp(-(torch.cdist(features.double().t(), features.double().t()) ** 2) / 2)
    root = kernel.sum(1).rsqrt()
    normalised = (root[:, None] * kernel * root).float()
    return PairwiseFilter(lambda rows: normalised.to(rows) @ rows, lambda: normalised.diagonal()[:, None])
