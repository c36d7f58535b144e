"""The dense CRF beside exact sums over all pairs, by its definition, and by finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.ops import pairwise
from saccade.ops.crf import beliefs, brute_force_crf, dense_crf, dense_crf_steps, dense_crfs
from saccade.ops.crf_parameters import CrfParameters
from saccade.ops.pairwise import (
    PairwiseFilter,
    colour_features,
    exact_filter,
    lattice_filter,
    place_features,
    weighted,
)

WEAK = {"smoothness": (0.5, 3.0), "appearance": (1.0, 20.0, 13.0)}


def picture(side: int, seed: int) -> tuple[Tensor, Tensor]:
    """(4, side, side) shares of classes that waver, and a uint8 picture of smooth colours with one sharp edge."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 5, 5, generator=draw)
    image = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear")[0] * 160
    image[:, :, side // 2 :] += 80
    shares = torch.rand(4, side, side, generator=draw).mul(2).softmax(0)
    return shares, image.byte()


def by_definition(probabilities: Tensor, image: Tensor, steps: int, compatibility: Tensor, exclude: bool) -> Tensor:
    """Mean field pixel by pixel, as the paper writes it, with two kernels divided by the roots of their row sums."""
    classes, height, width = probabilities.shape
    places = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"), -1).view(-1, 2)
    colours = image.flatten(1).t().double()
    near = ((places[:, None] - places) ** 2).sum(-1).double()
    alike = ((colours[:, None] - colours) ** 2).sum(-1)
    kernels = [torch.exp(-near / 2 / 9), torch.exp(-near / 2 / 400 - alike / 2 / 169)]
    kernels = [kernel / (kernel.sum(1)[:, None] * kernel.sum(1)).sqrt() for kernel in kernels]
    kernel = 0.5 * kernels[0] + 1.0 * kernels[1]
    if exclude:
        kernel.fill_diagonal_(0)
    unary = -probabilities.double().view(classes, -1).t().log()
    now = (-unary).softmax(1)
    for _ in range(steps):
        costs = torch.zeros_like(now)
        for one in range(classes):
            for other in range(classes):
                costs[:, one] += compatibility[one, other] * (kernel @ now[:, other])
        now = (-unary - costs).softmax(1)
    return now.t().view(probabilities.shape).float()


@pytest.mark.parametrize("exclude", [False, True])
@pytest.mark.parametrize("potts", [False, True])
def test_exact_sums_are_the_definition(exclude: bool, potts: bool) -> None:
    shares, image = picture(12, 0)
    costs = 1 - torch.eye(4) if potts else torch.rand(4, 4, generator=torch.Generator().manual_seed(3))
    expected = by_definition(shares, image, 3, costs.double(), exclude)
    given = None if potts else costs
    found = brute_force_crf(shares, image, iterations=3, compatibility=given, exclude_self=exclude, **WEAK)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("exclude", [False, True])
@pytest.mark.parametrize(("side", "seeds"), [(24, 3), (48, 1)])
def test_the_lattice_agrees_with_exact_sums(side: int, seeds: int, exclude: bool) -> None:
    for seed in range(seeds):
        shares, image = picture(side, seed)
        fast, exact = (by(shares, image, exclude_self=exclude, **WEAK) for by in (dense_crf, brute_force_crf))
        assert (fast.argmax(0) == exact.argmax(0)).float().mean() >= 0.985
        assert (exact.argmax(0) != shares.argmax(0)).float().mean() > 0.01
        assert (fast - exact).abs().mean() < 0.01


def test_noise_is_cleaned_up_to_the_edge() -> None:
    truth = torch.zeros(60, 80, dtype=torch.int64)
    truth[:, 37:] = 1
    image = (truth * 120 + 60).byte().expand(3, -1, -1)
    draw = torch.Generator().manual_seed(0)
    wrong = torch.rand(truth.shape, generator=draw) < 0.3
    said = torch.nn.functional.one_hot(torch.where(wrong, 1 - truth, truth), 2).permute(2, 0, 1) * 0.4 + 0.3
    assert (said.argmax(0) == truth).float().mean() < 0.75
    assert (dense_crf(said, image).argmax(0) == truth).float().mean() > 0.99


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5])
def test_a_lattice_is_a_gaussian(dimensions: int) -> None:
    points = torch.rand(dimensions, 1500, generator=torch.Generator().manual_seed(1)) * 3
    values = torch.rand(1500, 3, generator=torch.Generator().manual_seed(2))
    fast, exact = (of(points).message(values) for of in (lattice_filter, exact_filter))
    error = (fast - exact).norm() / exact.norm()
    assert error < 0.05


def test_what_a_pixel_tells_itself_is_the_diagonal() -> None:
    _, image = picture(12, 5)
    one = lattice_filter(colour_features(image, 5.0, 13.0))
    whole = one.message(torch.eye(144))
    torch.testing.assert_close(one.own()[:, 0], whole.diagonal(), rtol=1e-4, atol=1e-5)
    assert one.without_self().message(torch.eye(144)).diagonal().abs().max() < 1e-5


@pytest.mark.parametrize("kind", [lattice_filter, exact_filter])
def test_filters_add_up_to_one(kind: Callable[[Tensor], PairwiseFilter]) -> None:
    _, image = picture(12, 5)
    several = [(0.5, kind(place_features((12, 12), 2.0))), (3.0, kind(colour_features(image, 5.0, 13.0)))]
    values = torch.rand(144, 3, generator=torch.Generator().manual_seed(1))
    whole = weighted(several)
    expected = sum(weight * one.message(values) for weight, one in several)
    torch.testing.assert_close(whole.message(values), expected)
    torch.testing.assert_close(whole.own(), sum(weight * one.own() for weight, one in several))
    assert (whole.lattice is None) == (kind is exact_filter)


def test_the_gradient_of_filters_in_one_is_the_transposed_map() -> None:
    _, image = picture(10, 6)
    kernels = (place_features((10, 10), 2.0), colour_features(image, 5.0, 13.0))
    whole = weighted([(2.0, lattice_filter(one)) for one in kernels])
    rows = torch.eye(100, requires_grad=True)
    found = whole.message(rows)
    (gradient,) = torch.autograd.grad(found, rows, torch.eye(100))
    torch.testing.assert_close(gradient, found.detach().t(), rtol=1e-4, atol=1e-6)


def test_several_parameters_are_each_by_itself_and_share_their_lattices(monkeypatch: pytest.MonkeyPatch) -> None:
    shares, image = picture(12, 0)
    tried = [
        CrfParameters(2, (3.0, 3.0), appearance)
        for appearance in ((1.0, 20.0, 13.0), (4.0, 20.0, 13.0), (4.0, 10.0, 13.0), (0.0, 10.0, 13.0))
    ]
    expected = [
        dense_crf(shares, image, iterations=2, smoothness=one.smoothness, appearance=one.appearance) for one in tried
    ]
    built: list[int] = []
    make = pairwise.lattice_of
    monkeypatch.setattr(pairwise, "lattice_of", lambda features: built.append(len(features)) or make(features))
    for one, wanted in zip(dense_crfs(shares, image, tried), expected, strict=True):
        torch.testing.assert_close(one, wanted)
    assert built == [2, 5, 5]
    with pytest.raises(UsageError, match="of the same size"):
        next(dense_crfs(shares, image[:, :8], tried))


def test_the_gradient_is_that_of_finite_differences() -> None:
    _, image = picture(6, 2)
    filters = [lattice_filter(place_features((6, 6), 2.0)), lattice_filter(colour_features(image, 4.0, 20.0))]
    draw = torch.Generator().manual_seed(4)
    rows, weight, costs = (
        torch.rand(*shape, generator=draw, dtype=torch.float64).requires_grad_() for shape in ((36, 3), (3,), (3, 3))
    )

    def believed(rows: Tensor, weight: Tensor, costs: Tensor) -> Tensor:
        steps = beliefs(rows, [(weight, filters[0]), (0.7, filters[1])], costs)
        return [next(steps) for _ in range(3)][-1]

    assert torch.autograd.gradcheck(believed, (rows, weight, costs), eps=1e-6, atol=1e-5)


def test_a_batch_is_its_pictures() -> None:
    pairs = [picture(16, seed) for seed in (0, 1)]
    both = dense_crf(torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs]), **WEAK)
    torch.testing.assert_close(both, torch.stack([dense_crf(*pair, **WEAK) for pair in pairs]))
    torch.testing.assert_close(both.sum(1), torch.ones(2, 16, 16))


def test_without_steps_or_weights_nothing_changes() -> None:
    shares, image = picture(9, 0)
    torch.testing.assert_close(dense_crf(shares, image, iterations=0), shares)
    torch.testing.assert_close(dense_crf(shares, image, smoothness=(0.0, 3.0), appearance=(0.0, 80.0, 13.0)), shares)


def test_a_class_that_is_impossible_stays_so() -> None:
    shares, image = picture(9, 0)
    shares[2] = 0
    assert dense_crf(shares, image, **WEAK)[2].max() < 1e-20


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"iterations": -1}, "at least 0 iterations"),
        ({"smoothness": (1.0, 0.0)}, "smoothness"),
        ({"appearance": (-1.0, 80.0, 13.0)}, "appearance"),
        ({"compatibility": torch.eye(3)}, r"compatibility \(4, 4\)"),
        ({"appearance": (1.0, 1e-5, 1e-4)}, "places that a lattice can tell apart"),
    ],
)
def test_what_is_out_of_range_is_refused(options: dict, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        dense_crf(*picture(9, 0), **options)


def test_sizes_that_differ_are_refused() -> None:
    shares, image = picture(9, 0)
    with pytest.raises(UsageError, match="of the same size"):
        dense_crf(shares, image[:, :8])


def test_it_is_an_attribute_of_the_package() -> None:
    import saccade

    assert saccade.ops.crf.dense_crf is dense_crf
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        saccade.ops.nothing  # noqa: B018  # pyright: ignore


def test_each_step_is_a_crf_of_so_many_steps() -> None:
    shares, image = picture(12, 3)
    found = list(dense_crf_steps(shares, image, CrfParameters(2, **WEAK)))
    assert len(found) == 3
    for step, now in enumerate(found):
        torch.testing.assert_close(now, dense_crf(shares, image, iterations=step, **WEAK))
    with pytest.raises(UsageError, match="same size"):
        next(dense_crf_steps(shares, image[:, :5]))


def test_a_picture_in_pieces_is_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    shares, image = torch.rand(4, 24, 30).softmax(0), torch.randint(0, 256, (3, 24, 30), dtype=torch.uint8)
    *_, step_by_step = dense_crf_steps(shares, image)
    for piece in (7, 256, 720, 65536):
        monkeypatch.setattr("saccade.ops.lattice_filter.PIECE", piece)
        torch.testing.assert_close(dense_crf(shares, image), step_by_step)
