"""Coverage of objects by proposals, by hand."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.metrics.detect.proposals import Coverage, coverage, mask_coverage
from saccade.ops.rle import encode

# Best overlaps .9, .6 and .3, of which two objects are of one class.
WORKED = Coverage((1,), torch.tensor([[0.9, 0.6, 0.3]]), torch.tensor([0, 0, 1]))


def test_the_worked_example():
    assert WORKED.average_recall() == [pytest.approx(1 / 3)]
    assert WORKED.coco_recall() == [pytest.approx(0.4)]
    assert WORKED.recall(0.5) == [pytest.approx(2 / 3)]
    assert WORKED.recall(0.9) == [pytest.approx(1 / 3)]
    assert WORKED.best_overlap() == {0: pytest.approx(0.75), 1: pytest.approx(0.3)}
    assert WORKED.mean_best_overlap() == pytest.approx(0.525)


def test_more_proposals_cover_more():
    rows = Instances(
        boxes=torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [5, 5, 9, 9], [0, 0, 9, 9]]),
        labels=torch.tensor([2, 0, 1, 1]),
        crowd=torch.tensor([False, False, True, False]),
        difficult=torch.tensor([False, False, False, True]),
    )
    boxes = torch.tensor([[0.0, 0, 10, 5], [20, 0, 30, 10], [0, 0, 10, 8]])
    found = coverage([boxes, boxes[:0]], [Annotation(instances=rows), Annotation(instances=rows[[1]])], (1, 2, 3))
    torch.testing.assert_close(found.overlaps, torch.tensor([[0.5, 0, 0], [0.5, 1, 0], [0.8, 1, 0]]))
    assert found.labels.tolist() == [2, 0, 0]
    assert found.recall() == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert found.mean_best_overlap(0) == pytest.approx(0.25)


def test_masks_cover_masks_where_objects_have_one():
    dense = torch.zeros(3, 10, 10, dtype=torch.bool)
    dense[0, :4, :5], dense[1, 5:, 5:] = True, True
    masks = Masks.from_dense(dense)
    rows = Instances(boxes=masks.boxes(), labels=torch.tensor([1, 0, 0]), masks=masks)
    truth = [Annotation(instances=rows.__class__(**{**vars(rows), "masked": torch.tensor([True, True, False])}))]
    told = torch.zeros(2, 10, 10, dtype=torch.bool)
    told[0, :2, :5], told[1, 4:, 5:] = True, True
    found = mask_coverage([encode(Masks.from_dense(told))], truth, (1, 2))
    torch.testing.assert_close(found.overlaps, torch.tensor([[0.5, 0.0], [0.5, 25 / 30]]))
    assert found.labels.tolist() == [1, 0]
    assert mask_coverage([[]], truth, (1, 2)).recall() == [0, 0]
    assert mask_coverage([[]], [Annotation()], (1,)).recall() == [None]


def test_nothing_to_cover_is_undefined():
    found = coverage([torch.zeros(0, 4)], [Annotation()], (1, 10))
    assert found.recall() == found.average_recall() == found.coco_recall() == [None, None]
    assert found.mean_best_overlap() is None
