"""The domain transform: a signal smoothed along rows and columns, but not across edges, in time proportional to it.

Papers: Gastal, Oliveira 2011, Domain transform for edge-aware image and video processing, section 4.2 (recursive
filter); Chen, Barron, Papandreou, Murphy, Yuille 2015, Semantic image segmentation with task-specific edge detection
using CNNs and a discriminatively trained domain transform, arXiv 1511.03328, sections 3.2 and 3.3 (slopes).

Legend: B pictures, C channels, (H, W) pixels; N positions of a line, M lines; K iterations.
"""

from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from saccade.core.errors import UsageError
from saccade.ops.exporting import exporting


def domain_transform(
    signal: Tensor, edges: Tensor, *, sigma_space: float, sigma_range: float, iterations: int = 3
) -> Tensor:
    """The signal, each position mixed with those before it in its row and column, the less the stronger edges between.

    From left to right y_i = (1 - w_i) x_i + w_i y_(i-1), where w_i = exp(-√2 d_i / σ_k), d_i = 1 + edge_i · σ_space /
    σ_range, and σ_k is `sigmas`' of this iteration; then back, with the same weight between the same two positions;
    then down and up. What is the same everywhere stays so. The signal may be anything of the edges' size: scores of
    classes, a picture, or a frame with the edges of another picture.

    Args:
        signal: (C, H, W) or (B, C, H, W), floating.
        edges: (H, W), or (B, H, W) a map a picture, from 0: how strong the edge is between a pixel and its left
            neighbour, and its upper one.
        sigma_space: Pixels, the standard deviation of the whole filter where there is no edge.
        sigma_range: An edge of this strength counts as much as `sigma_space` pixels of distance.
        iterations: K, each over both axes.

    Returns:
        The filtered signal, of its shape and kind. Slopes reach signal and edges, once.

    Raises:
        UsageError: Shapes differ, the signal is not floating, an edge is negative, or a number is out of range.
    """
    _check(signal, edges, sigma_space, sigma_range, iterations)
    many = signal.dim() == 4
    whole = signal if many else signal[None]
    if whole.dtype in (torch.float16, torch.bfloat16):
        whole = whole.float()
    distances = 1 + edges.to(whole.dtype) * (sigma_space / sigma_range)
    distances = distances.expand(whole.shape[0], *distances.shape[-2:])
    found = filtered(whole, distances, sigmas(sigma_space, iterations)[0], iterations)
    return (found if many else found[0]).to(signal.dtype)


def colour_domain(
    signal: Tensor, image: Tensor, *, sigma_space: float, sigma_range: float, iterations: int = 3
) -> Tensor:
    """`domain_transform` whose edges are the picture's own: differences to the left or to the upper pixel.

    Args:
        signal: (C, H, W), floating, such as scores of classes.
        image: (K, H, W) the picture, floating.
        sigma_space: As in `domain_transform`.
        sigma_range: In the picture's units, summed over channels (2011, equation 11).
        iterations: K.

    Returns:
        The filtered signal, of its shape and kind.

    Raises:
        UsageError: As `domain_transform`.
    """
    edges = torch.zeros_like(image[0])
    edges[:, 1:] = (image[:, :, 1:] - image[:, :, :-1]).abs().sum(0)
    edges[1:] = edges[1:].maximum((image[:, 1:] - image[:, :-1]).abs().sum(0))
    return domain_transform(signal, edges, sigma_space=sigma_space, sigma_range=sigma_range, iterations=iterations)


def filtered(signal: Tensor, distances: Tensor, first: float, iterations: int) -> Tensor:
    """`domain_transform` by distances in place of edges; nothing is checked.

    Args:
        signal: (B, C, H, W), float32 or float64.
        distances: (B, H, W), of the signal's kind, in pixels: how far a pixel lies from its left neighbour, and from
            its upper one, where these have a distance of 1 if nothing is between.
        first: σ of the first iteration in pixels.
        iterations: K.

    Returns:
        (B, C, H, W). Slopes reach signal and distances, once.
    """
    if exporting() or signal.is_meta:
        return filtered_at_once(signal, distances, first, iterations)
    if torch.is_grad_enabled() and (signal.requires_grad or distances.requires_grad):
        return _Filter.apply(signal, distances, first, iterations)
    return _filtered(signal, distances, first, iterations)


def sigmas(sigma_space: float, iterations: int) -> list[float]:
    """σ_1 … σ_K in pixels, each half of the one before; their squares sum to `sigma_space`².

    Halving hides the stripes that filtering axis by axis would leave (2011, section 4.3).
    """
    last = sigma_space * sqrt(3) / sqrt(4**iterations - 1)
    return [last * 2 ** (iterations - number) for number in range(1, iterations + 1)]


def weights_of(distances: Tensor, sigma: float) -> Tensor:
    """What a position takes over of the one before it, at distances in pixels."""
    return torch.exp(distances * (-sqrt(2) / sigma))


def _check(signal: Tensor, edges: Tensor, sigma_space: float, sigma_range: float, iterations: int) -> None:
    """Refuse what does not fit."""
    pictures = signal.shape[:-3]
    fits = signal.dim() in (3, 4) and edges.shape[-2:] == signal.shape[-2:] and signal.numel() > 0
    if not fits or edges.shape[:-2] not in (pictures, torch.Size()):
        found = f"{tuple(signal.shape)} and {tuple(edges.shape)}"
        raise UsageError("a signal (C, H, W) and edges (H, W), or (B, C, H, W) and (B, H, W)", found)
    if not signal.is_floating_point():
        raise UsageError("a floating signal", str(signal.dtype))
    for name, value in (("sigma_space", sigma_space), ("sigma_range", sigma_range)):
        if not value > 0:
            raise UsageError(f"{name} above 0", value)
    if iterations < 1:
        raise UsageError("iterations from 1", iterations)
    if not exporting() and not edges.is_meta and bool((edges < 0).any()):
        raise UsageError("edges from 0", float(edges.min()))


# Rows are swept where they lie. Columns are turned first, since a step over numbers that lie apart takes five times
# as long; torch turns tables of two axes fast, and others slowly.


def _turned(signal: Tensor) -> Tensor:
    """(W, B, C, H) of a signal (B, C, H, W), in a memory of its own."""
    table = signal.reshape(-1, signal.shape[-1]).t().clone(memory_format=torch.contiguous_format)
    return table.view(signal.shape[-1], *signal.shape[:-1])


def _turned_back(columns: Tensor) -> Tensor:
    """(B, C, H, W) of columns (W, B, C, H), in a memory of its own."""
    table = columns.reshape(len(columns), -1).t().clone(memory_format=torch.contiguous_format)
    return table.view(*columns.shape[1:], len(columns))


def _as_rows(signal: Tensor) -> Tensor:
    """(H, B, C, W), a view."""
    return signal.permute(2, 0, 1, 3)


def _row_weights(weights: Tensor) -> Tensor:
    """(H, B, 1, W) of weights (B, H, W)."""
    return weights.transpose(0, 1)[:, :, None].contiguous()


def _column_weights(weights: Tensor) -> Tensor:
    """(W, B, 1, H) of weights (B, H, W)."""
    return weights.permute(2, 0, 1)[:, :, None].contiguous()


def _filtered(
    signal: Tensor, distances: Tensor, first: float, iterations: int, kept: list[Tensor] | None = None
) -> Tensor:
    """The filtered signal (B, C, H, W), of `distances` (B, H, W) in pixels and the first iteration's σ.

    What each iteration's columns and rows were is added to `kept`, if that is there.
    """
    weights = weights_of(distances, first)
    for _ in range(iterations):
        columns = _turned(signal)
        if kept is not None:
            kept.append(columns.clone())
        _sweep_both_ways(columns, _column_weights(weights))
        signal = _turned_back(columns)
        if kept is not None:
            kept.append(_as_rows(signal.clone()))
        _sweep_both_ways(_as_rows(signal), _row_weights(weights))
        # Half of σ, and so the square of the weight.
        weights = weights * weights
    return signal


def _sweep_both_ways(lines: Tensor, weights: Tensor) -> None:
    """Lines (N, B, C, M), in their place, from the first position to the last and back."""
    _sweep(lines, weights)
    _sweep_back(lines, weights)


def _sweep(lines: Tensor, weights: Tensor) -> None:
    """Each position (N, B, C, M) mixed, in its place, with the one before it by the weights (N, B, 1, M)."""
    every, taken = lines.unbind(0), weights.unbind(0)
    for now, before, weight in zip(every[1:], every, taken[1:], strict=False):
        now.lerp_(before, weight)


def _sweep_back(lines: Tensor, weights: Tensor) -> None:
    """The same from the end: with the one after it, by the weight between the two, which stands at that one."""
    every, taken = lines.unbind(0)[::-1], weights.unbind(0)[::-1]
    for now, after, weight in zip(every[1:], every, taken, strict=False):
        now.lerp_(after, weight)


def _slopes(lines: Tensor, weights: Tensor, slope: Tensor) -> Tensor:
    """Slopes of both sweeps: `slope`, of what they gave, becomes that of `lines`; that of the weights is returned.

    With the slope g of a sweep's y, from the last position to the first: g_(i-1) += w_i g_i, then dL/dx_i = (1 - w_i)
    g_i and dL/dw_i = (y_(i-1) - x_i) g_i (2015, section 3.3).
    """
    there = lines.clone(memory_format=torch.preserve_format)
    _sweep(there, weights)
    back = there.clone(memory_format=torch.preserve_format)
    _sweep_back(back, weights)
    of_weights = torch.zeros_like(weights)
    between, every, taken = weights[1:], slope.unbind(0), weights.unbind(0)
    for now, after, weight in zip(every, every[1:], taken[1:], strict=False):
        after.addcmul_(now, weight)
    of_weights[1:] += ((back[1:] - there[:-1]) * slope[:-1]).sum(2, keepdim=True)
    slope[:-1] *= 1 - between
    for now, before, weight in zip(every[::-1], every[-2::-1], taken[::-1], strict=False):
        before.addcmul_(now, weight)
    of_weights[1:] += ((there[:-1] - lines[1:]) * slope[1:]).sum(2, keepdim=True)
    slope[1:] *= 1 - between
    return of_weights


class _Filter(torch.autograd.Function):
    """`_filtered` with slopes: it keeps what each axis of each iteration was given, and sweeps anew on the way back."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, distances: Tensor, first: float, iterations: int) -> Tensor:
        """The filtered signal; what each sweep was given is kept."""
        kept: list[Tensor] = []
        found = _filtered(signal, distances, first, iterations, kept)
        ctx.save_for_backward(distances, *kept)
        ctx.first, ctx.iterations = first, iterations
        return found

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *slopes: Tensor
    ) -> tuple[Tensor, Tensor, None, None]:
        """Gradients of the signal and of the distances."""
        distances, *kept = ctx.saved_tensors
        slope = slopes[0].clone(memory_format=torch.contiguous_format)
        of_distances = torch.zeros_like(distances)
        for number in reversed(range(ctx.iterations)):
            sigma = ctx.first / 2**number
            weights = weights_of(distances, sigma)
            found = _slopes(kept[2 * number + 1], _row_weights(weights), _as_rows(slope))[:, :, 0].transpose(0, 1)
            columns = _turned(slope)
            found = found + _slopes(kept[2 * number], _column_weights(weights), columns)[:, :, 0].permute(1, 2, 0)
            slope = _turned_back(columns)
            of_distances += found * weights * (-sqrt(2) / sigma)
        return slope, of_distances, None, None


@torch.library.custom_op("saccade::domain_transform", mutates_args=())
def filtered_at_once(signal: Tensor, distances: Tensor, first: float, iterations: int) -> Tensor:
    """The filter as an operator by itself, without slopes: in a graph it is one step, however large the picture is.

    Args:
        signal: (B, C, H, W).
        distances: (B, H, W) between a pixel and its left neighbour, and its upper one, in pixels.
        first: σ of the first iteration.
        iterations: K.
    """
    return _filtered(signal, distances, first, iterations)


@filtered_at_once.register_fake
def _(signal: Tensor, distances: Tensor, first: float, iterations: int) -> Tensor:
    del distances, first, iterations
    return torch.empty_like(signal, memory_format=torch.contiguous_format)
