"""Voting by hand."""

import torch

from saccade.ops.boxes.candidates import Candidates
from saccade.ops.boxes.nms import vote_boxes
from saccade.ops.boxes.suppression import Suppression

BOXES = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 12], [50, 50, 60, 60], [0, 0, 10, 10]])
SCORES = torch.tensor([0.6, 0.2, 0.5, 0.9])
GROUPS = torch.tensor([0, 0, 0, 1])


def test_those_of_one_class_that_overlap_move_the_one_that_stays():
    found = vote_boxes(BOXES, SCORES, GROUPS, torch.tensor([0, 2, 3]), 0.5)
    torch.testing.assert_close(found, torch.tensor([[0.0, 0, 10, 10.5], [50, 50, 60, 60], [0, 0, 10, 10]]))


def test_a_box_without_area_or_score_stays_where_it_is():
    flat = torch.tensor([[3.0, 3, 3, 9]])
    assert vote_boxes(flat, torch.zeros(1), GROUPS[:1], torch.tensor([0]), 0.5).tolist() == flat.tolist()


def test_nothing_votes_for_nothing():
    none = torch.zeros(0, dtype=torch.int64)
    assert vote_boxes(BOXES[:0], SCORES[:0], none, none, 0.5).shape == (0, 4)


def test_what_is_kept_is_moved_by_what_is_suppressed():
    candidates, sizes = Candidates(BOXES[None], SCORES[None], GROUPS[None], GROUPS[None]), torch.tensor([[100, 100]])
    (kept,) = Suppression(overlap=0.5, vote=0.5).final(candidates, sizes).each()
    (alone,) = Suppression(overlap=0.5).final(candidates, sizes).each()
    assert kept.scores.tolist() == alone.scores.tolist()
    assert alone.boxes[1].tolist() == [0, 0, 10, 10]
    torch.testing.assert_close(kept.boxes[1], torch.tensor([0.0, 0, 10, 10.5]))


def test_padding_has_no_say():
    sizes, rows = torch.tensor([[100, 100]] * 2), torch.tensor([[0, 1, 2, 3], [3, 0, 2, 1]])
    scores = SCORES[rows].masked_fill(rows == 1, -torch.inf)
    candidates = Candidates(BOXES[rows], scores, GROUPS[rows], GROUPS[rows])
    first, second = Suppression(overlap=0.5, vote=0.5).final(candidates, sizes).each()
    assert first.boxes.tolist() == second.boxes.tolist() == BOXES[[3, 0, 2]].tolist()
