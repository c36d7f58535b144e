"""VOC's average precision by the worked example and by rules."""

import pytest
import torch

from saccade.core.annotation import Instances
from saccade.core.errors import UsageError
from saccade.metrics.detect.voc import voc_ap

PLACES = torch.tensor([[20.0 * k, 0, 20.0 * k + 10, 10] for k in range(8)])


def objects(*places, difficult=None):
    chosen = PLACES[list(places)]
    flags = None if difficult is None else torch.tensor(difficult)
    return Instances(boxes=chosen, labels=torch.zeros(len(chosen), dtype=torch.int64), difficult=flags)


def predictions(*places):
    """Predictions by falling score; a place above the objects' is wrong."""
    scores = torch.linspace(0.9, 0.1, len(places))
    return Instances(boxes=PLACES[list(places)], labels=torch.zeros(len(places), dtype=torch.int64), scores=scores)


def test_right_wrong_right_right_wrong_of_four_objects():
    truth, prediction = objects(0, 1, 2, 3), predictions(0, 6, 1, 2, 7)
    per_class, mean = voc_ap([prediction], [truth])
    assert per_class == pytest.approx([0.625])
    assert mean == pytest.approx(0.625)
    assert voc_ap([prediction], [truth], points=11)[1] == pytest.approx(0.613636, abs=1e-6)


def test_a_second_guess_of_one_object_is_wrong():
    assert voc_ap([predictions(0, 0, 1)], [objects(0, 1)])[1] == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_guess_of_a_difficult_object_counts_neither_way():
    assert voc_ap([predictions(2, 0, 1)], [objects(0, 1, 2, difficult=[False, False, True])])[1] == pytest.approx(1.0)


def test_an_overlap_of_exactly_half_is_right():
    half = Instances(boxes=torch.tensor([[0.0, 0, 10, 20]]), labels=torch.tensor([0]), scores=torch.tensor([0.5]))
    assert voc_ap([half], [objects(0)])[1] == 1.0
    assert voc_ap([half], [objects(0)], iou=0.51)[1] == 0.0


def test_scores_rank_over_all_pictures_and_a_class_without_objects_is_undefined():
    late = Instances(boxes=PLACES[[5]], labels=torch.tensor([2]), scores=torch.tensor([0.99]))
    per_class, mean = voc_ap([predictions(0), late], [objects(0), objects()])
    assert per_class == [1.0, None, None]
    assert mean == 1.0


def test_no_guesses_score_zero_and_no_pictures_nothing():
    assert voc_ap([predictions()], [objects(0)]) == ([0.0], 0.0)
    assert voc_ap([], []) == ([], None)
    with pytest.raises(UsageError, match="2 pictures, found 1"):
        voc_ap([predictions()], [objects(0), objects(1)])


def plain_voc(predictions, truths, label, iou, eleven):
    """One class by the challenge's own procedure, prediction by prediction; None without objects."""
    wanted = [[[*box, hard, False] for box, k, hard in
               zip(t.boxes.tolist(), t.labels.tolist(), t.difficult.tolist(), strict=True) if k == label]
              for t in truths]  # fmt: skip
    found = [(score, place, box) for place, g in enumerate(predictions) for box, k, score in
             zip(g.boxes.tolist(), g.labels.tolist(), g.scores.tolist(), strict=True) if k == label]  # fmt: skip
    objects = sum(not target[4] for one in wanted for target in one)
    if not objects:
        return None
    right, wrong, points = 0, 0, []
    for _, place, box in sorted(found, key=lambda one: -one[0]):
        best, target = max(((plain_iou(box, t), t) for t in wanted[place]), key=lambda p: p[0], default=(0, None))
        if best >= iou and target[4]:
            continue
        hit = best >= iou and not target[5]
        if hit:
            target[5] = True
        right, wrong = right + hit, wrong + (not hit)
        points.append((right / objects, right / (right + wrong)))
    if eleven:
        return sum(max((p for r, p in points if r >= k / 10 - 1e-9), default=0.0) for k in range(11)) / 11
    area, before = 0.0, 0.0
    for place, (recall, _) in enumerate(points):
        area += (recall - before) * max(p for _, p in points[place:])
        before = recall
    return area


def plain_iou(a, b):
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(wide, 0) * max(high, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("iou", [0.05, 0.5, 0.7])
def test_it_equals_the_challenge_s_procedure_step_by_step(seed, iou):
    draw = torch.Generator().manual_seed(seed)
    predictions, truths = [], []
    for count in torch.randint(0, 7, (5,), generator=draw).tolist():
        corners = torch.rand(count, 2, generator=draw) * 60
        boxes = torch.cat([corners, corners + 10 + torch.rand(count, 2, generator=draw) * 30], 1)
        labels = torch.randint(0, 3, (count,), generator=draw)
        truths.append(Instances(boxes=boxes, labels=labels, difficult=torch.rand(count, generator=draw) < 0.3))
        moved = boxes.repeat(3, 1) + torch.randn(3 * count, 4, generator=draw) * 4
        scores = torch.rand(3 * count, generator=draw)
        predictions.append(Instances(boxes=moved, labels=labels.repeat(3), scores=scores))
    for points in ("all", 11):
        values, mean = voc_ap(predictions, truths, iou=iou, points=points)
        want = [plain_voc(predictions, truths, label, iou, points == 11) for label in range(len(values))]
        assert values == [None if value is None else pytest.approx(value, abs=1e-12) for value in want]
        known = [value for value in want if value is not None]
        assert mean == pytest.approx(sum(known) / len(known))
