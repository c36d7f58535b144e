"""Sets of other vocabularies that are joined: classes of pixels are no classes of objects."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from saccade.data.datasets.picture import classes_of
from saccade.data.open import open_data
from saccade.training.feed.balance import count_labels


@pytest.fixture
def joined(tmp_path: Path) -> list[str]:
    """Boxes of one class, and maps of four classes of pixels."""
    boxes, maps = tmp_path / "boxes", tmp_path / "maps"
    for number in range(4):
        (boxes / "images").mkdir(parents=True, exist_ok=True)
        (boxes / "labels").mkdir(exist_ok=True)
        (maps / "images").mkdir(parents=True, exist_ok=True)
        (maps / "masks").mkdir(exist_ok=True)
        colours = np.random.default_rng(number).integers(0, 255, (24, 32, 3)).astype(np.uint8)
        Image.fromarray(colours).save(boxes / "images" / f"{number}.png")
        (boxes / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
        Image.fromarray(255 - colours).save(maps / "images" / f"m{number}.png")
        pixels = np.arange(24 * 32).reshape(24, 32) % 4
        Image.fromarray(pixels.astype(np.uint8)).save(maps / "masks" / f"m{number}.png")
    (boxes / "classes.txt").write_text("cell\n")
    (maps / "classes.txt").write_text("sky\nsoil\nleaf\nroad\n")
    return [f"yolo:{boxes}", f"masks:{maps}"]


def test_classes_of_pixels_are_not_counted_among_objects(joined: list[str]) -> None:
    data = open_data(joined)
    assert len(data.vocabularies["semantic"]) > len(data.classes) == 1
    torch.testing.assert_close(count_labels(data), torch.tensor([4]))
    assert [classes_of(data, index) for index in range(len(data))] == [frozenset({0})] * 4 + [frozenset()] * 4


def test_a_network_learns_from_both(joined: list[str], tmp_path: Path) -> None:
    options = {"size": 32, "width": 0.25, "trunk": "resnet18", "batch": 4, "workers": 0, "device": "cpu"}
    run = sc.train("many", joined, tmp_path / "run", steps=1, **options)
    scores = sc.evaluate(run.path, joined)
    assert scores["AP"] is not None
    assert scores["miou"] is not None
