"""Folds and held-out shares: every picture once, every class in each part, persons of a picture together."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made import Memory
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.splits.folds import folds, holdout, stratified


class Marked(Memory):
    """Pictures with many classes each."""

    fields = frozenset({"labels"})
    classes = ("a", "b", "c", "d")

    def __init__(self, marks: np.ndarray, persons: int = 1) -> None:
        super().__init__(len(marks))
        self.marks, self.persons = marks, persons

    def truth(self, index: int) -> Annotation:
        return Annotation(labels=torch.tensor(self.marks[index].tolist()))

    def id(self, index: int) -> str:
        return f"{index // self.persons}.png#{index % self.persons}"


def test_each_picture_is_measured_on_once_and_classes_are_shared() -> None:
    data = Memory(23)
    pairs = folds(data, 5, seed=3)
    measured = [index for _, val in pairs for index in val.indices.tolist()]
    assert sorted(measured) == list(range(23))
    for train, val in pairs:
        assert sorted([*train.indices.tolist(), *val.indices.tolist()]) == list(range(23))
        counts = np.bincount([min(classes_of(val, i)) for i in range(len(val))], minlength=2)
        assert set(counts.tolist()) <= {2, 3}


def test_the_seed_alone_decides() -> None:
    first, again, other = (stratified(Memory(40), [0.5, 0.5], seed).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_share_of_every_class_is_held_out() -> None:
    train, val = holdout(Memory(100), 0.2)
    assert (len(train), len(val)) == (80, 20)
    assert sum(min(classes_of(val, i)) for i in range(20)) == 10


def test_a_rare_class_is_dealt_first() -> None:
    marks = np.zeros((60, 4), int)
    marks[:, 0] = 1
    marks[:6, 3] = 1  # Every one of them shows the frequent class too.
    part = stratified(Marked(marks), [1 / 3] * 3)
    assert np.bincount(part[:6]).tolist() == [2, 2, 2]
    assert np.bincount(part).tolist() == [20, 20, 20]


def test_persons_of_a_picture_stay_together() -> None:
    marks = np.eye(4, dtype=int)[np.arange(40) % 4]
    part = stratified(Marked(marks, persons=4), [0.7, 0.3])
    assert all(len(set(part[first : first + 4])) == 1 for first in range(0, 40, 4))
    assert np.bincount(part).tolist() == [28, 12]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 1]), min_size=4, max_size=4), min_size=6, max_size=60), st.integers(2, 6))
def test_parts_are_even_whatever_the_classes(marks: list[list[int]], count: int) -> None:
    part = stratified(Marked(np.array(marks)), [1 / count] * count)
    sizes = np.bincount(part, minlength=count)
    assert sizes.sum() == len(marks)
    assert sizes.min() >= 1
    shown = np.array(marks) == 1
    rarest = min((label for label in range(4) if shown[:, label].any()), key=lambda c: shown[:, c].sum(), default=None)
    if rarest is not None:  # One picture more may move, so that no part is empty.
        assert np.ptp(np.bincount(part[shown[:, rarest]], minlength=count)) <= 2


@pytest.mark.parametrize(
    "ask", [lambda: folds(Memory(3), 4), lambda: folds(Memory(9), 1), lambda: holdout(Memory(9), 1.0)]
)
def test_what_cannot_be_dealt_is_refused(ask) -> None:
    with pytest.raises(ConfigError, match="expected"):
        ask()


def test_a_small_share_still_holds_out_a_picture() -> None:
    train, val = holdout(Memory(4), 0.05)
    assert (len(train), len(val)) == (3, 1)
