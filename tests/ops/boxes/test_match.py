"""The matcher by hand, against torchvision's, and in chunks."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.models.detection._utils import Matcher as Theirs
from torchvision.models.detection._utils import SSDMatcher
from torchvision.ops import box_iou

from saccade.ops.boxes import match
from saccade.ops.boxes.match import BACKGROUND, BETWEEN, Matcher, Nearest

TRUTH = torch.tensor([[0.0, 0, 10, 10], [20, 20, 40, 40]])
BOXES = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 4, 10], [21, 20, 26, 40], [60, 60, 70, 70]])


def some_boxes(count, seed):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(count, 2, generator=generator) * 60
    return torch.cat([corners, corners + 5 + torch.rand(count, 2, generator=generator) * 40], 1)


def test_overlaps_of_1_50_40_25_and_0_percent_are_object_object_between_background_background():
    assert Matcher(0.5, 0.4)(TRUTH, BOXES).tolist() == [0, 0, BETWEEN, BACKGROUND, BACKGROUND]
    assert Matcher(0.5, 0.4, "ties")(TRUTH, BOXES).tolist() == [0, 0, BETWEEN, 1, BACKGROUND]
    assert Matcher(0.5, 0.5, "claim")(TRUTH, BOXES).tolist() == [0, 0, BACKGROUND, 1, BACKGROUND]


@pytest.mark.parametrize("best", ["none", "ties"])
@given(seed=st.integers(0, 300))
def test_it_equals_torchvision_s_matcher_wherever_each_object_is_touched(best, seed):
    truth, boxes = some_boxes(4, seed), some_boxes(60, seed + 1000)
    overlaps = box_iou(truth, boxes)
    want = Theirs(0.5, 0.4, allow_low_quality_matches=best == "ties")(overlaps)
    if (overlaps.max(1).values > 0).all():
        assert Matcher(0.5, 0.4, best)(truth, boxes).tolist() == want.tolist()


@given(seed=st.integers(0, 300))
def test_claims_equal_torchvision_s_ssd_matcher(seed):
    truth, boxes = some_boxes(4, seed), some_boxes(60, seed + 1000)
    overlaps = box_iou(truth, boxes)
    if (overlaps.max(1).values > 0).all() and len(overlaps.max(1).indices.unique()) == len(truth):
        assert Matcher(0.5, 0.5, "claim")(truth, boxes).tolist() == SSDMatcher(0.5)(overlaps).tolist()


def pairs_by_hand(overlaps):
    """The greatest overlap of all that are left, again and again."""
    left, found = overlaps.clone(), {}
    while len(left) and left.max() > 0:
        row, box = divmod(int(left.argmax()), left.shape[1])
        found[box] = row
        left[row], left[:, box] = 0, 0
    return found


@settings(max_examples=20)
@given(seed=st.integers(0, 300), count=st.integers(2, 40))
def test_claims_are_a_bipartite_matching(seed, count):
    """Crowded objects want the same boxes: no object that a free box touches may be left without one."""
    truth, boxes = some_boxes(count, seed) / 3, some_boxes(50, seed + 1000)
    found = Matcher(0.5, 0.5, "claim")(truth, boxes)
    pairs = pairs_by_hand(box_iou(truth, boxes))
    assert {box: int(found[box]) for box in pairs} == pairs


def test_of_two_objects_that_want_one_box_each_has_one():
    truth = torch.tensor([[0.0, 0, 10, 9], [0, 0, 10, 10], [0, 0, 9, 10]])
    assert Matcher(0.5, 0.5, "claim")(truth, BOXES).tolist() == [1, 0, 2, BACKGROUND, BACKGROUND]


def test_many_equal_objects_share_out_the_boxes_that_they_touch(monkeypatch):
    truth, boxes = TRUTH[:1].expand(60, 4), some_boxes(1_000, 3)
    touched = int((box_iou(truth[:1], boxes) > 0).sum())
    for offered in (7, match.OFFERED):
        monkeypatch.setattr(match, "OFFERED", offered)
        found = Matcher(0.5, 0.5, "claim")(truth, boxes)
        assert int((found >= 0).sum()) == len(found[found >= 0].unique()) == touched < 60


@pytest.mark.parametrize("best", ["none", "ties", "claim"])
def test_chunks_change_nothing(best, monkeypatch):
    truth, boxes = some_boxes(9, 1), some_boxes(101, 2)
    whole = Matcher(0.5, 0.3, best)(truth, boxes)
    monkeypatch.setattr(match, "_ENTRIES", 9 * 7)
    assert Matcher(0.5, 0.3, best)(truth, boxes).tolist() == whole.tolist()


def test_an_object_that_no_box_touches_takes_none():
    far = torch.tensor([[200.0, 200, 210, 210]])
    for best in ("ties", "claim"):
        assert Matcher(0.5, 0.4, best)(far, BOXES).tolist() == [BACKGROUND] * 5


def test_without_objects_all_is_background_and_without_boxes_nothing_is():
    assert Matcher(0.7, 0.3, "ties")(torch.zeros(0, 4), BOXES).tolist() == [BACKGROUND] * 5
    assert Matcher(0.7, 0.3, "ties")(TRUTH, torch.zeros(0, 4)).tolist() == []


def test_the_nearest_object_is_taken_where_enough_of_it_is_covered():
    assert Nearest(0.4)(TRUTH, BOXES).tolist() == [0, 0, BACKGROUND, BACKGROUND, BACKGROUND]
    assert Nearest(0.2)(TRUTH, BOXES).tolist() == [0, 0, 0, 1, BACKGROUND]
    assert Nearest(0.2)(TRUTH[:0], BOXES).tolist() == [BACKGROUND] * 5


MANY_OBJECTS = """
import resource, torch
from saccade.ops.boxes.match import Matcher
draw = torch.Generator().manual_seed(0)
def boxes(number):
    corners = torch.rand(number, 2, generator=draw) * 1000
    return torch.cat([corners, corners + torch.rand(number, 2, generator=draw) * 60 + 4], 1)
truth, anchors = boxes(1500), boxes(20_000)
for best in ("ties", "claim"):
    Matcher(high=0.5, low=0.4, best=best)(truth[:2], anchors)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = [Matcher(high=0.5, low=0.4, best=best)(truth, anchors) for best in ("ties", "claim")]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, *(int((rows >= 0).sum()) for rows in found))
"""


def test_fifteen_hundred_objects_take_a_few_megabytes():
    """Their overlaps with all boxes at once would take 120 MB."""
    done = subprocess.run([sys.executable, "-c", MANY_OBJECTS], capture_output=True, text=True, check=True)
    kilobytes, ties, claims = map(int, done.stdout.split())
    assert kilobytes < 30_000
    assert min(ties, claims) > 1000
