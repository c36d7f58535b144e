"""Receptive fields: the window that is told is exactly where gradients can be."""

import pytest
import torch
from small_nets import linear_head_net, one_picture
from torch import nn

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.explain.receptive import receptive_field
from saccade.explain.views import visualize
from saccade.network.system import System
from saccade.runtime.inspect.look import subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.trunks.chain import Chain, named


def strided_net() -> System:
    """Strides, dilation and padding, all weights positive and no rectifier, so that all that is seen counts."""
    first, second = nn.Conv2d(3, 2, 5, 2, 2, bias=False), nn.Conv2d(2, 2, 3, 1, 2, 2, bias=False)
    for layer in (first, second):
        nn.init.constant_(layer.weight, 0.1)
    whole = linear_head_net()
    head = whole.heads["label"]
    head.reads = ("deep",)
    trunk = Chain({"first": named(conv=first), "pool": nn.AvgPool2d(2), "deep": named(conv=second)})
    head.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(2, 3))
    return System(trunk, {"label": head}, classes=whole.classes, input=InputSpec.stretch(64)).eval()


@pytest.mark.parametrize("layer", [None, "first", "pool", "trunk.deep.conv"])
def test_the_window_is_where_pixels_count(layer: str | None) -> None:
    system = strided_net()
    found = receptive_field(system, one_picture(system, size=(64, 64)), layer)
    rows = found.counts.sum(1).nonzero()
    columns = found.counts.sum(0).nonzero()
    x1, y1, x2, y2 = found.box(*found.place).tolist()
    assert [int(rows.min()), int(rows.max()) + 1] == [y1, y2]
    assert [int(columns.min()), int(columns.max()) + 1] == [x1, x2]
    assert found.size == (y2 - y1, x2 - x1)
    assert 0 < found.half <= 1


def test_sizes_and_steps_by_hand() -> None:
    system = strided_net()
    batch = one_picture(system, size=(64, 64))
    found = {name: receptive_field(system, batch, name) for name in ("first", "pool", "deep")}
    told = {name: (*field.size, field.step) for name, field in found.items()}
    # 5; 5 + 1 · 2; 7 + 2 · 2 · 4.
    assert told == {"first": (5, 5, 2), "pool": (7, 7, 4), "deep": (23, 23, 4)}


def test_the_default_is_the_trunks_deepest_map_and_weights_stay_as_they_are() -> None:
    system = linear_head_net()
    found = receptive_field(system, one_picture(system))
    assert (found.layer, found.size, found.positions) == ("deep", (8, 8), (6, 6))
    assert all(parameter.grad is None for parameter in system.parameters())
    assert not any(module._forward_hooks for module in system.modules())


def test_the_view_draws_it_with_its_numbers_and_shows_padding_that_is_seen() -> None:
    system = strided_net()
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    subject = subject_of(Predictor(system), picture)
    seen = visualize(subject, ["field"], "deep")["field"]
    assert seen.facts["size"] == [23, 23]
    assert (seen.facts["layer"], seen.facts["step"]) == ("deep", 4)
    assert min(seen.picture.size) > max(subject.canvas.size)
    assert visualize(subject, ["field"], "first")["field"].facts["size"] == [5, 5]


def test_layers_without_rows_and_columns_are_refused() -> None:
    system = linear_head_net()
    batch = one_picture(system)
    with pytest.raises(UsageError, match="maps are"):
        receptive_field(system, batch, "nowhere")
    with pytest.raises(UsageError, match="sees the picture"):
        receptive_field(system, batch, "heads.label.body.2")
