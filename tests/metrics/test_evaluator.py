"""The evaluator: which metrics apply, partly labelled pictures, a user's own metric, processes, no NaN."""

import json
import pickle

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.metrics import FAMILIES, Column, Evaluator, Family, Metric, Reports, Section, Table, choose
from saccade.metrics.classify.classification import Classification
from saccade.metrics.scores import SCORES, score_of
from section_parts import parts

CLASSES = ("ant", "bee")
BOXES = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
BOTH = BOXES | {"label", "label_scores"}
ONE_BOX = BOTH - {"instances.scores"}
TRUTH = frozenset({"label", "instances.boxes", "instances.labels"})


class Guessed:
    """A user's metric: how often the first class was predicted; NaN without pictures."""

    needs = frozenset({"label"})
    reads = frozenset({"label_scores"})

    def __init__(self, name="guessed_first"):
        self.name, self.taken = name, []

    def update(self, prediction, truth, id):
        self.taken.append(int(prediction.label_scores.argmax() == 0))

    def result(self):
        return {self.name: sum(self.taken) / len(self.taken) if self.taken else float("nan")}

    def state(self):
        return self.taken

    def merge(self, states):
        for state in states:
            self.taken.extend(state)


def picture(label, scores, guessed_box=(0.0, 0.0, 4.0, 4.0)):
    box = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    truth = Annotation(label=torch.tensor(label), instances=Instances(boxes=box, labels=torch.tensor([label])))
    prediction = Annotation(
        label_scores=torch.tensor(scores),
        instances=Instances(
            boxes=torch.tensor([guessed_box]), labels=torch.tensor([scores.index(max(scores))]), scores=torch.ones(1)
        ),
    )
    return prediction, truth


PICTURES = [
    (*picture(0, [0.9, 0.1]), "a"),
    (*picture(1, [0.8, 0.2], (2.0, 0.0, 6.0, 4.0)), "b"),
    (*picture(1, [0.4, 0.6]), "c"),
]


def names(metrics):
    return [type(metric).__name__ for metric in metrics]


@pytest.mark.parametrize(
    ("gives", "fields", "expected"),
    [
        (ONE_BOX, TRUTH, ["Classification", "Localization"]),
        (ONE_BOX - {"instances.labels"}, TRUTH, ["Classification", "Localization"]),
        (BOTH, TRUTH, ["Classification", "Localization", "Detection"]),
        (BOTH, frozenset({"label"}), ["Classification"]),
        (BOTH, frozenset({"labels"}), []),
        (BOXES, TRUTH, ["Detection"]),
        (BOXES, frozenset({"instances.boxes"}), []),
        (BOXES - {"instances.labels"}, frozenset({"instances.boxes"}), ["Detection"]),
        (BOXES - {"instances.scores"}, TRUTH, []),
        (frozenset({"label", "label_scores"}), TRUTH, ["Classification"]),
        (frozenset({"labels", "label_scores"}), frozenset({"labels"}), ["MultiLabel"]),
        (frozenset({"labels", "label_scores"}), frozenset({"label", "labels"}), ["MultiLabel"]),
        (frozenset({"semantic"}), frozenset({"semantic"}), ["Segmentation"]),
        (BOXES | {"semantic"}, TRUTH | {"semantic"}, ["Detection", "Segmentation"]),
        (frozenset({"semantic_scores"}), TRUTH, []),
    ],
)
def test_metrics_apply_where_guess_and_truth_have_their_fields(gives, fields, expected):
    assert names(choose(gives, fields, CLASSES)) == expected


def test_boxes_whose_classes_are_not_told_count_as_of_one_class():
    (proposals,) = choose(BOXES - {"instances.labels"}, TRUTH, CLASSES)
    assert not proposals.told_apart


def test_a_metric_counts_the_classes_of_its_own_vocabulary():
    lists = {"instances": ("ant", "bee"), "semantic": ("soil", "leaf", "sky")}
    detection, segmentation = choose(BOXES | {"semantic"}, TRUTH | {"semantic"}, lists)
    assert (detection.classes, segmentation.classes) == (lists["instances"], lists["semantic"])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_reads_and_needs_what_its_metric_does(family):
    metric = family.make(CLASSES, *(("head", "foot") for _ in family.beside))
    assert (metric.reads, metric.needs) == (family.reads, family.needs)


def test_a_family_of_one_s_own_is_a_row():
    own = Family(lambda classes: Guessed(classes[0]), frozenset({"semantic"}), frozenset({"label"}))
    assert [metric.name for metric in choose(frozenset({"semantic"}), TRUTH, CLASSES, (*FAMILIES, own))] == ["ant"]


def evaluator(*extra):
    return Evaluator([*choose(ONE_BOX, TRUTH, CLASSES), *extra], CLASSES)


def test_one_stream_feeds_all_metrics_and_ranks_the_pictures():
    judge = evaluator(Guessed())
    for prediction, truth, name in PICTURES:
        judge.update(prediction, truth, name)
    found = judge.result()
    assert found.pictures == 3
    assert found.scores["top1"] == pytest.approx(2 / 3)
    assert found.scores["iou"] == pytest.approx((1 + 1 / 3 + 1) / 3)
    assert found.scores["localization_error"] == pytest.approx(1 / 3)
    assert found.scores["guessed_first"] == pytest.approx(2 / 3)
    assert [judged.id for judged in found.worst(2)] == ["b", "c"]
    assert found.judged[0].severity == pytest.approx((0.8 + 2 / 3) / 2)
    (classes,) = parts(found.sections, Table)
    assert [classes["recall"], classes["iou"]] == [[1, 0.5], [1, pytest.approx(2 / 3)]]
    assert [judged.id for judged in found.typical(1)] == ["c"]


def test_processes_add_up_whatever_their_order():
    whole, parts = evaluator(Guessed()), [evaluator(Guessed()) for _ in range(2)]
    for i, (prediction, truth, name) in enumerate(PICTURES):
        whole.update(prediction, truth, name)
        parts[i % 2].update(prediction, truth, name)
    states = pickle.loads(pickle.dumps([part.state() for part in parts]))
    for order in (states, states[::-1]):
        gathered = evaluator(Guessed())
        gathered.merge(order)
        assert gathered.scores() == pytest.approx(whole.scores())
        assert gathered.result().judged == whole.result().judged


def test_pictures_without_a_field_are_left_out_of_its_metric_alone():
    judge = evaluator()
    for prediction, truth, name in PICTURES:
        judge.update(prediction, truth, name)
    before = judge.scores()
    judge.update(PICTURES[0][0], Annotation(), "nothing annotated")
    judge.update(Annotation(), PICTURES[0][1], "nothing predicted")
    assert judge.scores() == before
    assert judge.result().pictures == 5
    assert len(judge.result().judged) == 3


def test_nothing_is_null_in_json_and_never_nan():
    scores = evaluator(Guessed()).scores()
    assert set(scores.values()) == {None}
    assert "NaN" not in json.dumps(scores, allow_nan=False)
    assert evaluator().result().worst(3) == evaluator().result().typical(3) == ()


def test_two_owners_of_a_score_are_refused():
    with pytest.raises(ConfigError, match=r"one metric for each score.*top1"):
        evaluator(Guessed("top1")).scores()


class Telling(Guessed):
    """The user's metric with a column of its own in the table of classes, and a word for its ranking."""

    nearness = "a prediction of one's own"

    def __init__(self, column="predicted"):
        super().__init__()
        self.column = column

    def sections(self):
        own = Table(rows=CLASSES, columns=(Column(name=self.column, values=[1.0, None]),))
        return [Section("Classes", (own,), "My lead."), Section("Mine", (own,))]


def test_a_user_s_sections_join_those_of_the_same_title():
    found = evaluator(Telling()).result()
    assert [section.title for section in found.sections] == ["Classes", "Mistakes", "Mine"]
    assert found.sections[0].lead == "My lead."
    assert [column.name for column in parts(found.sections, Table)[0].columns][-4:] == [
        *("localization_error", "iou", "dice"),
        "predicted",
    ]
    assert found.nearness[-1] == "a prediction of one's own"
    assert not isinstance(Guessed(), Reports)


def test_two_owners_of_a_column_are_refused():
    with pytest.raises(ConfigError, match=r"one metric for each column.*recall"):
        evaluator(Telling("recall")).result()


def test_tables_of_other_rows_stand_apart():
    lists = {"instances": CLASSES, "semantic": ("soil", "sky")}
    judge = Evaluator(choose(BOXES | {"semantic"}, TRUTH | {"semantic"}, lists))
    told = {section.title: section for section in judge.result().sections}
    assert [part.rows for part in told["Classes"].parts] == [CLASSES, ("soil", "sky")]


def test_a_user_s_class_is_a_metric_without_inheriting():
    assert isinstance(Guessed(), Metric)
    assert isinstance(Classification(CLASSES), Metric)


def test_every_score_has_a_name_for_people_and_a_direction():
    assert evaluator().scores().keys() <= SCORES.keys()
    assert score_of("top1").higher_is_better
    assert not score_of("error").higher_is_better
    assert not score_of("loss/label/ce").higher_is_better
    assert score_of("my_own").title == "my_own"
