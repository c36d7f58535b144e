"""What a detector takes for what: by hand, and sums over any pictures."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.annotation import Instances
from saccade.metrics.detect.object_confusion import object_confusion
from saccade.metrics.detect.overlaps import Overlaps, picture_of

A, B, AWAY = [0.0, 0, 10, 10], [50.0, 0, 60, 10], [200.0, 0, 210, 10]


def rows(boxes, labels, scores=None):
    return Instances(
        boxes=torch.tensor(boxes).reshape(-1, 4),
        labels=torch.tensor(labels, dtype=torch.int64),
        scores=None if scores is None else torch.tensor(scores),
    )


def test_right_confused_again_nothing_there_and_missed():
    prediction = rows([A, A, B, AWAY, B], [0, 1, 0, 1, 1], [0.9, 0.95, 0.8, 0.7, 0.2])
    truth = rows([A, B, [90.0, 0, 99, 9]], [0, 1, 1])
    of = Overlaps.of([picture_of(prediction, truth)])
    # The second prediction scores best, but A is found by a prediction of its own class: so the second lies on nothing
    # free.
    assert object_confusion(of, 2, 0.5).tolist() == [[1, 0, 0], [1, 0, 1], [0, 2, 0]]
    assert object_confusion(of, 2, 0.1).tolist() == [[1, 0, 0], [0, 1, 1], [1, 2, 0]]
    assert object_confusion(of, 2, 0.99).tolist() == [[0, 0, 1], [0, 0, 2], [0, 0, 0]]


def test_of_nothing_there_is_nothing():
    assert object_confusion(Overlaps.of([]), 1).tolist() == [[0, 0], [0, 0]]


boxes = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 6), st.integers(0, 2)), max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(boxes, boxes), max_size=3), st.sampled_from([0.0, 0.4, 0.9]), st.sampled_from([0.3, 0.5]))
def test_each_object_counts_once_in_its_row_and_each_guess_once_in_its_column(pictures, score, overlap):
    shown = [
        (
            rows([[float(x), y, x + w, y + w] for x, y, w, _ in prediction], [k for *_, k in prediction],
                 [(7 * x + 3 * y) % 10 / 10 for x, y, _, _ in prediction]),
            rows([[float(x), y, x + w, y + w] for x, y, w, _ in truth], [k for *_, k in truth]),
        )
        for prediction, truth in pictures
    ]  # fmt: skip
    of = Overlaps.of([picture_of(*one) for one in shown])
    found = object_confusion(of, 3, score, overlap)
    labels = torch.cat([torch.zeros(0, dtype=torch.int64), *(truth.labels for _, truth in shown)])
    kept = torch.cat([torch.zeros(0, dtype=torch.int64), *(g.labels[g.scores.double() >= score] for g, _ in shown)])
    assert found.sum(1)[:3].tolist() == labels.bincount(minlength=3).tolist()
    assert found.sum(0)[:3].tolist() == kept.bincount(minlength=3).tolist()
    assert found[3, 3] == 0
