"""ReSeg: what stands still, in which order maps are swept, what the loss adds up."""

from typing import Any

import pytest
import torch
from torch import nn

import saccade as sc
from saccade.core.errors import UsageError
from saccade.network.system import System
from saccade.trunks import trunk

SMALL: dict[str, Any] = {"trunk": "vgg11", "width": 1 / 16, "size": 32}


def small(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("reseg", 3, **{**SMALL, **options})


def test_the_paper_s_parts_have_the_paper_s_sizes() -> None:
    with torch.device("meta"):
        system = sc.build("reseg", 11)
    networks = [layer for layer in system.modules() if isinstance(layer, nn.GRU)]
    # Rows of the first layer read the trunk's map, its columns and the second layer what two directions told.
    assert sorted((one.input_size, one.hidden_size) for one in networks) == [(200, 100)] * 3 + [(256, 100)]
    assert all(one.bidirectional for one in networks)
    up = [layer for layer in system.heads.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(one.in_channels, one.out_channels, one.kernel_size, one.stride) for one in up] == [
        (200, 50, (2, 2), (2, 2)),
        (50, 50, (2, 2), (2, 2)),
    ]


@pytest.mark.parametrize("first", ["rows", "columns"])
def test_the_lines_that_come_first_read_the_trunk(first: str) -> None:
    layer = small(first=first).neck.layers[0]
    read = {"rows": layer.horizontal, "columns": layer.vertical}[first]
    assert read.input_size != 2 * read.hidden_size
    assert {layer.horizontal.input_size, layer.vertical.input_size} == {16, 2 * read.hidden_size}


def test_every_pixel_sees_the_whole_picture() -> None:
    system = small().eval()
    picture = torch.rand(3, 32, 40)
    changed = picture.clone()
    changed[:, :4, :4] = 1 - changed[:, :4, :4]
    with torch.no_grad():
        one, other = (system.forward(system.batch([p]))["pixels"].logits[0] for p in (picture, changed))
    assert bool(((one - other).abs().amax(0) > 0).all())


def test_weights_that_have_learnt_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.trunks.options.build_trunk", lambda name, **options: trunk("vgg11", width=1 / 16))
    assert small(pretrained=True).recipe.stages[0].freeze == ("trunk",)
    assert small().recipe.stages[0].freeze == ()


def test_the_loss_adds_up_a_picture_s_pixels() -> None:
    system = small().eval()
    scene = sc.open_data("scenes:count=1,size=32")[0]
    truth = scene.truth
    semantic = truth.get("semantic") % 3
    batch = system.batch([scene.image], [type(truth)(semantic=semantic)])
    (loss,) = system.loss(batch).values()
    logits = system.forward(batch)["pixels"].logits
    wanted = nn.functional.cross_entropy(logits, semantic[None], reduction="sum")
    torch.testing.assert_close(loss, wanted, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", [(37, 61), (5, 90)])
def test_every_pixel_of_a_picture_of_any_size_is_told(size: tuple[int, int]) -> None:
    prediction = sc.Predictor(small().eval())(torch.rand(3, *size))
    assert prediction.semantic.shape == size


def test_it_learns_by_adadelta() -> None:
    recipe = small().recipe
    assert (recipe.optimiser, recipe.lr, recipe.decay, recipe.epsilon, recipe.batch) == ("adadelta", 1.0, 0.95, 1e-6, 5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"layers": 0}, "layers"),
        ({"hidden": 0}, "hidden"),
        ({"size": 0}, "size"),
        ({"trunk": "test_vit", "width": 1.0}, "strides 4"),
        ({"trunk": "tf_efficientnet_lite0", "width": 1.0}, "ends at"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(**options)
