"""Chosen pictures and chosen classes."""

from pathlib import Path

import pytest
import torch

from made import Memory, write_coco
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.datasets.classes.chosen import class_subset
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.subset import Subset
from saccade.data.formats.coco.reader import open_coco
from saccade.data.open import open_data


def test_chosen_pictures_in_their_order() -> None:
    part = Subset(Memory(10), [7, 2])
    assert isinstance(part, Dataset)
    assert [part.id(i) for i in range(len(part))] == ["memory/7.png", "memory/2.png"]
    assert int(part[0].image[0, 0, 0]) == 7
    assert (part.size(0), part.size(1)) == ((12, 8), (8, 8))
    assert len(Subset(Memory(10), [])) == 0


def test_chosen_classes_of_objects(tmp_path: Path) -> None:
    data = open_coco(write_coco(tmp_path), "train")
    part = class_subset(data, ["bee", "ant"])
    assert list(part.classes) == ["bee", "ant"]
    assert [part.id(i) for i in range(len(part))] == ["train/7.png", "train/3.png"]
    truth = part.truth(0)
    assert truth.instances.labels.tolist() == [0, 1]
    assert truth.instances.crowd.tolist() == [False, True]
    assert truth.instances.masks.areas().tolist() == [40, 2400]
    assert int(truth.label) == 0  # The cat was the largest; now the bee is.
    assert classes_of(part, 0) == {0}
    assert torch.equal(part[1].truth.instances.labels, part.truth(1).instances.labels)
    assert int(part.truth(1).label) == 1


def test_chosen_classes_of_pictures_and_pixels() -> None:
    part = class_subset(Memory(6), ["odd"])
    assert [int(part.truth(i).label) for i in range(len(part))] == [0, 0, 0]
    scenes = open_data("scenes:count=9,size=48")
    names = list(scenes.classes)[:2][::-1]
    part = class_subset(scenes, names)
    first = next(i for i in range(len(scenes)) if scenes.id(i) == part.id(0))
    old, new = scenes.truth(first).semantic, part.truth(0).semantic
    for label, name in enumerate(names):
        assert torch.equal(new == label, old == list(scenes.classes).index(name))
    assert set(new.unique().tolist()) <= {0, 1, 255}


@pytest.mark.parametrize("names", [["odd", "queer"], ["odd", "odd"], []])
def test_impossible_choices_are_refused(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="even, odd"):
        class_subset(Memory(6), names)


def test_no_picture_of_a_class() -> None:
    with pytest.raises(ConfigError, match="none"):
        class_subset(Memory(1), ["odd"])
