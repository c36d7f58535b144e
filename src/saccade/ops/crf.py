"""A dense conditional random field: every pixel speaks with every other, the more the nearer and the more alike.

Krähenbühl, Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials" (2011): mean field, each
step of which filters the beliefs by Gaussians over places (smoothness) and over places and colours (appearance). Each
kernel is divided by the square roots of the sums of its two rows.

Legend: B pictures, C classes, (H, W) pixels, N = H·W; K image channels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.ops.crf_parameters import CrfParameters
from saccade.ops.permutohedral import lattice_of, own_shares

ITERATIONS, SMOOTHNESS, APPEARANCE = CrfParameters.iterations, CrfParameters.smoothness, CrfParameters.appearance


@dataclass(frozen=True)
class PairwiseFilter:
    """What pixels tell each other, by a kernel divided by the square roots of its row sums.

    Attributes:
        message: (N, C) beliefs to (N, C) messages; a pixel's own belief is among them.
        own: Gives the (N, 1) share that it has there.
    """

    message: Callable[[Tensor], Tensor]
    own: Callable[[], Tensor]

    def without_self(self) -> "PairwiseFilter":
        """The same, in which no pixel tells itself anything."""
        own = self.own()
        return PairwiseFilter(lambda rows: self.message(rows) - own.to(rows) * rows, lambda: torch.zeros_like(own))


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
    sums = lattice(torch.ones(features.shape[1], 1, device=features.device))
    if not symmetric:
        return PairwiseFilter(lambda rows: lattice(rows) / sums.to(rows), lambda: own_shares(lattice)[:, None] / sums)
    return PairwiseFilter(lattice.scaled(sums.rsqrt()[:, 0]), lambda: own_shares(lattice)[:, None] / sums)


def exact_filter(features: Tensor) -> PairwiseFilter:
    """The kernel of (d, N) features in standard deviations, by all N² pairs."""
    kernel = torch.exp(-(torch.cdist(features.double().t(), features.double().t()) ** 2) / 2)
    root = kernel.sum(1).rsqrt()
    normalised = (root[:, None] * kernel * root).float()
    return PairwiseFilter(lambda rows: normalised.to(rows) @ rows, lambda: normalised.diagonal()[:, None])


def dense_crf(
    probabilities: Tensor,
    image: Tensor,
    *,
    iterations: int = ITERATIONS,
    smoothness: tuple[float, float] = SMOOTHNESS,
    appearance: tuple[float, float, float] = APPEARANCE,
    compatibility: Tensor | None = None,
    exclude_self: bool = False,
) -> Tensor:
    """The beliefs of a dense CRF, filtered on a permutohedral lattice in time proportional to the pixels.

    Args:
        probabilities: (C, H, W) or (B, C, H, W) shares of the classes, such as a segmenter's.
        image: (K, H, W) or (B, K, H, W) the picture in grey values 0..255, uint8 or floating.
        iterations: Steps of mean field; the paper's 10.
        smoothness: Weight of the kernel over places, and its standard deviation in pixels. A weight of 0 leaves a
            kernel out.
        appearance: Weight of the kernel over places and colours, and its standard deviations in pixels and grey values.
        compatibility: (C, C) what it costs that a pixel of the first class has a like one of the second; None is
            Potts' model, 1 for any other class.
        exclude_self: Whether a pixel's own belief is left out of the messages to it, as the paper writes; by default it
            is among them, as the authors' code has it.

    Returns:
        Beliefs of the same shape; the classes of a pixel sum to 1. Gradients reach probabilities and compatibility.

    Raises:
        UsageError: Sizes differ, a number is out of range, or the picture is too large for standard deviations so
            small.
    """
    settings = _Settings(iterations, smoothness, appearance, compatibility, exclude_self)
    return _each(probabilities, image, settings, lattice_filter)


def brute_force_crf(
    probabilities: Tensor,
    image: Tensor,
    *,
    iterations: int = ITERATIONS,
    smoothness: tuple[float, float] = SMOOTHNESS,
    appearance: tuple[float, float, float] = APPEARANCE,
    compatibility: Tensor | None = None,
    exclude_self: bool = False,
) -> Tensor:
    """`dense_crf` by exact sums over all pairs of pixels: (H·W)² numbers a kernel, for pictures of some 48 x 48."""
    settings = _Settings(iterations, smoothness, appearance, compatibility, exclude_self)
    return _each(probabilities, image, settings, exact_filter)


def beliefs(
    log_probabilities: Tensor,
    filters: Sequence[tuple[float | Tensor, PairwiseFilter]],
    compatibility: Tensor | None = None,
) -> Iterator[Tensor]:
    """The beliefs before the first step of mean field and after each, without end.

    Args:
        log_probabilities: (N, C) what each pixel believes by itself, up to a constant.
        filters: What pixels tell each other, each with its weight: a number, or (C,) one for each class.
        compatibility: As in `dense_crf`.

    Yields:
        (N, C) beliefs.
    """
    now = log_probabilities.softmax(1)
    while True:
        yield now
        now = after_a_step(log_probabilities, now, filters, compatibility).softmax(1)


def after_a_step(
    log_probabilities: Tensor,
    now: Tensor,
    filters: Sequence[tuple[float | Tensor, PairwiseFilter]],
    compatibility: Tensor | None = None,
) -> Tensor:
    """(N, C) logarithms of the beliefs after one step of mean field, each pixel's up to a constant.

    Args:
        log_probabilities: As in `beliefs`.
        now: (N, C) beliefs before it.
        filters: As in `beliefs`.
        compatibility: As in `dense_crf`.
    """
    told = [one.message(now) if isinstance(weight, float) else weight * one.message(now) for weight, one in filters]
    counts = [weight if isinstance(weight, float) else 1.0 for weight, _ in filters]
    return _joined(log_probabilities, told, counts, compatibility)


def _joined(own: Tensor, told: Sequence[Tensor], counts: Sequence[float], compatibility: Tensor | None) -> Tensor:
    """(N, C) what pixels believe after what they were told, up to a constant; few new tensors, for they are large."""
    if not told:
        return own
    if compatibility is None:
        # Under Potts' model the cost of all other classes is, up to a constant, the gain of the own.
        total = torch.add(own, told[0], alpha=counts[0])
        for one, count in zip(told[1:], counts[1:], strict=True):
            total.add_(one, alpha=count)
        return total
    cost = sum((one * count for one, count in zip(told, counts, strict=True)), torch.zeros_like(own))
    return own - cost @ compatibility.to(own).t()


@dataclass(frozen=True)
class _Settings(CrfParameters):
    compatibility: Tensor | None = None
    exclude_self: bool = False

    def check(self, classes: int) -> None:
        """Refuse costs of another number of classes."""
        if self.compatibility is not None and self.compatibility.shape != (classes, classes):
            raise UsageError(f"compatibility ({classes}, {classes})", tuple(self.compatibility.shape))


def _each(
    probabilities: Tensor,
    image: Tensor,
    settings: _Settings,
    kernel: Callable[[Tensor], PairwiseFilter],
) -> Tensor:
    """One picture after the other."""
    many = probabilities.dim() == 4
    few, images = (probabilities, image) if many else (probabilities[None], image[None])
    if few.dim() != 4 or few.shape[::3] != images.shape[::3] or few.shape[-2:] != images.shape[-2:] or not few.numel():
        found = f"{tuple(probabilities.shape)} and {tuple(image.shape)}"
        raise UsageError("probabilities (C, H, W) and an image (K, H, W) of the same size", found)
    settings.check(few.shape[1])
    done = [_one(*pair, settings, kernel) for pair in zip(few, images, strict=True)]
    return torch.stack(done) if many else done[0]


def _one(
    probabilities: Tensor,
    image: Tensor,
    settings: _Settings,
    kernel: Callable[[Tensor], PairwiseFilter],
) -> Tensor:
    classes, height, width = probabilities.shape
    filters: list[tuple[float | Tensor, PairwiseFilter]] = []
    if settings.smoothness[0]:
        filters.append(
            (settings.smoothness[0], kernel(place_features((height, width), settings.smoothness[1], image.device)))
        )
    if settings.appearance[0]:
        filters.append((settings.appearance[0], kernel(colour_features(image, *settings.appearance[1:]))))
    if settings.exclude_self:
        filters = [(weight, one.without_self()) for weight, one in filters]
    rows = probabilities.flatten(1).t().contiguous()
    least = torch.finfo(rows.dtype).tiny
    steps = beliefs(rows.clamp_min(least).log(), filters, settings.compatibility)
    return next(islice(steps, settings.iterations, None)).t().reshape(classes, height, width)
