"""DeepLab with edges: what is drawn between the classes is learnt by the filter that keeps to it."""

from math import sqrt
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import saccade as sc
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.pixels.skip_head import SkipPixelHead
from saccade.layers.decoder.filtered_scores import EdgeNet, FilteredScores, Gate
from saccade.network.system import System
from saccade.ops.domain_transform import domain_transform, sigmas

FINE = {"second": Level(6, 2), "fourth": Level(4, 4)}
SIZE = (17, 25)


def narrow(name: str = "dt_edgenet", **options: Any) -> System:
    torch.manual_seed(1)
    return sc.build(name, 4, **{"trunk": "vgg11", "width": 1 / 16, "size": 64, **options}).eval()


def maps() -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    shapes = {"second": (2, 6, 9, 13), "fourth": (2, 4, 5, 7), "coarse": (2, 5, 3, 4)}
    return {name: torch.rand(shape, generator=draw) for name, shape in shapes.items()}


def scores(gate: Gate = "edges", **options: Any) -> FilteredScores:
    torch.manual_seed(2)
    given = {"sigma_space": 8.0, "sigma_range": 0.5, "iterations": 3, **options}
    return FilteredScores({"coarse": Level(5, 8)}, FINE, 3, corners=True, gate=gate, **given)


@pytest.mark.parametrize("corners", [False, True])
def test_the_edge_map_is_a_convolution_of_the_grown_channels_side_by_side(corners: bool) -> None:
    net, read = EdgeNet(FINE, corners=corners, start=0.3), maps()
    grown = [F.interpolate(read[name], SIZE, mode="bilinear", align_corners=corners) for name in FINE]
    weight = torch.cat([layer.weight for layer in net.score.values()], 1)
    expected = F.conv2d(torch.cat(grown, 1), weight, net.bias)[:, 0]
    torch.testing.assert_close(net(read, SIZE), expected)


def test_scores_are_filtered_by_rectified_edges() -> None:
    body, read = scores(), maps()
    coarse = body(read, SIZE, coarsest_alone=True)
    torch.testing.assert_close(
        coarse, F.interpolate(body.score["coarse"](read["coarse"]), SIZE, mode="bilinear", align_corners=True)
    )
    edges = body.edges(read, SIZE).relu()
    assert 0 < (edges > 0).float().mean() < 1
    expected = domain_transform(coarse, edges, sigma_space=8.0, sigma_range=0.5)
    torch.testing.assert_close(body(read, SIZE), expected)
    torch.testing.assert_close(body.views(read, SIZE)["edges"][:, 0], edges * 8 / 0.5, rtol=1e-4, atol=1e-5)


def test_a_learnt_gate_is_a_sigmoid_and_begins_as_no_edges() -> None:
    body, read = scores("gru"), maps()
    number = body.edges(read, SIZE)
    torch.testing.assert_close(body.views(read, SIZE)["gate"][:, 0], number.sigmoid(), rtol=1e-4, atol=1e-6)
    for layer in body.edges.score.values():
        torch.nn.init.zeros_(layer.weight)
    coarse = body(read, SIZE, coarsest_alone=True)
    plain = domain_transform(coarse, torch.zeros(2, *SIZE), sigma_space=8.0, sigma_range=0.5)
    torch.testing.assert_close(body(read, SIZE), plain, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        body.edges.bias.fill_(-30)
    # More is carried on than where there is no edge: all becomes one.
    assert body(read, SIZE).std((2, 3)).max() < 0.01 * plain.std((2, 3)).min()
    assert torch.exp(torch.tensor(-sqrt(2) / sigmas(8.0, 3)[0])) < 0.85


@pytest.mark.parametrize("gate", ["edges", "gru"])
def test_edges_learn_from_the_classes_of_pixels(gate: Gate) -> None:
    """An edge comes where classes meet: the loss falls by the edges alone, and the edge map is stronger there."""
    torch.manual_seed(0)
    size = (16, 16)
    right = (torch.arange(16) >= 8).expand(2, 16, 16)
    level = {"fine": Level(2, 1)}
    drawn = torch.zeros(2, 2, 16, 16)
    drawn[:, 0, :, 8] = 1
    drawn[:, 1] = torch.rand(2, 16, 16)
    noisy = torch.stack([~right, right], 1).float() * 2 + torch.randn(2, 2, 16, 16) * 2
    body = FilteredScores(
        {"coarse": Level(2, 1)}, level, 2, corners=False, gate=gate, sigma_space=20.0, sigma_range=1.0, iterations=2
    )
    body.score["coarse"].weight.data.copy_(torch.eye(2)[:, :, None, None])
    read = {"coarse": noisy, "fine": drawn}
    optimiser = torch.optim.Adam(body.edges.parameters(), lr=0.1)
    losses: list[float] = []
    for _ in range(40):
        loss = F.cross_entropy(body(read, size), right.long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    gates = body.views(read, size)["gate"][:, 0].detach()
    assert gates[..., 8].mean() > 1.5 * gates[..., :8].mean()
    assert (body(read, size).argmax(1) == right).float().mean() > 0.97


def test_a_run_of_deeplab_hands_on_all_its_weights() -> None:
    deeplab, ours = narrow("deeplab1").state_dict(), narrow().state_dict()
    shapes = {name: tensor.shape for name, tensor in ours.items()}
    assert {name: tensor.shape for name, tensor in deeplab.items()}.items() <= shapes.items()
    assert {name for name in ours if name not in deeplab} == {
        *(f"heads.pixels.body.edges.score.{name}.weight" for name in ("conv2_1", "conv3_2", "conv4_2")),
        "heads.pixels.body.edges.bias",
    }


def test_parameters_are_deeplabs_and_one_of_each_channel_with_edges() -> None:
    with torch.device("meta"):
        ours, deeplab = (
            sum(parameter.numel() for parameter in sc.build(name, 21).parameters())
            for name in ("dt_edgenet", "deeplab1")
        )
    assert deeplab == 20_505_429
    assert ours == deeplab + 128 + 256 + 512 + 1


def test_other_trunks_show_edges_at_their_three_coarsest_strides() -> None:
    head = narrow(trunk="resnet18").heads["pixels"]
    assert isinstance(head, SkipPixelHead)
    assert head.reads == ("layer4", "stem", "layer1")


def test_views_show_edges_the_gate_and_the_answer_without_them() -> None:
    system = narrow()
    batch = system.batch([torch.rand(3, 50, 64), torch.rand(3, 40, 60)])
    with torch.no_grad():
        seen = system.heads["pixels"].views(system.maps(batch))
    height, width = batch.images.shape[-2:]
    assert seen["edges"].shape == seen["gate"].shape == (2, 1, height, width)
    assert seen["edges"].min() == 0
    assert 0 < seen["gate"].min() < seen["gate"].max() < 1
    assert [tuple(one.semantic.shape) for one in seen["coarse"]] == [tuple(size) for size in batch.sizes.tolist()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gate": "gru", "sigma_range": 1.0}, "no sigma_range"),
        ({"sigma_space": 0.0}, "sigma_space above 0"),
        ({"sigma_range": -1.0}, "sigma_range above 0"),
        ({"iterations": 0}, "iterations from 1"),
        ({"size": 0}, "size from 1"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        narrow(**options)
