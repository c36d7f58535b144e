"""Pictures of which some objects have a mask, or joints, and others a box alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from made import coco_content, write_coco
from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.data.augment.mixing import mixup, rows_of_all
from saccade.data.augment.paste import paste
from saccade.data.augment.visibility import keep_visible
from saccade.data.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.datasets.projection import without
from saccade.data.formats.coco.reader import open_coco
from saccade.data.open import open_data
from saccade.view.drawing.draw import draw
from written import boxed, differences, listing, painted

SIZE = (20, 30)


def partly(masked: tuple[bool, ...] = (True, False)) -> Annotation:
    """Two objects side by side; those without a mask have an empty one."""
    boxes = torch.tensor([[2.0, 3, 12, 9], [15, 3, 25, 13]])
    dense = torch.zeros(2, *SIZE, dtype=torch.bool)
    dense[0, 3:9, 2:12] = masked[0]
    dense[1, 3:13, 15:25] = masked[1]
    rows = Instances(boxes, torch.tensor([0, 1]), masks=Masks.from_dense(dense), masked=torch.tensor(masked))
    return Annotation(label=torch.tensor(1), instances=rows)


def test_a_store_keeps_the_masks_that_there_are(tmp_path: Path) -> None:
    content = coco_content()
    del content["annotations"][1]["segmentation"]
    data = open_coco(write_coco(tmp_path, content), "train")
    rows = data.truth(0).instances
    assert rows.masked.tolist() == [True, False, True]
    assert rows.masks.areas().tolist() == [40, 0, 2400]
    assert rows.has_mask.tolist() == [True, False, True]
    assert data.truth(1).instances.masks is None  # None of its objects has one,
    assert len(data.truth(2).instances.masks) == 0  # and here nothing is.
    assert "instances.masked" in data.fields
    (note,) = [note for note in check_data(data, quick=True).notes if "without a mask" in note]
    assert note == "train: 2 objects without a mask, beside others that have one"
    whole = open_coco(write_coco(tmp_path / "whole"), "train")
    assert whole.truth(0).instances.masked is None


def test_columns_of_marks_are_filled_where_rows_meet() -> None:
    whole, half = painted(torch.ones(SIZE, dtype=torch.bool)).instances, partly().instances
    both = Instances.cat([whole, half])
    assert both.has_mask.tolist() == [True, True, False]
    assert both[1:].masked.tolist() == [True, False]
    bare = boxed((1.0, 1, 3, 3)).instances
    assert Instances.cat([bare, half]).masked is None  # A column that one part lacks goes, and its marks with it.
    assert bare.has_mask.tolist() == [False]
    rows = rows_of_all([bare, half, whole])
    assert rows.has_mask.tolist() == [False, True, False, True]
    assert rows.masks.areas().tolist() == [0, 60, 0, 600]


def test_joints_stay_beside_rows_without() -> None:
    points = torch.ones(1, 3, 2)
    jointed = boxed((1.0, 1, 3, 3), keypoints=points).instances
    rows = rows_of_all([boxed((5.0, 5, 9, 9)).instances, jointed])
    assert rows.visible.tolist() == [[0, 0, 0], [2, 2, 2]]
    assert torch.equal(rows.keypoints[1:], points)


def test_a_row_without_a_mask_is_seen_by_its_box() -> None:
    truth = keep_visible(partly(), SIZE, tighten=True)
    assert truth.instances.boxes.tolist() == [[2, 3, 12, 9], [15, 3, 25, 13]]
    gone = replace(partly().instances, masked=torch.tensor([True, True]))
    assert keep_visible(Annotation(instances=gone), SIZE).instances.labels.tolist() == [0]
    assert without(partly(), frozenset({"instances.masks"})).instances.columns().keys() == {"boxes", "labels"}


def test_what_is_pasted_has_a_mask_and_what_it_covers_need_not() -> None:
    over = partly((False, True))
    image = torch.zeros(3, *SIZE)
    _, truth = paste((image, image + 1), (partly(), over), torch.tensor([True, True]))
    # The box on the right is covered whole, and the one on the left cannot be cut out.
    assert truth.instances.labels.tolist() == [0, 1]
    assert truth.instances.has_mask.tolist() == [True, True]
    shifted = replace(over.instances, boxes=over.instances.boxes + 5, masks=_shifted(over.instances.masks, 5))
    _, truth = paste((image, image + 1), (partly(), Annotation(instances=shifted)), torch.tensor([True, True]))
    assert truth.instances.labels.tolist() == [0, 1, 1]
    assert truth.instances.has_mask.tolist() == [True, False, True]
    assert truth.instances.boxes[1].tolist() == [15, 3, 25, 13]


def _shifted(masks: Masks, pixels: int) -> Masks:
    return Masks.from_dense(masks.dense().roll((pixels, pixels), (1, 2)))


def test_pictures_with_and_without_masks_are_blended() -> None:
    images = (torch.zeros(3, *SIZE), torch.ones(3, *SIZE))
    _, truth = mixup(images, (boxed((1.0, 1, 3, 3)), painted(torch.ones(SIZE, dtype=torch.bool))), 0.5, 3)
    assert truth.instances.has_mask.tolist() == [False, True]


@pytest.mark.parametrize("form", ["coco", "voc", "yolo"])
def test_formats_of_objects_keep_the_masks_that_there_are(tmp_path: Path, form: str) -> None:
    data = listing(partly())
    data.truths[0] = replace(
        data.truths[0], instances=replace(data.truths[0].instances, area=torch.tensor([60.0, 100]))
    )
    written = convert(data, tmp_path / "out", form)
    after = open_data(tmp_path / "out")
    assert not written.lost.counts
    assert after.truth(0).instances.masked.tolist() == [True, False]
    assert not differences(data, after, 1e-4)


def test_nothing_is_painted_for_a_row_without_a_mask() -> None:
    grey = torch.full((3, 400, 600), 100, dtype=torch.uint8)
    rows = Instances(masks=Masks.empty((400, 600), 2), masked=torch.tensor([False, False]), labels=torch.tensor([0, 1]))
    assert (np.asarray(draw(grey, Annotation(instances=rows), ("cat", "dog"))) == 100).all()
