"""A truth that is completed by what a network says: what is added, what is left alone, and what counts as sought."""

from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.taught import IGNORE, Knowledge, completed

# Of three classes the teacher knows the first two.
KNOWS = Knowledge({"instances": torch.tensor([True, True, False]), "semantic": torch.tensor([True, True, False])})
NEW = torch.tensor([False, False, True])


def rows(*boxes: tuple[float, float, float, float], labels: list[int], scores: list[float] | None = None) -> Instances:
    found = Instances(torch.tensor(boxes).view(-1, 4), torch.tensor(labels, dtype=torch.int64))
    return found if scores is None else Instances(found.boxes, found.labels, torch.tensor(scores))


def told(scores: list[float], labels: list[int]) -> Annotation:
    boxes = [(20.0 * place, 0.0, 20.0 * place + 10, 10.0) for place in range(len(scores))]
    return Annotation(instances=rows(*boxes, labels=labels, scores=scores))


def test_objects_of_classes_that_were_not_sought_are_added() -> None:
    truth = Annotation(instances=rows((0, 20, 10, 30), labels=[2]), sought=NEW)
    found = completed(truth, told([0.9, 0.3, 0.1], [0, 1, 1]), KNOWS)
    assert found.instances is not None
    assert found.sought is None
    assert found.get("instances.labels").tolist() == [2, 0, 1]
    assert found.get("instances.crowd").tolist() == [False, False, True]  # in doubt: neither learnt nor background


def test_from_where_on_objects_count_is_the_teacher_s() -> None:
    truth = Annotation(instances=rows((0, 20, 10, 30), labels=[2]), sought=NEW)
    found = completed(truth, told([0.9, 0.7, 0.3], [0, 1, 1]), replace(KNOWS, sure=0.8))
    assert found.get("instances.crowd").tolist() == [False, False, True]
    assert found.get("instances.labels").tolist() == [2, 0, 1]


def test_an_object_told_as_of_two_classes_is_the_likelier_one() -> None:
    boxes = [(0.0, 0.0, 10.0, 10.0), (0.0, 0.0, 10.0, 9.0), (0.0, 4.5, 10.0, 14.5), (50.0, 0.0, 60.0, 10.0)]
    told_twice = Annotation(instances=rows(*boxes, labels=[0, 1, 1, 1], scores=[0.8, 0.9, 0.7, 0.6]))
    found = completed(Annotation(instances=rows((0, 20, 10, 30), labels=[2]), sought=NEW), told_twice, KNOWS)
    assert found.get("instances.labels").tolist() == [2, 1, 1, 1]
    assert found.get("instances.boxes")[1:, 1].tolist() == [0.0, 4.5, 0.0]
    assert found.get("instances.crowd").tolist() == [False, False, True, False]  # one of them may be another


def test_what_people_annotated_stands() -> None:
    """All classes were sought; or the teacher takes an annotated object for one of its own classes."""
    whole = Annotation(instances=rows((0, 20, 10, 30), labels=[2]))
    assert completed(whole, told([0.9], [0]), KNOWS) == whole
    same = Annotation(instances=rows((0, 0, 10, 10), labels=[2]), sought=NEW)
    assert completed(same, told([0.9], [0]), KNOWS).get("instances.labels").tolist() == [2]


def test_a_picture_without_objects_annotated_gets_the_teacher_s() -> None:
    found = completed(Annotation(label=torch.tensor(2)), told([0.9], [1]), KNOWS)
    assert found.get("instances.labels").tolist() == [1]
    assert found.sought is not None
    assert found.sought.tolist() == [True, True, False]
    assert found.label == 2


def test_rows_keep_the_columns_of_the_truth() -> None:
    masks = Masks.from_dense(torch.ones(1, 40, 40, dtype=torch.bool))
    truth = Annotation(
        instances=Instances(torch.tensor([[0.0, 20, 10, 30]]), torch.tensor([2]), masks=masks), sought=NEW
    )
    found = completed(truth, told([0.9], [0]), KNOWS)
    assert found.instances is not None
    assert found.instances.has_mask.tolist() == [True, False]


def pixels(classes: list[int], sure: float) -> Annotation:
    semantic = torch.tensor([classes])
    return Annotation(semantic=semantic, semantic_scores=torch.full((1, 1, len(classes)), sure))


def test_unknown_pixels_get_the_classes_that_were_not_sought() -> None:
    truth = Annotation(semantic=torch.tensor([[2, IGNORE, IGNORE]]), semantic_sought=NEW)
    assert completed(truth, pixels([0, 1, 2], 0.9), KNOWS).get("semantic").tolist() == [[2, 1, IGNORE]]
    assert completed(truth, pixels([0, 1, 1], 0.3), KNOWS).get("semantic").tolist() == [[2, IGNORE, IGNORE]]
    whole = Annotation(semantic=torch.tensor([[2, IGNORE]]))
    assert torch.equal(completed(whole, pixels([0, 1], 0.9), KNOWS).get("semantic"), whole.get("semantic"))


def label(scores: Tensor) -> Annotation:
    return Annotation(label=scores.argmax(), label_scores=scores)


def test_a_class_of_the_picture_is_told_where_none_is_and_the_teacher_is_sure() -> None:
    assert completed(Annotation(), label(torch.tensor([0.1, 0.9])), KNOWS).label == 1
    assert completed(Annotation(), label(torch.tensor([0.4, 0.3, 0.3])), KNOWS).label is None
    assert completed(Annotation(label=torch.tensor(0)), label(torch.tensor([0.1, 0.9])), KNOWS).label == 0


def test_unknown_ones_of_many_classes_are_told() -> None:
    truth = Annotation(labels=torch.tensor([-1, 0, 1]))
    assert completed(truth, Annotation(labels=torch.tensor([1, 1, 0])), KNOWS).get("labels").tolist() == [1, 0, 1]


def test_lines_are_drawn_where_nobody_drew() -> None:
    lines = torch.tensor([[[0.9, 0.2]]])
    assert completed(Annotation(), Annotation(contours=lines), KNOWS).get("contours").tolist() == [[[1.0, 0.0]]]


def test_a_vocabulary_keeps_the_teacher_s_places() -> None:
    from saccade.training.setup.teacher import united

    first, second = Vocabularies({"instances": ("a", "b")}), Vocabularies({"instances": ("c", "a"), "semantic": ("s",)})
    assert dict(united(first, second)) == {"instances": ("a", "b", "c"), "semantic": ("s",)}
