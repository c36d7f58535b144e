"""Samplers by hand and by what they must never do."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from saccade.ops.match import BACKGROUND, BETWEEN
from saccade.ops.pick import RandomPick, hard_negatives, hardest


@given(objects=st.integers(0, 20), background=st.integers(0, 40), between=st.integers(0, 5), seed=st.integers(0, 9))
def test_a_random_pick_holds_its_share_and_fills_with_background(objects, background, between, seed):
    torch.manual_seed(seed)
    matches = torch.tensor([3] * objects + [BACKGROUND] * background + [BETWEEN] * between)
    shuffled = matches[torch.randperm(len(matches))] if len(matches) else matches
    chosen, rest = RandomPick(16, 0.25)(shuffled)
    assert len(chosen) == min(objects, 4)
    assert len(rest) == min(background, 16 - len(chosen))
    assert (shuffled[chosen] == 3).all()
    assert (shuffled[rest] == BACKGROUND).all()
    assert len(set(chosen.tolist() + rest.tolist())) == len(chosen) + len(rest)


def test_every_box_is_drawn_in_time():
    torch.manual_seed(0)
    matches = torch.full((8,), BACKGROUND)
    assert set().union(*(RandomPick(2, 0.5)(matches)[1].tolist() for _ in range(60))) == set(range(8))


def test_three_background_boxes_that_cost_most_go_with_each_object():
    matches = torch.tensor([[0, -1, -1, -1, -1, -2], [-1, -1, -1, -1, -1, -1]])
    cost = torch.tensor([[9.0, 1, 4, 2, 3, 9], [1, 2, 3, 4, 5, 6]])
    assert hard_negatives(matches, cost).tolist() == [[False, False, True, True, True, False], [False] * 6]


def test_the_hardest_are_those_that_cost_most():
    assert hardest(torch.tensor([0.1, 3, 2, 5]), 2).tolist() == [3, 1]
    assert hardest(torch.zeros(0), 2).tolist() == []
