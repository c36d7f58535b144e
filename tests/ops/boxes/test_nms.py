"""Suppression by a plain loop, by hand, and on nothing."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou

from saccade.ops.boxes.candidates import Candidates
from saccade.ops.boxes.nms import batch_nms, nms, soft_nms
from saccade.ops.boxes.suppression import Suppression


def some_boxes(count, seed):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(count, 2, generator=generator) * 20
    boxes = torch.cat([corners, corners + 4 + torch.rand(count, 2, generator=generator) * 16], 1)
    return boxes, torch.rand(count, generator=generator), torch.randint(0, 3, (count,), generator=generator)


@settings(deadline=None)
@given(st.integers(0, 200))
def test_it_keeps_what_a_plain_loop_keeps(seed):
    boxes, scores, groups = some_boxes(25, seed)
    kept = []
    for place in scores.argsort(descending=True).tolist():
        rivals = [other for other in kept if groups[other] == groups[place]]
        if not rivals or box_iou(boxes[place : place + 1], boxes[rivals]).max() <= 0.5:
            kept.append(place)
    assert nms(boxes, scores, groups, 0.5).tolist() == kept
    assert nms(boxes, scores, groups, 0.5, 3).tolist() == kept[:3]


def test_soft_suppression_takes_score_by_overlap():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 10, 20]])
    scores, groups = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 0, 1])
    places, linear = soft_nms(boxes, scores, groups, method="linear")
    assert places.tolist() == [0, 2, 1]
    torch.testing.assert_close(linear, torch.tensor([0.9, 0.7, 0.4]))
    _, gaussian = soft_nms(boxes, scores, groups, method="gaussian", sigma=0.5)
    torch.testing.assert_close(gaussian, torch.tensor([0.9, 0.7, 0.8 * 0.6065307]))


def test_a_hard_soft_suppression_is_plain_suppression():
    boxes, scores, groups = some_boxes(25, 3)
    places, _ = soft_nms(boxes, scores, groups, method="gaussian", sigma=1e-9, least=1e-6)
    assert places.tolist() == nms(boxes, scores, groups, 0.0).tolist()


def test_nothing_stays_of_nothing():
    empty = torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64)
    assert nms(*empty, 0.5).shape == (0,)
    assert soft_nms(*empty)[0].shape == (0,)


@settings(deadline=None)
@given(st.integers(0, 200), st.sampled_from(["linear", "gaussian"]))
def test_soft_suppression_is_the_plain_loop_of_the_paper(seed, method):
    boxes, scores, groups = some_boxes(20, seed)
    overlaps = box_iou(boxes, boxes).tolist()
    left = {place: float(scores[place]) for place in range(20)}
    want = []
    while left:
        best = max(left, key=left.__getitem__)
        want.append((best, left.pop(best)))
        for place in left:
            overlap = overlaps[best][place]
            if groups[place] == groups[best]:
                if method == "gaussian":
                    left[place] *= math.exp(-(overlap**2) / 0.5)
                elif overlap > 0.3:
                    left[place] *= 1 - overlap
        left = {place: score for place, score in left.items() if score >= 0.05}
    places, softer = soft_nms(boxes, scores, groups, method=method, least=0.05)
    want = [(place, score) for place, score in want if score >= 0.05]
    assert places.tolist() == [place for place, _ in want]
    torch.testing.assert_close(softer, torch.tensor([score for _, score in want]))
    assert soft_nms(boxes, scores, groups, method=method, least=0.05, limit=3)[0].tolist() == places.tolist()[:3]


def test_answers_are_kept_by_the_suppression_that_is_asked_for():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 9, 10]])
    none = torch.zeros(1, 3, dtype=torch.int64)
    found, sizes = Candidates(boxes[None], torch.tensor([[0.9, 0.8, 0.7]]), none, none), torch.tensor([[50, 50]])
    hard, linear, gaussian = (
        Suppression(overlap=0.4, suppress=kind).final(found, sizes).each()[0] for kind in ("hard", "linear", "gaussian")
    )
    assert hard.scores.tolist() == pytest.approx([0.9])
    # The third overlaps the first by .9, which leaves it .07, and the second by .45, which leaves it too little.
    assert linear.scores.tolist() == pytest.approx([0.9, 0.8 * 0.5])
    assert gaussian.scores[:2].tolist() == pytest.approx([0.9, 0.8 * math.exp(-0.5)])
    (one,) = Suppression(overlap=0.4, suppress="gaussian", limit=1).final(found, sizes).each()
    assert one.scores.tolist() == pytest.approx([0.9])


@settings(deadline=None)
@given(st.integers(0, 100))
def test_padding_is_no_rival_and_each_picture_is_suppressed_by_itself(seed):
    boxes, scores, groups = some_boxes(30, seed)
    gone = torch.arange(30) % 4 == seed % 4
    padded = torch.stack([scores.masked_fill(gone, -torch.inf), scores.roll(7).masked_fill(gone.roll(7), -torch.inf)])
    both = torch.stack([boxes, boxes.roll(7, 0)]), padded, torch.stack([groups, groups.roll(7)])
    rows = batch_nms(*both, 0.5, 9)
    assert rows.shape == (2, 9)
    there = (~gone).nonzero()[:, 0]
    want = there[nms(boxes[there], scores[there], groups[there], 0.5, 9)].tolist()
    assert rows[0].tolist() == want + [30] * (9 - len(want))
    assert rows[1].tolist() == [(row + 7) % 30 for row in want] + [30] * (9 - len(want))
    torch.library.opcheck(batch_nms, (*both, 0.5, 9), test_utils=("test_schema", "test_faketensor"))
