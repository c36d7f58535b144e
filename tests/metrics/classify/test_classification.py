"""The streams of classification: updates, states of other processes, wrong input, nothing."""

import pickle

import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, DataError
from saccade.metrics.classify.classification import Classification, MultiLabel
from saccade.metrics.sections import Curves, Histogram, Matrix
from section_parts import parts, table

PREDICTIONS = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.2, 0.3, 0.5]]
LABELS = [0, 1, 0, 2]


def prediction(scores):
    return Annotation(label_scores=torch.tensor(scores))


def one(label):
    return Annotation(label=torch.tensor(label))


def many(labels):
    return Annotation(labels=torch.tensor(labels))


def filled(pairs):
    metric = Classification(("ant", "bee", "cat"))
    for i, (scores, label) in enumerate(pairs):
        metric.update(prediction(scores), one(label), str(i))
    return metric


def test_scores_by_hand():
    scores = filled(zip(PREDICTIONS, LABELS, strict=True)).result()
    assert scores["top1"] == pytest.approx(0.75)
    assert scores["error"] == pytest.approx(0.25)
    assert scores["top5"] == 1.0
    assert scores["ber"] == pytest.approx(0.5 / 3)
    assert scores["mean_class_recall"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert scores["auc"] == pytest.approx(1.0)


def test_badness_is_what_the_true_class_lacks():
    assert filled([]).update(prediction([0.7, 0.2, 0.1]), one(0), "a") == pytest.approx(0.3)
    assert filled([]).update(prediction([float("nan"), 9.0, 0.1]), one(0), "a") == 1
    assert filled([]).update(prediction([float("nan"), 9.0, 0.1]), one(1), "a") == 0


def test_sections_by_hand():
    metric = filled(zip(PREDICTIONS, LABELS, strict=True))
    (confusion,), (roc,), (confidence,) = (parts(metric, kind) for kind in (Matrix, Curves, Histogram))
    assert confusion.counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert confusion.rows == confusion.columns == table(metric).rows == ("ant", "bee", "cat")
    assert table(metric)["recall"] == [0.5, 1, 1]
    assert [curve.name for curve in roc.curves] == ["ant", "bee", "cat"]
    counts = confidence.counts
    assert (sum(counts["right"]), sum(counts["wrong"])) == (3, 1)
    assert counts["wrong"][12] == 1


@pytest.mark.parametrize("kind", ["one", "many"])
def test_states_of_other_processes_add_up_to_one_stream(kind):
    def fresh():
        return Classification("abc") if kind == "one" else MultiLabel("abc")

    def truth(label):
        return one(label) if kind == "one" else many([int(k == label) for k in range(3)])

    whole, first, second = fresh(), fresh(), fresh()
    for i, (scores, label) in enumerate(zip(PREDICTIONS, LABELS, strict=True)):
        for metric in (whole, first if i < 3 else second):
            metric.update(prediction(scores), truth(label), str(i))
    gathered = fresh()
    gathered.merge(pickle.loads(pickle.dumps([first.state(), fresh().state(), second.state()])))
    assert gathered.result() == whole.result()
    assert table(gathered) == table(whole)


def test_no_pictures_are_undefined():
    assert set(filled([]).result().values()) == {None}
    assert parts(filled([]), Curves)[0].curves == ()
    assert table(filled([]))["recall"] == [None] * 3
    assert MultiLabel("abc").result() == {"map": None, "mean_class_recall": None}
    assert table(MultiLabel("abc"))["average_precision"] == [None] * 3


def test_of_many_classes_the_curves_are_those_of_the_weakest():
    metric = Classification([f"kind {k}" for k in range(60)])
    for k in range(60):
        scores = torch.zeros(60)
        scores[k if k >= 20 else 59] = 1
        metric.update(prediction(scores.tolist()), one(k), str(k))
    names = [curve.name for curve in parts(metric, Curves)[0].curves]
    assert len(names) == 50
    assert names[:20] == [f"kind {k}" for k in range(20)]


def test_one_class_alone_has_no_auc():
    assert filled([(PREDICTIONS[0], 0), (PREDICTIONS[1], 0)]).result()["auc"] is None


def test_other_classes_than_the_system_s_are_refused():
    with pytest.raises(ConfigError, match="scores of 3 classes"):
        filled([([0.5, 0.5], 0)])
    with pytest.raises(DataError, match=r"labels 0..2, found 3 in picture 0"):
        filled([(PREDICTIONS[0], 3)])
    with pytest.raises(DataError, match="labels of 3 classes"):
        MultiLabel("abc").update(prediction(PREDICTIONS[0]), many([1, 0]), "a")


def test_unknown_labels_count_neither_way():
    metric = MultiLabel(("ant", "bee"))
    for i, (scores, labels) in enumerate([([0.9, 0.1], [1, -1]), ([0.8, 0.9], [0, 1]), ([0.7, 0.2], [1, 0])]):
        metric.update(prediction(scores), many(labels), str(i))
    assert metric.result()["map"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert table(metric)["positives"] == [2, 1]
    assert metric.result()["mean_class_recall"] == 1
    metric.update(prediction([0.5, 0.6]), many([1, -1]), "c")
    assert table(metric)["label_recall"] == [2 / 3, 1]
    assert metric.result()["mean_class_recall"] == pytest.approx(5 / 6)
    assert metric.update(prediction([0.5, 0.5]), many([-1, -1]), "b") is None
