"""CRF-RNN: what its steps are, which of them learn, and what becomes of an FCN's run."""

from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

import saccade as sc
from saccade.core.errors import ConfigError, UsageError
from saccade.heads.pixels.recurrent_crf_head import RecurrentCrfHead
from saccade.layers.recurrent.mean_field import KernelWidths, MeanField
from saccade.losses.pixels import pixel_cross_entropy
from saccade.network.graphs.graph import graph_of
from saccade.network.system import System

SMALL: dict[str, Any] = {"trunk": "vgg11", "width": 1 / 16, "padding": 0, "grouped": True, "size": 64}


def small(name: str = "crf_rnn", **options: Any) -> System:
    torch.manual_seed(1)
    return sc.build(name, 10, **{**SMALL, **options}).eval()


def head_of(system: System) -> RecurrentCrfHead:
    found = system.heads["pixels"]
    assert isinstance(found, RecurrentCrfHead)
    return found


def unsure(system: System) -> System:
    """With scores that are not 0."""
    for parameter in scoring(system):
        torch.nn.init.normal_(parameter, std=2.0)
    return system


def scoring(system: System) -> list[torch.nn.Parameter]:
    """The layers that score, which begin at 0."""
    return list(head_of(system).get_submodule("body.score").parameters())


def scene(size: int = 64) -> Any:
    return sc.open_data(f"scenes:count=1,size={size}")[0]


def by_definition(scores: Tensor, picture: Tensor, field: MeanField, steps: int) -> Tensor:
    """Mean field pixel by pixel, by exact kernels whose rows are means, as the paper's five layers (figure 1)."""
    classes, height, width = scores.shape
    at = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"), -1).view(-1, 2)
    near = ((at[:, None] - at) ** 2).sum(-1).double()
    colours = picture.flatten(1).t().double()
    alike = ((colours[:, None] - colours) ** 2).sum(-1)
    of = field.widths
    spatial = torch.exp(-near / (2 * of.gamma**2))
    bilateral = torch.exp(-near / (2 * of.alpha**2) - alike / (2 * of.beta**2))
    own = scores.double().view(classes, -1)
    now = own
    for _ in range(steps):
        believed = now.softmax(0)
        passed = torch.zeros_like(own)
        for kernel, weight in ((spatial, field.spatial), (bilateral, field.bilateral)):
            passed += weight.detach().double()[:, None] * (believed @ (kernel / kernel.sum(1, keepdim=True)).t())
        now = own - field.compatibility.detach().double() @ passed
    return now.view(scores.shape).float()


def test_steps_are_those_of_the_definition() -> None:
    draw = torch.Generator().manual_seed(2)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 5, generator=draw) * 200, (20, 24), mode="bilinear")[
        0
    ]
    scores = torch.randn(3, 20, 24, generator=draw)
    field = MeanField(3, KernelWidths(8.0, 30.0, 3.0))
    with torch.no_grad():
        field.compatibility.add_(torch.randn(3, 3, generator=draw) * 0.2)
        field.spatial.copy_(torch.tensor([1.0, 0.5, 0.8]))
        field.bilateral.copy_(torch.tensor([1.0, 2.0, 1.5]))
        found = list(islice(field.steps(scores, picture), 4))
    torch.testing.assert_close(found[0], scores)
    for steps in (1, 3):
        wanted = by_definition(scores, picture, field, steps)
        # The lattice's kernels are Gaussians to some hundredths.
        assert float((found[steps] - wanted).abs().mean()) < 0.05
        assert float((found[steps] - found[0]).abs().mean()) > 0.5


def test_the_loss_reads_fewer_steps_than_are_told_in_every_mode() -> None:
    system, shown = unsure(small()), scene()
    head = head_of(system)
    for module in system.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    batch = system.batch([shown.image], [shown.truth])
    used = {mode: system.train(mode).loss(batch)["pixels/class"] for mode in (False, True)}
    with torch.no_grad():
        maps = system.eval().maps(batch)
        few, many = head.learnt_scores(maps), head(maps).logits
        unary = head.body(maps, maps.padded)[0]
        steps = list(islice(head.field.steps(unary, maps["guide"][0]), 11))
    torch.testing.assert_close(few[0], steps[5])
    torch.testing.assert_close(many[0], steps[10])
    assert not torch.allclose(few, many)
    wanted = pixel_cross_entropy(few, shown.truth.get("semantic")[None])
    torch.testing.assert_close(used[False], wanted)
    torch.testing.assert_close(used[True], wanted)


def test_every_weight_of_the_field_and_of_the_scores_learns() -> None:
    system, shown = unsure(small()), scene()
    system.loss(system.batch([shown.image], [shown.truth]))["pixels/class"].backward()
    for parameter in (*head_of(system).field.parameters(), *scoring(system)):
        assert parameter.grad is not None
        assert bool(parameter.grad.any())


def test_an_fcns_weights_begin_it_and_a_coloured_border_is_found() -> None:
    """The scores of an FCN-8s, whose layers have the same names; what it blurs, the CRF takes to the colours' edge."""
    fcn, system = small("fcn8s"), small()
    left = system.load_state_dict(fcn.state_dict(), strict=False)
    assert left.unexpected_keys == []
    assert set(left.missing_keys) == {f"heads.pixels.field.{n}" for n in ("spatial", "bilateral", "compatibility")}
    picture = torch.zeros(3, 40, 40)
    picture[:, :, 23:] = 200.0
    blurred = torch.linspace(2, -2, 40).expand(40, 40)  # its border lies at 20
    told = head_of(system).field(torch.stack([blurred, -blurred, *[torch.full((40, 40), -9.0)] * 8]), picture, 10)
    assert (told.argmax(0)[:, :23] == 0).all()
    assert (told.argmax(0)[:, 23:] == 1).all()


def test_what_lies_beyond_a_picture_changes_nothing() -> None:
    system = unsure(small())
    alone = system.forward(system.batch([scene().image[:, :50]]))["pixels"].logits
    beside = system.forward(system.batch([scene().image[:, :50], torch.rand(3, 64, 64)]))["pixels"].logits
    size = alone.shape[-2:]
    rows = system.batch([scene().image[:, :50]]).sizes[0, 0]
    torch.testing.assert_close(beside[:1, :, :rows, : size[1]], alone[:, :, :rows], rtol=1e-3, atol=1e-3)


def test_its_steps_can_be_looked_at() -> None:
    system = unsure(small())
    found = sc.look(system, scene().image)
    assert {"pixels/unary", "pixels/beliefs", "pixels/coarse", "pixels/doubt"} <= found.keys()
    batch = system.batch([scene().image])
    head: Any = head_of(system)
    with torch.no_grad():
        maps = system.maps(batch)
        views: Any = head.views(maps)
        (answer,) = system.decode(maps)
    assert views["beliefs"].shape == (1, 11, 64, 64)
    torch.testing.assert_close(views["beliefs"][0, -1], answer.get("semantic_scores").amax(0))
    assert torch.equal(views["unary"][0].semantic, head.body(maps, (64, 64))[0].argmax(0))


def test_no_graph_holds_it_and_it_says_why() -> None:
    system = small()
    with pytest.raises(ConfigError, match="a lattice of each picture's own colours"):
        graph_of(system, system.batch([torch.rand(3, 64, 64)]))


@pytest.mark.parametrize("size", [(37, 61), (1, 1)])
def test_every_pixel_of_a_picture_of_any_size_is_told(size: tuple[int, int]) -> None:
    assert sc.Predictor(small())(torch.rand(3, *size)).get("semantic").shape == size


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"iterations": 0}, "iterations from 1"),
        ({"iterations_training": 0}, "iterations_training from 1"),
        ({"theta_beta": 0.0}, "theta_beta above 0"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(**options)


def test_the_released_recipe_lets_the_compatibility_learn_a_thousand_times_as_fast() -> None:
    recipe = small(loss="sum").recipe
    assert (recipe.lr, recipe.momentum, recipe.batch) == (1e-13, 0.99, 1)
    assert dict(recipe.lr_factors) == {"pixels.field.compatibility": 1000.0}
