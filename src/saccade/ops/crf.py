"""A dense conditional random field: every pixel speaks with every other, the more the nearer and the more alike.

Krähenbühl, Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials" (2011): mean field, each
step of which filters the beliefs by Gaussians over places (smoothness) and over places and colours (appearance). Each
kernel is divided by the square roots of the sums of its two rows.

Legend: B pictures, C classes, (H, W) pixels, N = H·W; K image channels.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.ops.crf_kernels import CrfKernels
from saccade.ops.crf_parameters import CrfParameters
from saccade.ops.lattice_filter import LatticeFilter
from saccade.ops.pairwise import (
    PairwiseFilter,
    exact_filter,
    lattice_filter,
    weighted,
)

# What no class of a pixel falls below: what is told of it stays clear of numbers so small that they are slow.
LEAST = 1e-30
ITERATIONS, SMOOTHNESS, APPEARANCE = CrfParameters.iterations, CrfParameters.smoothness, CrfParameters.appearance


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
        total = own
        for one, count in zip(told, counts, strict=True):
            # What was told is nobody else's: it is added to in its place.
            total = one.add_(total) if count == 1.0 else torch.add(total, one, alpha=count)
        return total
    cost = sum((one * count for one, count in zip(told, counts, strict=True)), torch.zeros_like(own))
    return own - cost @ compatibility.to(own).t()


def dense_crfs(probabilities: Tensor, image: Tensor, tried: Iterable[CrfParameters]) -> Iterator[Tensor]:
    """`dense_crf` by several parameters, one after the other; lattices of the same widths are built once.

    Args:
        probabilities: (C, H, W) shares of the classes.
        image: (K, H, W) the picture.
        tried: The parameters.

    Yields:
        (C, H, W) beliefs.

    Raises:
        UsageError: As `dense_crf`.
    """
    _check_sizes(probabilities[None], image[None])
    kernels = CrfKernels(image, lattice_filter)
    for one in tried:
        settings = _Settings(one.iterations, one.smoothness, one.appearance)
        yield _one(probabilities, kernels, settings)


def dense_crf_steps(
    probabilities: Tensor,
    image: Tensor,
    parameters: CrfParameters = CrfParameters(),  # noqa: B008 (it never changes)
) -> Iterator[Tensor]:
    """The beliefs of `dense_crf` before its first step and after each, the last of which is what it returns.

    Args:
        probabilities: (C, H, W) shares of the classes.
        image: (K, H, W) the picture in grey values 0..255.
        parameters: Steps and kernels.

    Yields:
        (C, H, W) beliefs, one more than there are steps.

    Raises:
        UsageError: As `dense_crf`.
    """
    _check_sizes(probabilities[None], image[None])
    settings = _Settings(parameters.iterations, parameters.smoothness, parameters.appearance)
    filters = _filters(CrfKernels(image, lattice_filter), settings)
    yield from islice(_steps(probabilities, filters), settings.iterations + 1)


@dataclass(frozen=True)
class _Settings(CrfParameters):
    compatibility: Tensor | None = None
    exclude_self: bool = False

    def check(self, classes: int) -> None:
        """Refuse costs of another number of classes."""
        if self.compatibility is not None and self.compatibility.shape != (classes, classes):
            raise UsageError(f"compatibility ({classes}, {classes})", tuple(self.compatibility.shape))


def _check_sizes(probabilities: Tensor, images: Tensor) -> None:
    """Refuse what is not (B, C, H, W) and (B, K, H, W)."""
    shapes = probabilities.shape, images.shape
    if probabilities.dim() != 4 or images.dim() != 4 or not probabilities.numel() or not _alike(*shapes):
        found = f"{tuple(probabilities.shape)} and {tuple(images.shape)}"
        raise UsageError("probabilities (C, H, W) and an image (K, H, W) of the same size", found)


def _alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether pictures of two shapes (B, ·, H, W) are as many and as large."""
    return one[0] == other[0] and one[-2:] == other[-2:]


def _each(
    probabilities: Tensor,
    image: Tensor,
    settings: _Settings,
    kernel: Callable[[Tensor], PairwiseFilter],
) -> Tensor:
    """One picture after the other."""
    many = probabilities.dim() == 4
    few, images = (probabilities, image) if many else (probabilities[None], image[None])
    _check_sizes(few, images)
    settings.check(few.shape[1])
    done = [_one(one, CrfKernels(guide, kernel), settings) for one, guide in zip(few, images, strict=True)]
    return torch.stack(done) if many else done[0]


def _one(probabilities: Tensor, kernels: CrfKernels, settings: _Settings) -> Tensor:
    filters = _filters(kernels, settings)
    lattice = filters[0].lattice if filters else None
    learnt = torch.is_grad_enabled() and probabilities.requires_grad
    if lattice is None or settings.compatibility is not None or learnt:
        return next(islice(_steps(probabilities, filters, settings.compatibility), settings.iterations, None))
    return _as_before(_settled(_own(probabilities), lattice, settings.iterations), probabilities)


def _settled(own: Tensor, lattice: LatticeFilter, iterations: int) -> Tensor:
    """(N, C) what `beliefs` comes to under Potts' model, without gradients, in two thirds of the time.

    Beliefs stay where they are, so that no step asks for memory.
    """
    now = own.softmax(1)
    for _ in range(iterations):
        for place, told in lattice.pieces(now):
            torch.softmax(told.add_(own[place]), 1, out=now[place])
    return now


def _steps(
    probabilities: Tensor, filters: Sequence[PairwiseFilter], compatibility: Tensor | None = None
) -> Iterator[Tensor]:
    """The beliefs (C, H, W) before the first step and after each, without end."""
    told: list[tuple[float | Tensor, PairwiseFilter]] = [(1.0, one) for one in filters]
    for now in beliefs(_own(probabilities), told, compatibility):
        yield _as_before(now, probabilities)


def _filters(kernels: CrfKernels, settings: _Settings) -> list[PairwiseFilter]:
    """All that pixels tell each other as one filter, or none."""
    filters = kernels.of(settings)
    if not filters:
        return []
    whole = weighted(filters)
    return [whole.without_self() if settings.exclude_self else whole]


def _own(probabilities: Tensor) -> Tensor:
    """(N, C) logarithms of shares (C, H, W)."""
    rows = probabilities.flatten(1).t().clone(memory_format=torch.contiguous_format)
    least = max(LEAST, torch.finfo(rows.dtype).tiny)
    if torch.is_grad_enabled() and rows.requires_grad:
        return rows.clamp_min(least).log()
    return rows.clamp_min_(least).log_()


def _as_before(rows: Tensor, probabilities: Tensor) -> Tensor:
    """(N, C) beliefs as maps (C, H, W)."""
    return rows.t().reshape(probabilities.shape)
