"""YOLO's own: which map it reads, its two ways to say what stands in a cell, and its small sister."""

import pytest
import torch

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.layers.towers.shared_cells import SharedCells
from saccade.systems.build import build


@pytest.mark.parametrize(
    ("trunk", "size", "grid", "read"),
    [
        ("yolo24", 448, 7, "conv7"),
        ("yolo24", 224, 7, "conv5"),
        ("yolo24", 224, 4, "conv7"),
        ("yolo_tiny", 448, 7, "conv8"),
        ("resnet18", 448, 14, "layer4"),
        ("resnet18", 128, 7, "layer3"),
        ("vgg11", 128, 7, "conv5_2"),
    ],
)
def test_the_deepest_map_that_knows_all_cells_is_read(trunk: str, size: int, grid: int, read: str) -> None:
    with torch.device("meta"):
        system = build("yolo1", 3, trunk=trunk, size=size, grid=grid, width=1 / 16)
        head = system.heads["boxes"]
        assert head.reads == (read,)
        assert list(system.trunk.levels)[-1] == read
    raw = system.forward(system.batch([torch.zeros(3, 20, 30)]).to("meta"))["boxes"]
    assert raw.codes.shape == (1, grid**2, 2, 4)


def test_pictures_are_stretched_and_read_as_the_trunk_s_weights_expect() -> None:
    with torch.device("meta"):
        own, other = build("yolo1", 3, width=1 / 16), build("yolo1", 3, trunk="resnet18", width=1 / 16, size=224)
    assert own.input == InputSpec("stretch", (448, 448), mean=(0.0,) * 3, std=(1.0,) * 3)
    assert other.input == InputSpec.stretch(224)


def test_fast_yolo_as_it_was_released() -> None:
    """Eight convolutions with scales and shifts, and one layer: with running statistics 108 399 800 bytes."""
    with torch.device("meta"):
        system = build("yolo1", 20, trunk="yolo_tiny", hidden=0)
    learnt = sum(p.numel() for p in system.parameters())
    running = sum(b.numel() for b in system.buffers() if b.is_floating_point())
    assert learnt == 8_649_648 + 2 * 2288 + 18_441_150
    assert 4 * (learnt + running) == 108_399_800


def test_shared_cells_say_the_same_wherever_a_thing_stands() -> None:
    torch.manual_seed(0)
    layer = SharedCells(5, 8, (3, 2, 8), grid=4, dropout=0.0, leak=0.1)
    features = torch.zeros(2, 5, 4, 4)
    features[0, :, 1, 1], features[1, :, 2, 2] = 1.0, 1.0
    one, other = layer(features)
    assert one.shape == (16 * 13,)
    for start, size in ((0, 3), (48, 2), (80, 8)):
        cells = [part[start : start + 16 * size].view(4, 4, size) for part in (one, other)]
        assert not torch.equal(cells[0][1, 1], cells[0][3, 3])
        torch.testing.assert_close(cells[0][:3, :3], cells[1][1:, 1:])


@pytest.mark.parametrize("wrong", [{"grid": 0}, {"boxes": 0}, {"hidden": -1}, {"cells": "both"}, {"size": 6}])
def test_what_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError, match="expected"):
        build("yolo1", 3, width=1 / 16, **wrong)


@pytest.mark.parametrize("options", [{"cells": "shared"}, {"boxes": 1, "grid": 3, "hidden": 0, "channels": 1}])
def test_options_go_together(options: dict) -> None:
    system = build("yolo1", 1, width=1 / 16, size=64, **options)
    channels = options.get("channels", 3)
    (prediction,) = system.predict(system.batch([torch.rand(channels, 40, 50)]))
    assert prediction.get("instances").boxes.shape[1:] == (4,)
    assert prediction.get("instances").labels.eq(0).all()
