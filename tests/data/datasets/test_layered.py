"""Masks of several classes a pixel, made of one class a pixel or of objects that overlap."""

from pathlib import Path

import torch

from made import coco_content, write_coco
from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.layered import Layered, layers_of_objects
from saccade.data.datasets.classes.painted import with_pixels
from saccade.data.open import open_data

SIZE = (6, 8)


def test_objects_of_a_class_are_one_mask_and_classes_overlap(tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"] = [one for one in content["annotations"] if "segmentation" in one]
    data = open_data(write_coco(tmp_path, content))
    layered = with_pixels(data, {"semantic_masks"})
    assert isinstance(layered, Layered)
    assert layered.fields == data.fields | {"semantic_masks"}
    assert layered.vocabularies["semantic"] == ("ant", "bee", "cat")
    truth = layered.truth(0)
    assert truth.semantic_masks.areas().tolist() == [2400, 40, 10]  # a crowd of ants is of the ants
    assert torch.equal(truth.semantic_masks.dense(), layered[0].truth.semantic_masks.dense())
    assert truth.semantic_masks_unknown is None
    assert layered.truth(2).semantic_masks.areas().tolist() == [0, 0, 0]
    assert "objects" in layered.note
    assert with_pixels(layered, {"semantic_masks"}) is layered


def test_regions_to_ignore_and_objects_without_a_mask_are_unknown() -> None:
    dense = torch.zeros(3, *SIZE, dtype=torch.bool)
    dense[0, 0:3, 0:4] = True
    dense[1, 4:6, 0:2] = True
    rows = Instances(
        boxes=torch.tensor([[0.0, 0, 4, 3], [0, 4, 2, 6], [5.5, 0.5, 7, 2]]),
        labels=torch.tensor([1, -1, 0]),
        masks=Masks.from_dense(dense),
        masked=torch.tensor([True, True, False]),
        crowd=torch.tensor([False, True, False]),
    )
    layers, unknown = layers_of_objects(rows, SIZE, 2)
    expected = dense[1].clone()
    expected[0:2, 5:7] = True
    assert torch.equal(layers.dense(), torch.stack([torch.zeros_like(dense[0]), dense[0]]))
    assert torch.equal(unknown, expected)


class Maps:
    """One picture of one class a pixel."""

    joints, classes = None, ("background", "cell", "edge")
    vocabularies = Vocabularies({"semantic": classes})
    fields = frozenset({"semantic", "semantic_sought"})

    def __len__(self) -> int:
        return 1

    def truth(self, index: int) -> Annotation:
        semantic = torch.tensor([[0, 0, 1, 255], [0, 1, 1, 2]])
        return Annotation(semantic=semantic, semantic_sought=torch.tensor([True, True, False]))

    def classes_of(self, index: int) -> frozenset[int]:
        return frozenset({0, 1, 2})


def test_one_class_a_pixel_is_parted_without_background() -> None:
    layered = with_pixels(Maps(), {"semantic_masks"})
    assert (layered.classes, layered.fields) == (("cell", "edge"), {"semantic_masks", "semantic_sought"})
    assert layered.classes_of(0) == {0, 1}
    truth = layered.truth(0)
    assert truth.semantic is None
    assert truth.semantic_masks.dense().long().tolist() == [[[0, 0, 1, 0], [0, 1, 1, 0]], [[0, 0, 0, 0], [0, 0, 0, 1]]]
    assert truth.semantic_masks_unknown.nonzero().tolist() == [[0, 3]]
    assert truth.semantic_sought.tolist() == [True, False]
