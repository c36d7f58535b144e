"""Masks of classes are written as they are read; other data give the masks that a network of several classes learns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saccade import cli
from saccade.core.annotation import ANY_CLASS, Annotation
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.convert.convert import convert
from saccade.data.convert.losses import KINDS
from saccade.data.open import open_data, splits
from written import CLASSES, Listing, differences, listing, painted

SIZE = (20, 30)


def square(x1: int, y1: int, x2: int, y2: int) -> torch.Tensor:
    found = torch.zeros(SIZE, dtype=torch.bool)
    found[y1:y2, x1:x2] = True
    return found


NOTHING, ORGAN, TUMOUR = square(0, 0, 0, 0), square(2, 2, 20, 15), square(5, 5, 9, 9)
NAMES = ("organ", "tumour", "vessel")


def layered(*masks: torch.Tensor, **more: torch.Tensor) -> Annotation:
    return Annotation(semantic_masks=Masks.from_dense(torch.stack(masks)), **more)


def several(*truths: Annotation) -> Listing:
    return listing(*truths, semantic_classes=NAMES, classes=NAMES)


def test_masks_of_classes_come_back_to_the_pixel(tmp_path: Path) -> None:
    """Overlaps, black masks, classes that were not looked for, and a class that is nowhere; twice, so of files too."""
    sought = torch.tensor([True, False, False])
    data = several(layered(ORGAN, TUMOUR, NOTHING), layered(ORGAN, NOTHING, NOTHING, semantic_sought=sought))
    convert(data, tmp_path / "one", "class_masks")
    convert(tmp_path / "one", tmp_path / "two", "class_masks")
    for folder in ("one", "two"):
        read = open_data(tmp_path / folder)
        assert (splits(tmp_path / folder), read.classes) == (["train"], NAMES)
        assert not differences(data, read)
        assert read.truth(0).semantic_sought is None
        assert read.truth(1).semantic_sought.tolist() == sought.tolist()
    assert not (tmp_path / "one/train/masks/tumour/1.png").exists()
    with Image.open(tmp_path / "one/train/masks/organ/1.png") as file:
        assert np.unique(np.asarray(file)).tolist() == [0, 255]


def test_one_class_a_pixel_becomes_masks_and_comes_back(tmp_path: Path) -> None:
    data = listing(Annotation(semantic=torch.arange(600).reshape(SIZE) % 4))
    convert(data, tmp_path / "several", "class_masks")
    read = open_data(tmp_path / "several")
    assert (read.fields, tuple(read.classes)) == ({"semantic_masks"}, CLASSES)
    assert not differences(data, read)
    convert(tmp_path / "several", tmp_path / "masks", "masks")
    assert open_data(tmp_path / "masks").truth(0).semantic.equal(data.truth(0).semantic)


def test_objects_of_a_class_are_joined(tmp_path: Path) -> None:
    data = listing(painted(ORGAN, TUMOUR, square(22, 3, 28, 9), labels=(0, 1, 1)))
    with pytest.raises(DataError, match="objects: 3 "):
        convert(data, tmp_path / "out", "class_masks")
    convert(data, tmp_path / "out", "class_masks", allow=["objects"])
    found = open_data(tmp_path / "out").truth(0).semantic_masks.dense()
    assert found.equal(torch.stack([ORGAN, TUMOUR | square(22, 3, 28, 9), NOTHING]))


def test_what_has_no_mask_is_told(tmp_path: Path) -> None:
    """A region to ignore is unknown; a picture of which no class was looked for is left out."""
    rows = painted(ORGAN, TUMOUR, labels=(0, ANY_CLASS)).instances
    ignored = Annotation(instances=replace(rows, crowd=torch.tensor([False, True])))
    with pytest.raises(DataError, match="unknown: 1 pictures with pixels of which nothing is known"):
        convert(listing(ignored), tmp_path / "a", "class_masks", allow=["objects"])
    nowhere = layered(ORGAN, TUMOUR, NOTHING, semantic_sought=torch.zeros(3, dtype=torch.bool))
    with pytest.raises(DataError, match="pictures: 1 "):
        convert(several(nowhere, layered(ORGAN, TUMOUR, NOTHING)), tmp_path / "a", "class_masks")
    written = convert(several(nowhere, layered(ORGAN, TUMOUR, NOTHING)), tmp_path / "a", "class_masks", allow=KINDS)
    assert written.pictures == {"train": 1}


def test_masks_of_classes_are_painted_where_they_do_not_cover_each_other(tmp_path: Path) -> None:
    apart, unsure = square(22, 3, 28, 9), square(0, 0, 2, 2)
    known = layered(ORGAN, apart, NOTHING, semantic_masks_unknown=unsure)
    half = layered(ORGAN, NOTHING, NOTHING, semantic_sought=torch.tensor([True, False, True]))
    with pytest.raises(DataError, match="sought: 1 "):
        convert(several(known, half), tmp_path / "out", "masks")
    convert(several(known, half), tmp_path / "out", "masks", allow=["sought"])
    read = open_data(tmp_path / "out")
    assert tuple(read.classes) == (*NAMES, "background")
    whole, partly = read.truth(0).semantic, read.truth(1).semantic
    assert [int((whole == label).sum()) for label in (0, 1, 2, 3, 255)] == [234, 36, 0, 600 - 234 - 36 - 4, 4]
    assert [int((partly == label).sum()) for label in (0, 3, 255)] == [234, 0, 600 - 234]


@pytest.mark.parametrize("form", ["coco", "voc", "yolo", "folder"])
def test_forms_without_a_place_for_them_refuse_by_name(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(several(layered(ORGAN, TUMOUR, NOTHING)), tmp_path / "data", "class_masks")
    assert cli.main(["data", "convert", str(tmp_path / "data"), str(tmp_path / "out"), "--to", form]) == 1
    told = capsys.readouterr().err
    assert "semantic_masks: 1 masks of classes of pixels, of which a pixel may have several" in told
    assert not (tmp_path / "out").exists()


def test_names_of_classes_that_no_folder_can_have(tmp_path: Path) -> None:
    for names in (("a/b", "c", "d"), ("a", "A", "b"), (".a", "b", "c")):
        data = listing(layered(ORGAN, TUMOUR, NOTHING), semantic_classes=names, classes=names)
        with pytest.raises(DataError, match="names of classes"):
            convert(data, tmp_path / "out", "class_masks", allow=KINDS)
