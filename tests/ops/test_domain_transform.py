"""The domain transform beside loops over single pixels, by finite differences, by a recurrent cell, and as a graph."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

import saccade as sc
from saccade.core.errors import UsageError
from saccade.network.graphs.onnx import OPSET, translations
from saccade.ops.domain_transform import colour_domain, domain_transform, sigmas, weights_of

SIGMAS: dict[str, Any] = {"sigma_space": 6.0, "sigma_range": 0.5}


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def by_loops(signal: Tensor, edges: Tensor, space: float, range_: float, iterations: int) -> Tensor:
    """One channel (H, W), number by number."""
    height, width = signal.shape
    y, g = signal.tolist(), edges.tolist()
    for k in range(1, iterations + 1):
        sigma = space * math.sqrt(3) * 2 ** (iterations - k) / math.sqrt(4**iterations - 1)
        w = [[math.exp(-math.sqrt(2) / sigma * (1 + one * space / range_)) for one in row] for row in g]
        for i in range(height):
            for j in range(1, width):
                y[i][j] = (1 - w[i][j]) * y[i][j] + w[i][j] * y[i][j - 1]
            for j in range(width - 2, -1, -1):
                y[i][j] = (1 - w[i][j + 1]) * y[i][j] + w[i][j + 1] * y[i][j + 1]
        for j in range(width):
            for i in range(1, height):
                y[i][j] = (1 - w[i][j]) * y[i][j] + w[i][j] * y[i - 1][j]
            for i in range(height - 2, -1, -1):
                y[i][j] = (1 - w[i + 1][j]) * y[i][j] + w[i + 1][j] * y[i + 1][j]
    return torch.tensor(y, dtype=torch.float64)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize("size", [(5, 7), (1, 6), (6, 1), (1, 1)])
def test_it_is_the_loops_over_pixels(size: tuple[int, int], iterations: int) -> None:
    signal, edges = drawn(2, 3, *size, dtype=torch.float64), drawn(2, *size, seed=1, dtype=torch.float64)
    given = signal.clone()
    found = domain_transform(signal, edges, **SIGMAS, iterations=iterations)
    for picture in range(2):
        for channel in range(3):
            expected = by_loops(signal[picture, channel], edges[picture], 6.0, 0.5, iterations)
            torch.testing.assert_close(found[picture, channel], expected)
    assert torch.equal(signal, given)
    learning = domain_transform(signal.requires_grad_(), edges, **SIGMAS, iterations=iterations)
    torch.testing.assert_close(learning.detach(), found)
    alone = domain_transform(signal[1].detach(), edges[1], **SIGMAS, iterations=iterations)
    torch.testing.assert_close(alone, found[1])


def test_the_standard_deviations_halve_and_their_squares_sum_to_the_whole() -> None:
    assert sigmas(100, 3) == pytest.approx([87.287156, 43.643578, 21.821789], abs=1e-6)
    assert float(weights_of(torch.ones(1), sigmas(100, 3)[0])) == pytest.approx(0.983929, abs=1e-6)
    assert sum(sigma**2 for sigma in sigmas(7, 4)) == pytest.approx(49)


def test_what_is_the_same_everywhere_stays_so() -> None:
    """A mix of equal numbers."""
    signal = torch.full((2, 9, 12), 3.7)
    found = domain_transform(signal, drawn(9, 12) * 5, sigma_space=100, sigma_range=1)
    torch.testing.assert_close(found, signal)


def test_edges_keep_apart_what_has_none_between_is_smoothed() -> None:
    signal = (drawn(1, 16, 20) + (torch.arange(20) >= 10) * 4.0).double()
    edges = torch.zeros(16, 20, dtype=torch.float64)
    edges[:, 10] = 1e3
    found = domain_transform(signal, edges, sigma_space=100, sigma_range=1)
    left, right = found[..., :10], found[..., 10:]
    assert left.std() < 0.25 * signal[..., :10].std()
    assert right.std() < 0.25 * signal[..., 10:].std()
    assert right.min() - left.max() > 3
    torch.testing.assert_close(left.mean(), signal[..., :10].mean(), atol=0.1, rtol=0)
    untouched = domain_transform(signal, torch.full((16, 20), 1e4), sigma_space=100, sigma_range=1)
    torch.testing.assert_close(untouched, signal)
    assert found[..., :10].var() > domain_transform(signal, edges * 0, sigma_space=1e4, sigma_range=1).var()


@pytest.mark.parametrize("size", [(3, 4), (1, 3), (4, 1)])
def test_slopes_are_those_of_finite_differences(size: tuple[int, int]) -> None:
    signal = drawn(2, 2, *size, dtype=torch.float64).requires_grad_()
    edges = (drawn(2, *size, seed=1, dtype=torch.float64) + 0.1).requires_grad_()
    assert gradcheck(lambda s, e: domain_transform(s, e, **SIGMAS), (signal, edges))
    shared = (drawn(*size, seed=2, dtype=torch.float64) + 0.1).requires_grad_()
    assert gradcheck(lambda s, e: domain_transform(s, e, **SIGMAS, iterations=1), (signal, shared))


def test_only_what_learns_has_slopes() -> None:
    signal, edges = drawn(2, 5, 6), drawn(5, 6, seed=1).requires_grad_()
    domain_transform(signal, edges, **SIGMAS).square().sum().backward()
    assert edges.grad is not None
    assert edges.grad[1:, 1:].abs().min() > 0
    # Before the first position of both axes there is nothing.
    assert float(edges.grad[0, 0]) == 0


def test_half_numbers_are_filtered_as_whole_ones() -> None:
    signal, edges = drawn(2, 8, 9).bfloat16(), drawn(8, 9, seed=1).bfloat16()
    found = domain_transform(signal, edges, sigma_space=50, sigma_range=5)
    assert found.dtype == torch.bfloat16
    whole = domain_transform(signal.float(), edges.float(), sigma_space=50, sigma_range=5)
    assert torch.equal(found, whole.bfloat16())


def test_a_frame_is_filtered_by_the_edges_of_another_picture() -> None:
    """Noise that flickers goes, and what the other picture has as an edge stays sharp, in every frame alike."""
    clean = torch.zeros(1, 24, 32)
    clean[:, :, 16:] = 1
    frames = torch.stack([clean + 0.3 * (drawn(1, 24, 32, seed=frame) - 0.5) for frame in range(3)])
    edges = (clean - clean.roll(1, 2)).abs()[0]
    edges[:, 0] = 0
    found = domain_transform(frames, edges, sigma_space=20, sigma_range=0.1)
    assert (found - clean).abs().max() < 0.25 * (frames - clean).abs().max()
    torch.testing.assert_close(found[1], domain_transform(frames[1], edges, sigma_space=20, sigma_range=0.1))
    blurred = domain_transform(frames, edges * 0, sigma_space=20, sigma_range=0.1)
    assert (blurred - clean).abs().max() > 0.4


class FixedGate(nn.Module):
    """A GRU that reads a signal and the logit of a gate, whose candidate is the signal and whose gate is given.

    tanh is the identity of small numbers; the state before enters nothing but the mix.
    """

    SMALL = 1e-5

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(channels + 1, channels, dtype=torch.float64)
        for parameter in self.cell.parameters():
            parameter.data.zero_()
        gate, candidate = self.cell.weight_ih.data[channels : 2 * channels], self.cell.weight_ih.data[2 * channels :]
        gate[:, -1] = 1
        candidate[:, :channels] = torch.eye(channels) * self.SMALL

    def forward(self, lines: Tensor, weights: Tensor) -> Tensor:
        """(N, M, C) of lines (N, M, C) and weights (N, M) of the state before."""
        states = [lines[0] * self.SMALL]
        for seen, weight in zip(lines[1:], weights[1:], strict=True):
            states.append(self.cell(torch.cat([seen, weight.logit()[:, None]], 1), states[-1]))
        return torch.stack(states) / self.SMALL


def test_it_is_a_recurrent_network_whose_gate_is_fixed() -> None:
    """y = (1 - z) x + z y before, z = w: a gated recurrent unit swept four ways (2015, section 3.4)."""
    signal, edges = drawn(3, 5, 7, dtype=torch.float64), drawn(5, 7, seed=1, dtype=torch.float64)
    network, now = FixedGate(3), signal.permute(1, 2, 0)
    for sigma in sigmas(6.0, 2):
        weights = weights_of(1 + edges * 12, sigma)
        for _ in range(2):  # along rows; the axes change places; along columns
            now, weights = now.transpose(0, 1), weights.t()
            now = network(now, weights)
            now = network(now.flip(0), weights.flip(0).roll(1, 0)).flip(0)
    expected = domain_transform(signal, edges, **SIGMAS, iterations=2)
    torch.testing.assert_close(now.permute(2, 0, 1).detach(), expected, rtol=1e-6, atol=1e-7)


class Filtered(nn.Module):
    def forward(self, signal: Tensor, edges: Tensor) -> Tensor:
        return domain_transform(signal, edges, sigma_space=30, sigma_range=0.5, iterations=2)


@pytest.mark.filterwarnings("ignore")
def test_it_leaves_as_recurrent_networks(tmp_path: Any) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    example = drawn(2, 3, 10, 12), drawn(2, 10, 12, seed=1)
    side = torch.export.Dim.DYNAMIC
    shapes = ({0: side, 2: side, 3: side}, {0: side, 1: side, 2: side})
    program = torch.export.export(Filtered(), example, dynamic_shapes=shapes)
    names: dict[str, Any] = {"input_names": ["signal", "edges"], "output_names": ["found"]}
    how: dict[str, Any] = {
        "custom_translation_table": translations(),
        "opset_version": OPSET,
        "dynamo": True,
        "verbose": False,
    }
    written: Any = torch.onnx.export(program, **names, **how)
    written.save(tmp_path / "filter.onnx")
    session = runtime.InferenceSession(tmp_path / "filter.onnx", providers=["CPUExecutionProvider"])
    for shape in ((1, 3, 10, 12), (3, 3, 21, 17)):
        signal, edges = drawn(*shape, seed=3) * 20 - 12, drawn(shape[0], *shape[2:], seed=4)
        edges[:, :, 5] = 1e3
        expected = Filtered()(signal, edges)
        torch.testing.assert_close(program.module()(signal, edges), expected)
        (found,) = session.run(None, {"signal": signal.numpy(), "edges": edges.numpy()})
        torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((3, 4, 5), (4, 6)), {}, r"a signal \(C, H, W\)"),
        (((3, 4, 5), (1, 4, 5)), {}, r"a signal \(C, H, W\)"),
        (((2, 3, 4, 5), (3, 4, 5)), {}, r"a signal \(C, H, W\)"),
        (((4, 5), (4, 5)), {}, r"a signal \(C, H, W\)"),
        (((3, 4, 5), (4, 5)), {"sigma_space": 0.0}, "sigma_space above 0"),
        (((3, 4, 5), (4, 5)), {"sigma_range": -1.0}, "sigma_range above 0"),
        (((3, 4, 5), (4, 5)), {"iterations": 0}, "iterations from 1"),
    ],
)
def test_what_does_not_fit_is_refused(shapes: Any, options: dict[str, Any], message: str) -> None:
    signal, edges = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(UsageError, match=message):
        domain_transform(signal, edges, **{**SIGMAS, **options})


def test_negative_edges_and_whole_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="edges from 0"):
        domain_transform(torch.zeros(1, 3, 3), torch.full((3, 3), -0.1), **SIGMAS)
    with pytest.raises(UsageError, match="a floating signal"):
        domain_transform(torch.zeros(1, 3, 3, dtype=torch.int64), torch.zeros(3, 3), **SIGMAS)


def test_it_is_an_attribute_of_the_package() -> None:
    assert sc.ops.domain_transform.domain_transform is domain_transform


def test_colours_of_a_picture_are_edges() -> None:
    image = torch.zeros(3, 20, 30)
    image[:, :, 15:] = 100
    signal = torch.rand(2, 20, 30, generator=torch.Generator().manual_seed(1))
    signal[:, :, 15:] += 2
    found = colour_domain(signal, image, sigma_space=30.0, sigma_range=10.0)
    left, right = found[:, :, :15], found[:, :, 15:]
    assert left.std((1, 2)).max() < 0.1 < signal[:, :, :15].std((1, 2)).min()
    # The first pixels of a line count more than others.
    torch.testing.assert_close(left.mean((1, 2)), signal[:, :, :15].mean((1, 2)), rtol=0, atol=0.1)
    torch.testing.assert_close(right.mean((1, 2)), signal[:, :, 15:].mean((1, 2)), rtol=0, atol=0.1)
    plain = colour_domain(signal, image * 0, sigma_space=30.0, sigma_range=10.0)
    assert (plain[:, :, 14] - plain[:, :, 15]).abs().max() < 0.5 < (right[:, :, 0] - left[:, :, -1]).abs().min()
