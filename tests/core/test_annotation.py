"""The noun of the data: rows stay together, None is not empty, parts merge, trees map."""

import pytest
import torch
from torch.utils import _pytree as pytree

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.masks import Masks


def rows(count: int = 3) -> Instances:
    ordinal = torch.arange(count)
    return Instances(
        boxes=ordinal[:, None] + torch.tensor([0.0, 0, 2, 2]),
        labels=ordinal,
        scores=torch.tensor([0.2, 0.9, 0.5])[:count],
        masks=Masks.from_dense(torch.eye(4)[:count, None].expand(count, 4, 4)),
        keypoints=ordinal[:, None, None].expand(count, 2, 2).float(),
        visible=ordinal[:, None].expand(count, 2),
        area=ordinal.float(),
        masked=ordinal != 2,
        crowd=ordinal == 1,
        difficult=ordinal == 2,
    )


@pytest.mark.parametrize("index", [[2, 0], torch.tensor([True, False, True]), slice(1, None), [], torch.tensor([1])])
def test_every_column_follows_the_rows(index: object):
    chosen = rows()[index]
    expected = torch.arange(3)[index].tolist()
    assert len(chosen) == len(expected)
    assert set(chosen.columns()) == set(rows().columns())
    for name, column in chosen.columns().items():
        assert len(column) == len(expected), name
    assert chosen.labels.tolist() == expected
    assert chosen.area.tolist() == expected
    assert chosen.masks.dense().flatten(1).float().argmax(1).tolist() == expected


def test_rows_by_falling_score_and_ties_in_order():
    assert rows().sorted().labels.tolist() == [1, 2, 0]
    tied = Instances(scores=torch.ones(3), labels=torch.arange(3))
    assert tied.sorted().labels.tolist() == [0, 1, 2]
    assert Instances(labels=torch.tensor([2, 1])).sorted().labels.tolist() == [2, 1]


def test_rows_one_after_the_other_keep_the_columns_that_all_have():
    both = Instances.cat([rows(), Instances(boxes=torch.zeros(1, 4), labels=torch.tensor([9]))])
    assert both.labels.tolist() == [0, 1, 2, 9]
    # Who marks no crowds and no difficult objects has none.
    assert set(both.columns()) == {"boxes", "labels", "crowd", "difficult"}
    assert both.crowd.tolist() == [*rows().crowd.tolist(), False]
    assert len(Instances.cat([])) == 0
    assert set(Instances.cat([rows(0), rows(2)]).columns()) == set(rows().columns())
    assert Instances.cat([rows(0), rows(0)]).boxes.shape == (0, 4)


def test_nothing_there_is_not_the_same_as_not_annotated():
    empty = Annotation(instances=rows(0))
    assert empty.has("instances", "instances.boxes")
    assert len(empty.instances) == 0
    assert not Annotation().has("instances")
    assert Annotation().get("instances.boxes") is None
    assert Annotation().present() == frozenset()


def test_present_names_columns_one_by_one():
    truth = Annotation(
        label=torch.tensor(1), instances=Instances(boxes=torch.zeros(0, 4)), person=Person(scale=torch.ones(()))
    )
    assert truth.present() == {"label", "instances.boxes", "person.scale"}


def test_parts_of_one_answer_merge():
    boxes = Annotation(instances=Instances(boxes=torch.zeros(2, 4)))
    labels = Annotation(label=torch.tensor(3), instances=Instances(labels=torch.tensor([1, 2])))
    merged = boxes.merge(labels)
    assert merged.present() == {"label", "instances.boxes", "instances.labels"}
    with pytest.raises(ValueError, match=r"one owner.*label"):
        merged.merge(Annotation(label=torch.tensor(0)))
    with pytest.raises(ValueError, match="expected columns of 2 rows, found 3"):
        boxes.merge(Annotation(instances=Instances(labels=torch.zeros(3))))


def test_trees_of_tensors_are_mapped_whole():
    truth = Annotation(label=torch.tensor(1), instances=rows(), semantic=torch.ones(2, 2))
    leaves, spec = pytree.tree_flatten(truth)
    assert sum(isinstance(leaf, torch.Tensor) for leaf in leaves) == 2 + 9 + 2
    back = pytree.tree_unflatten(leaves, spec)
    assert torch.equal(back.instances.masks.dense(), truth.instances.masks.dense())
    doubled = truth.map(lambda tensor: tensor * 2)
    assert doubled.label == 2
    assert doubled.instances.boxes[1].tolist() == [2, 2, 6, 6]
    assert doubled.instances.masks.size == (4, 4)
    assert truth.to("cpu").label == 1
    assert Annotation().map(lambda tensor: tensor * 2) == Annotation()
