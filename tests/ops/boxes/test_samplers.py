"""Samplers by hand and by what they must never do."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from saccade.ops.boxes.match import BACKGROUND, BETWEEN
from saccade.ops.boxes.samplers import HardNegativeSampler, RandomSampler, everything, hardest


@given(objects=st.integers(0, 20), background=st.integers(0, 40), between=st.integers(0, 5), seed=st.integers(0, 9))
def test_a_random_pick_holds_its_share_and_fills_with_background(objects, background, between, seed):
    torch.manual_seed(seed)
    matches = torch.tensor([3] * objects + [BACKGROUND] * background + [BETWEEN] * between)
    shuffled = matches[torch.randperm(len(matches))] if len(matches) else matches
    chosen = RandomSampler(16, 0.25)(shuffled[None], torch.zeros(1, len(matches)))[0]
    drawn = shuffled[chosen]
    assert int((drawn == 3).sum()) == min(objects, 4)
    assert int((drawn == BACKGROUND).sum()) == min(background, 16 - min(objects, 4))
    assert not (drawn == BETWEEN).any()


def test_every_box_is_drawn_in_time():
    torch.manual_seed(0)
    matches, cost = torch.full((1, 8), BACKGROUND), torch.zeros(1, 8)
    assert torch.stack([RandomSampler(2, 0.5)(matches, cost)[0] for _ in range(60)]).any(0).all()


def test_three_background_boxes_that_cost_most_go_with_each_object():
    matches = torch.tensor([[0, -1, -1, -1, -1, -2], [-1, -1, -1, -1, -1, -1]])
    cost = torch.tensor([[9.0, 1, 4, 2, 3, 9], [1, 2, 3, 4, 5, 6]])
    assert HardNegativeSampler()(matches, cost).tolist() == [[True, False, True, True, True, False], [False] * 6]


def test_the_hardest_are_those_that_cost_most():
    assert hardest(torch.tensor([0.1, 3, 2, 5]), 2).tolist() == [3, 1]
    assert hardest(torch.zeros(0), 2).tolist() == []


def test_all_count_but_those_between():
    assert everything(torch.tensor([[2, BACKGROUND, BETWEEN]]), torch.zeros(1, 3)).tolist() == [[True, True, False]]
