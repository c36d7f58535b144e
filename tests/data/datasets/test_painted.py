"""Classes of pixels painted from masks of objects: who lies on whom, what is background, and what nobody knows."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from made import coco_content, write_coco
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.painted import Painted, paint, with_pixels
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data

SIZE = (6, 8)


def rows(*windows: tuple[int, int, int, int], labels: list[int], **other: Any) -> Instances:
    """Objects that fill windows x1, y1, x2, y2."""
    dense = torch.zeros(len(windows), *SIZE, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(dense, windows, strict=True):
        mask[y1:y2, x1:x2] = True
    boxes = torch.tensor(windows, dtype=torch.float32)
    return Instances(boxes=boxes, labels=torch.tensor(labels), masks=Masks.from_dense(dense), **other)


@pytest.mark.parametrize("turned", [False, True])
def test_the_smaller_object_lies_on_the_larger_whatever_their_order(turned: bool) -> None:
    both = rows((0, 0, 6, 6), (4, 1, 8, 3), labels=[0, 1])
    semantic = paint(both[[1, 0]] if turned else both, SIZE, 2)
    assert semantic[0].tolist() == [0] * 6 + [2] * 2
    assert semantic[1].tolist() == [0] * 4 + [1] * 4
    assert (semantic == 1).sum() == 8


def test_crowds_are_ignored_below_all_objects() -> None:
    crowd = torch.tensor([True, False])
    semantic = paint(rows((0, 0, 3, 2), (1, 0, 6, 6), labels=[0, 1], crowd=crowd), SIZE, 2)
    assert semantic[0].tolist() == [255] + [1] * 5 + [2] * 2
    anything = paint(rows((0, 0, 3, 2), labels=[-1], crowd=crowd[:1]), SIZE, 2)
    assert (anything == 255).sum() == 6


def test_of_an_object_without_a_mask_nobody_knows_the_pixels() -> None:
    both = rows((0, 0, 0, 0), (2, 2, 4, 4), labels=[0, 1], masked=torch.tensor([False, True]))
    both.boxes[0] = torch.tensor([0.5, 0.5, 3.5, 3.0])
    semantic = paint(both, SIZE, 2)
    assert semantic[:4, :5].tolist() == [[255] * 4 + [2], [255] * 4 + [2], [255, 255, 1, 1, 2], [2, 2, 1, 1, 2]]


def test_a_picture_without_objects_is_background() -> None:
    assert paint(Instances(), SIZE, 3).eq(3).all()


def coco(root: Path, **changed: Any) -> Path:
    content = coco_content()
    content["annotations"] = [one for one in content["annotations"] if "segmentation" in one]
    return write_coco(root, content | changed)


def test_coco_gets_classes_of_pixels_where_they_are_needed(tmp_path: Path) -> None:
    data = open_data(coco(tmp_path))
    assert with_pixels(data, {"instances.boxes"}) is data
    painted = with_pixels(data, {"semantic"})
    assert painted.fields == data.fields | {"semantic"}
    assert painted.vocabularies["semantic"] == ("ant", "bee", "cat", "background")
    truth = painted.truth(0)
    assert torch.equal(truth.semantic, painted[0].truth.semantic)
    assert truth.semantic.shape == (40, 60)
    assert truth.semantic[6:10, 5:15].eq(1).all()
    assert truth.semantic[0, 0] == 255  # a crowd of ants covers the rest
    assert set(truth.semantic.unique().tolist()) == {1, 2, 255}
    assert painted.truth(2).semantic.eq(3).all()
    assert with_pixels(painted, {"semantic"}) is painted
    assert with_pixels(Subset(data, [1]), {"semantic"}).truth(0).semantic.eq(3).all()


class Few:
    """One picture whose objects were sought of the first of two classes alone."""

    joints, classes = None, ("ant", "background")
    vocabularies = Vocabularies.of(classes)
    fields = frozenset({"instances.masks", "instances.labels", "instances.boxes", "sought"})

    def __len__(self) -> int:
        return 1

    def truth(self, index: int) -> Annotation:
        return Annotation(instances=rows((0, 0, 2, 2), labels=[0]), sought=torch.tensor([True, False]))


def test_where_classes_were_not_sought_nothing_is_background() -> None:
    painted = Painted(Few())
    assert painted.vocabularies["semantic"] == ("ant", "background")
    assert set(painted.truth(0).semantic.unique().tolist()) == {0, 255}


def test_more_classes_than_pixels_can_tell_are_refused(tmp_path: Path) -> None:
    categories = coco_content()["categories"] + [{"id": 100 + n, "name": f"kind {n}"} for n in range(252)]
    data = open_data(coco(tmp_path, categories=categories))
    with pytest.raises(ConfigError, match="at most 254 classes"):
        with_pixels(data, {"semantic"})
    assert json.loads((tmp_path / "annotations/instances_train.json").read_text())["categories"]
