"""Several pictures as one, by hand-sized numbers."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.data.augment.mixing import mixup, mosaic, quarters


def truth(label: int, size: tuple[int, int], box: list[float]) -> Annotation:
    rows = Instances(
        boxes=torch.tensor([box]), labels=torch.tensor([label]), masks=Masks.from_dense(torch.ones(1, *size))
    )
    return Annotation(
        label=torch.tensor(label),
        labels=torch.tensor([int(c == label) for c in range(4)]),
        instances=rows,
        semantic=torch.full(size, label),
        contours=torch.full((1, *size), float(label > 0)),
    )


def test_a_cross_cuts_four_rectangles():
    assert quarters((3, 2), (5, 7)) == [(0, 0, 3, 2), (3, 0, 7, 2), (0, 2, 3, 5), (3, 2, 7, 5)]


def test_a_mosaic_by_hand():
    places = quarters((3, 2), (5, 7))
    sizes = [(y2 - y1, x2 - x1) for x1, y1, x2, y2 in places]
    images = [torch.full((1, *size), 10 * k, dtype=torch.uint8) for k, size in enumerate(sizes)]
    truths = [truth(k, size, [0, 0, 1, 2]) for k, size in enumerate(sizes)]
    canvas, whole = mosaic(images, truths, places, (5, 7), 4)
    expected = torch.tensor([[0, 0, 0, 1, 1, 1, 1]] * 2 + [[2, 2, 2, 3, 3, 3, 3]] * 3)
    assert torch.equal(canvas[0], 10 * expected)
    assert torch.equal(whole.semantic, expected)
    assert torch.equal(whole.contours[0], (expected > 0).float())
    assert whole.instances.boxes.tolist() == [[0, 0, 1, 2], [3, 0, 4, 2], [0, 2, 1, 4], [3, 2, 4, 4]]
    assert whole.instances.labels.tolist() == [0, 1, 2, 3]
    assert torch.equal(whole.instances.masks.dense(), torch.stack([expected == k for k in range(4)]))
    assert torch.allclose(whole.label_scores, torch.tensor([6, 8, 9, 12]) / 35)
    assert whole.label == 3
    assert whole.labels.tolist() == [1, 1, 1, 1]


def test_mixup_by_hand():
    images = (torch.zeros(3, 2, 2, dtype=torch.uint8), torch.full((3, 2, 2), 200, dtype=torch.uint8))
    truths = (truth(0, (2, 2), [0, 0, 1, 1]), truth(3, (2, 2), [1, 1, 2, 2]))
    image, both = mixup(images, truths, 0.75, 4)
    assert image.dtype == torch.uint8
    assert image.unique().tolist() == [50]
    assert both.label_scores.tolist() == [0.75, 0, 0, 0.25]
    assert both.label == 0
    assert both.instances.labels.tolist() == [0, 3]
    assert len(both.instances.masks) == 2
    assert (both.semantic == 0).all()
    assert (both.contours == 1).all()
    assert both.labels.tolist() == [1, 0, 0, 1]


def test_soft_labels_stay_soft():
    soft = Annotation(label=torch.tensor(1), label_scores=torch.tensor([0.4, 0.6]))
    images = (torch.zeros(1, 2, 2), torch.ones(1, 2, 2))
    assert torch.allclose(mixup(images, (soft, soft), 0.6, 2)[1].label_scores, torch.tensor([0.4, 0.6]))


def test_what_one_does_not_annotate_nobody_does_but_classes_per_pixel_are_ignored_there():
    places = [(0, 0, 2, 2), (2, 0, 4, 2)]
    images = [torch.zeros(1, 2, 2), torch.ones(1, 2, 2)]
    _, whole = mosaic(images, [truth(1, (2, 2), [0, 0, 1, 1]), Annotation()], places, (2, 4), 4)
    assert whole.semantic.tolist() == [[1, 1, 255, 255]] * 2
    assert whole.instances is None
    assert whole.label_scores is None
    assert whole.labels is None
    assert whole.contours is None


def test_unknown_classes_stay_unknown():
    one = Annotation(labels=torch.tensor([1, 0, 0, -1]))
    other = Annotation(labels=torch.tensor([-1, 0, -1, -1]))
    images = (torch.zeros(1, 2, 2), torch.ones(1, 2, 2))
    assert mixup(images, (one, other), 0.5, 4)[1].labels.tolist() == [1, 0, -1, -1]


def test_bytes_and_floats_meet_as_floats():
    images = (torch.full((1, 2, 2), 255, dtype=torch.uint8), torch.zeros(1, 2, 2))
    image, _ = mixup(images, (Annotation(), Annotation()), 0.5, 2)
    assert image.unique().item() == pytest.approx(0.5)


def test_no_objects_anywhere():
    empty = Annotation(instances=truth(0, (2, 2), [0, 0, 1, 1]).instances[:0])
    places = [(0, 0, 2, 2), (2, 0, 4, 2)]
    _, whole = mosaic([torch.zeros(1, 2, 2)] * 2, [empty, empty], places, (2, 4), 4)
    assert whole.instances.boxes.shape == (0, 4)
    assert whole.instances.masks.dense().shape == (0, 2, 4)
