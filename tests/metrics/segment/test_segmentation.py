"""Segmentation against counting one pixel after the other, by hand-sized numbers, over processes, and on nothing."""

import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.metrics.scores import SCORES
from saccade.metrics.sections import Matrix, Table
from saccade.metrics.segment.segmentation import NOWHERE, Segmentation
from section_parts import parts

CLASSES = ("soil", "leaf", "sky")


def shown(pixels):
    return Annotation(semantic=torch.as_tensor(pixels))


def taken(*pictures, classes=CLASSES):
    metric = Segmentation(classes)
    for place, (prediction, truth) in enumerate(pictures):
        metric.update(shown(prediction), shown(truth), str(place))
    return metric


def drawn(count=4):
    """Pictures of many sizes: truth with ignored pixels and without the last class, and predictions of all classes."""
    draw = torch.Generator().manual_seed(5)
    for k in range(count):
        size = (3 + k, 7 - k)
        truth = torch.randint(0, 2, size, generator=draw)
        truth[torch.rand(size, generator=draw) < 0.2] = 255
        prediction = torch.where(
            torch.rand(size, generator=draw) < 0.6, truth, torch.randint(0, 3, size, generator=draw)
        )
        yield prediction, truth


def by_counting(pictures, classes):
    """The five scores, one pixel after the other, by the definitions."""
    pairs = [
        (int(g), int(t))
        for prediction, truth in pictures
        for g, t in zip(prediction.flatten(), truth.flatten(), strict=True)
        if int(t) != 255
    ]
    both = [sum(g == t == k for g, t in pairs) for k in range(classes)]
    either = [sum(k in (g, t) for g, t in pairs) for k in range(classes)]
    true = [sum(t == k for _, t in pairs) for k in range(classes)]
    seen, sought = [k for k in range(classes) if either[k]], [k for k in range(classes) if true[k]]
    return {
        "pixel_accuracy": sum(both) / len(pairs),
        "mean_accuracy": sum(both[k] / true[k] for k in sought) / len(sought),
        "miou": sum(both[k] / either[k] for k in seen) / len(seen),
        "fwiou": sum(true[k] * both[k] / either[k] for k in sought) / len(pairs),
        "dice": sum(2 * both[k] / (either[k] + both[k]) for k in seen) / len(seen),
    }


def test_scores_are_those_of_counting_pixel_by_pixel():
    pictures = list(drawn())
    assert any(
        (prediction == 255).any() for prediction, _ in pictures
    )  # a prediction of no class is wrong where the truth is known
    assert taken(*pictures).result() == pytest.approx(by_counting(pictures, len(CLASSES)))


def test_scores_by_hand():
    truth = torch.cat([torch.zeros(60), torch.ones(40)]).long().view(10, 10)
    prediction = torch.cat([torch.zeros(50), torch.ones(10), torch.zeros(5), torch.ones(35)]).long().view(10, 10)
    assert taken((prediction, truth), classes=("ant", "bee")).result() == pytest.approx(
        {"pixel_accuracy": 0.85, "mean_accuracy": 0.854167, "miou": 0.734615, "fwiou": 0.741538, "dice": 0.846547},
        abs=1e-6,
    )


def test_a_class_that_is_nowhere_is_left_out_and_one_that_is_only_guessed_has_no_overlap():
    truth = torch.zeros(2, 2, dtype=torch.int64)
    assert taken((truth, truth)).result()["miou"] == 1
    found = taken((torch.tensor([[0, 0], [0, 1]]), truth)).result()
    wanted = {"pixel_accuracy": 0.75, "mean_accuracy": 0.75, "miou": 0.375, "fwiou": 0.75, "dice": 3 / 7}
    assert found == pytest.approx(wanted)


def test_a_guess_of_no_class_is_wrong_and_an_ignored_pixel_counts_neither_way():
    truth, prediction = torch.tensor([[0, 0, 255, 255]]), torch.tensor([[0, 255, 0, 1]])
    wanted = dict.fromkeys(("pixel_accuracy", "mean_accuracy", "miou", "fwiou"), 0.5) | {"dice": 2 / 3}
    assert taken((prediction, truth)).result() == pytest.approx(wanted)


def test_a_picture_is_as_bad_as_its_classes_overlap_little():
    metric, truth = Segmentation(CLASSES), shown([[0, 0, 1, 1]])
    assert metric.update(truth, truth, "a") == 0
    assert metric.update(shown([[0, 0, 0, 1]]), truth, "b") == pytest.approx(1 - (2 / 3 + 1 / 2) / 2)
    assert metric.update(shown([[2, 2, 2, 2]]), truth, "c") == 1
    assert metric.update(truth, shown([[255] * 4]), "d") is None


def test_processes_add_up_to_one_stream():
    pictures = list(drawn())
    first, second, whole = taken(*pictures[:1]), taken(*pictures[1:]), taken(*pictures)
    gathered = Segmentation(CLASSES)
    gathered.merge([first.state(), second.state()])
    assert gathered.result() == whole.result()
    assert gathered.by_picture().columns == whole.by_picture().columns


def test_each_class_is_told_with_its_pixels_and_what_they_are_taken_for():
    metric = taken(([[0, 0, 1, 2]], [[0, 1, 1, 255]]))
    (told,), (confusion,) = parts(metric, Table), parts(metric, Matrix)
    assert told.rows == CLASSES
    assert [told[name] for name in ("pixels", "accuracy", "pixel_iou")] == [[1, 2, 0], [1, 0.5, None], [0.5, 0.5, None]]
    assert (confusion.columns, confusion.counts.tolist()) == (CLASSES, [[1, 0, 0], [1, 1, 0], [0, 0, 0]])
    metric.update(shown([[255]]), shown([[0]]), "")
    (unsaid,) = parts(metric, Matrix)
    assert (unsaid.columns, unsaid.counts[:, -1].tolist()) == ((*CLASSES, NOWHERE), [1, 0, 0])


def test_other_labels_and_other_sizes_are_refused():
    with pytest.raises(DataError, match=r"expected labels 0..2 and 255, found 3 in picture 0"):
        taken(([[0, 0]], [[0, 3]]))
    with pytest.raises(DataError, match=r"\(1, 2\) pixels, found \(2, 1\)"):
        taken(([[0], [0]], [[0, 1]]))


def test_nothing_is_undefined_and_every_score_has_a_name():
    assert set(Segmentation(CLASSES).result().values()) == {None}
    assert set(taken(([[0]], [[255]])).result().values()) == {None}
    assert Segmentation(()).result().keys() <= SCORES.keys()
