"""Sampling of windows by hand: which are objects, which background, which left out; and negatives that offend."""

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation, Instances
from saccade.ops.boxes.geometry import iou
from saccade.ops.boxes.match import BACKGROUND, BETWEEN, Matcher
from saccade.ops.boxes.online_hard_mining import OnlineHardMining
from saccade.ops.boxes.samplers import RandomSampler, everything
from saccade.ops.windows.samples import Jitter, WindowSample, cut_out

SIZE = torch.tensor([200, 200])
GRID = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [40, 40, 50, 50]])


def sampler(jitters=(), each=99, pick=everything):
    return WindowSample(tuple(jitters), each, Matcher(0.5, 0.3), pick)


def shown(*boxes, crowds=()):
    """A picture with objects and crowds."""
    rows = torch.tensor([*boxes, *crowds]).view(-1, 4)
    crowd = torch.arange(len(rows)) >= len(boxes)
    return Annotation(instances=Instances(boxes=rows, labels=torch.arange(len(rows)) + 3, crowd=crowd))


def test_windows_show_what_they_cover_and_are_left_out_between():
    boxes, found = sampler()(shown([0.0, 0, 10, 10], [20, 22, 30, 32]), SIZE, [GRID])
    # The second window overlaps the first object by a third; the third is 80 of 120 pixels of the second object.
    assert boxes.tolist() == GRID[[0, 2, 3]].tolist()
    assert found.rows.tolist() == [0, 1, BACKGROUND]
    assert found.labels.tolist() == [3, 4, -1]


def test_nothing_is_background_inside_a_crowd():
    boxes, found = sampler()(shown(crowds=[[35.0, 35, 60, 60]]), SIZE, [GRID])
    assert boxes.tolist() == GRID[:3].tolist()
    assert found.rows.tolist() == [BACKGROUND] * 3


def test_moved_boxes_are_candidates_beside_a_few_windows_of_each_scale():
    torch.manual_seed(0)
    one = [100.0, 100, 140, 180]
    boxes, found = sampler([Jitter(3, 0.0, 0.0)], each=2)(shown(one), SIZE, [GRID, GRID])
    assert boxes[:3].tolist() == [one] * 3
    assert found.rows.tolist() == [0, 0, 0, *[BACKGROUND] * 4]
    _, found = sampler([Jitter(50, 0.0, 0.0)], pick=RandomSampler(8, 0.25))(shown(one), SIZE, [GRID] * 9)
    assert sorted(found.rows.tolist()) == [BACKGROUND] * 6 + [0, 0]


def test_no_objects_leave_background_alone():
    for nothing in (shown(), Annotation()):
        _, found = sampler([Jitter(3, 0.5, 0.5)])(nothing, SIZE, [GRID])
        assert found.rows.tolist() == [BACKGROUND] * 4


def test_jitter_moves_within_its_bounds():
    torch.manual_seed(0)
    box = torch.tensor([[10.0, 20, 50, 40]])
    moved = Jitter(200, shift=0.1, growth=0.2)(box)
    sides = moved[:, 2:] - moved[:, :2]
    centres = (moved[:, :2] + moved[:, 2:]) / 2
    assert bool(((sides / torch.tensor([40.0, 20])).log().abs() <= 0.2 + 1e-5).all())
    assert bool(((centres - torch.tensor([30.0, 30])).abs() <= torch.tensor([4.0, 2]) + 1e-4).all())
    assert float(iou(moved, box.expand(200, -1)).min()) < 0.85
    assert len(moved.unique(dim=0)) == 200


def test_what_is_cut_out_is_the_picture_itself_or_its_averages():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 12, 16)
    exact = cut_out(pictures, torch.tensor([[4.0, 2, 12, 10], [0, 0, 8, 8]]), torch.tensor([1, 0]), 8)
    torch.testing.assert_close(exact[0], pictures[1, :, 2:10, 4:12])
    torch.testing.assert_close(exact[1], pictures[0, :, :8, :8])
    halved = cut_out(pictures, torch.tensor([[4.0, 2, 12, 10]]), torch.tensor([0]), 4)
    torch.testing.assert_close(halved[0], nn.functional.avg_pool2d(pictures[0, :, 2:10, 4:12], 2))


def test_offending_negatives_are_the_dearest_and_some_others():
    matches = torch.tensor([[0, BACKGROUND, BACKGROUND, BETWEEN, BACKGROUND, BACKGROUND, 1]])
    cost = torch.tensor([[9.0, 1, 4, 8, 2, 3, 9]])
    assert OnlineHardMining(2, 0)(matches, cost).tolist() == [[True, False, True, False, False, True, True]]
    assert OnlineHardMining(9, 9)(matches, cost).tolist() == [[True, True, True, False, True, True, True]]
    torch.manual_seed(0)
    drawn = torch.stack([OnlineHardMining(1, 1)(matches, cost)[0] for _ in range(40)])
    assert bool((drawn.sum(1) == 4).all())
    assert bool(drawn[:, [0, 2, 6]].all())
    assert bool(drawn[:, [1, 4, 5]].any(0).all())


@pytest.mark.parametrize("sample", [OnlineHardMining(2, 2)])
def test_nothing_is_taken_where_nothing_is(sample):
    assert sample(torch.full((2, 3), BETWEEN), torch.ones(2, 3)).sum() == 0
    assert sample(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(2, 0)).shape == (2, 0)
