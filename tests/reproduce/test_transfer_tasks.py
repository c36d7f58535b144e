"""The data of the study of transfer: small pictures in memory, a share of the labels."""

from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade.data.datasets.picture import classes_of
from saccade.reproduce.pieces.held import Held
from saccade.reproduce.pieces.transfer_tasks import TASKS, open_task, shrunk, some


def test_pictures_shrink_to_a_shorter_side() -> None:
    image = torch.randint(0, 256, (3, 40, 100), dtype=torch.uint8)
    assert shrunk(image, 20).shape == (3, 20, 50)
    assert shrunk(image, 64) is image
    assert shrunk(torch.full((3, 40, 50), 7, dtype=torch.uint8), 10).unique().tolist() == [7]


def test_held_pictures_are_the_chosen_ones_and_made_once() -> None:
    data = sc.open_data("scenes:count=10,size=32", split="train")
    held = Held(data, 5)
    assert [held.id(place) for place in range(5)] == [data.id(place) for place in (0, 2, 4, 6, 8)]
    assert held[3] is held[3]
    assert torch.equal(held[3].image, data[6].image)
    assert held.beneath(3) == (data, 6)
    assert held.classes_of(3) == classes_of(data, 6)
    assert held.vocabularies == data.vocabularies
    assert len(Held(data, 99)) == 10


def test_built_in_pictures_have_a_class_each() -> None:
    train, val = open_task(TASKS["scenes"], "scenes:count=60,size=32", 32, None)
    assert (len(train), len(val)) == (60, 50)
    assert train.fields == {"label"}
    assert train.truth(0).label is not None
    assert train.truth(0).instances is None
    few = some(train, 0.3, seed=0)
    assert len(few) == 18
    other = some(train, 0.3, seed=1)
    assert {few.id(place) for place in range(18)} != {other.id(place) for place in range(18)}
    assert some(train, 1.0, seed=0) is train


@pytest.mark.real_data
def test_classes_of_a_street_are_those_that_cover_a_hundredth(data_root: Path) -> None:
    train, _ = open_task(TASKS["camvid"], data_root / "camvid", 32, 6)
    pixels = sc.open_data(data_root / "camvid", "train")[0].truth.get("semantic")
    by_hand = [int((pixels == label).float().mean() >= 0.01) for label in range(11)]
    assert train.truth(0).get("labels").tolist() == by_hand
    assert 0 < sum(by_hand) < 11
    assert len(train.classes) == 11


@pytest.mark.real_data
def test_a_share_of_the_labels_has_every_class(data_root: Path) -> None:
    train, _ = open_task(TASKS["hymenoptera"], data_root / "hymenoptera", 32, 60)
    few = some(train, 0.1, seed=0)
    assert len(few) == 6
    assert {int(few.truth(place).get("label")) for place in range(6)} == {0, 1}
