"""Regions to ignore, whatever is in them: from a class of the data, from COCO's marks, through all that follows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from made import coco_content, write_coco
from saccade.command_line.arguments.values import convert as read_value
from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.data.augment.crop import draw_window
from saccade.data.augment.rng import RandomDraws, generator_for
from saccade.data.augment.visibility import keep_visible
from saccade.data.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.picture import classes_of
from saccade.data.formats.coco.reader import open_coco
from saccade.data.formats.common.store import states_of
from saccade.data.open import open_data
from saccade.training.settings import TrainSettings
from saccade.view.drawing.draw import draw
from written import boxed, listing, painted

BOX, WIDE = (2.0, 3.0, 12.0, 9.0), (0.0, 10.0, 30.0, 20.0)


def mask(x1: int, y1: int, x2: int, y2: int) -> torch.Tensor:
    found = torch.zeros(20, 30, dtype=torch.bool)
    found[y1:y2, x1:x2] = True
    return found


def ignoring(**columns: torch.Tensor) -> Annotation:
    """An object of class 1, and a region below it."""
    crowd = torch.tensor([False, True])
    return replace(boxed(BOX, WIDE, labels=(1, ANY_CLASS), crowd=crowd, **columns), label=torch.tensor(1))


def test_a_class_without_a_name_becomes_regions_to_ignore() -> None:
    pixels = torch.full((20, 30), 2).index_fill_(0, torch.arange(10, 20), 0)
    drawn = painted(mask(0, 10, 30, 20), mask(2, 3, 12, 9), labels=(0, 1))
    states = torch.tensor([1, 1, 0])
    truth = replace(drawn, semantic=pixels, labels=states, label=torch.tensor(0))
    names = ("DontCare", "car", "bus")
    data = rename_classes(listing(truth, classes=names, semantic_classes=names), {"DontCare": ""})
    assert tuple(data.classes) == ("car", "bus")
    found = data[0].truth
    rows = found.instances
    assert (rows.labels.tolist(), rows.crowd.tolist()) == ([ANY_CLASS, 0], [True, False])
    assert rows.is_ignored.tolist() == [True, False]
    assert torch.equal(rows.masks.dense(), drawn.instances.masks.dense())
    assert int(found.label) == 0  # The largest object that is left.
    assert found.labels.tolist() == [1, -1]  # There may be a bus in the region.
    assert found.semantic.unique().tolist() == [1, 255]
    assert (found.semantic[10:] == 255).all()
    assert (classes_of(data, 0), "instances.crowd" in data.fields, found.sought) == ({0}, True, None)
    assert class_subset(data, ["car"]).truth(0).instances.labels.tolist() == [ANY_CLASS, 0]


def test_regions_of_one_joined_set_stay_beside_another() -> None:
    first = listing(boxed(BOX, WIDE, labels=(0, 1)), classes=("car", "DontCare"))
    data = rename_classes(ConcatDataset([first, listing(boxed(BOX), classes=("dog",))]), {"DontCare": ""})
    assert tuple(data.classes) == ("car", "dog")
    assert data.truth(0).instances.labels.tolist() == [0, ANY_CLASS]
    assert data.truth(0).sought.tolist() == [True, False]


def test_some_class_keeps_its_name() -> None:
    with pytest.raises(ConfigError, match="keeps a name"):
        rename_classes(listing(boxed(BOX), classes=("car",)), {"car": ""})
    with pytest.raises(ConfigError, match="found van"):
        rename_classes(listing(boxed(BOX), classes=("car",)), {"van": ""})


def test_the_command_line_takes_an_empty_name() -> None:
    kind = dict[str, str] | None
    assert read_value(kind, "DontCare=,van=car") == {"DontCare": "", "van": "car"}
    assert TrainSettings(rename={"DontCare": ""}).rename == {"DontCare": ""}
    for wrong in ("DontCare", "=car"):
        with pytest.raises(UsageError, match="OLD=NEW"):
            read_value(kind, wrong)


def test_coco_s_two_marks_are_crowds_of_their_class(tmp_path: Path) -> None:
    content = coco_content()
    content["annotations"][0]["ignore"] = 1
    content["annotations"][1]["ignore"] = 0
    rows = open_coco(write_coco(tmp_path / "a", content), "train").truth(0).instances
    assert rows.crowd.tolist() == [True, False, True]
    assert (rows.labels >= 0).all()
    content["annotations"][0] |= {"iscrowd": 1, "ignore": "yes"}
    with pytest.raises(DataError, match="expected 0 or 1"):
        open_coco(write_coco(tmp_path / "b", content), "train")


def test_no_class_is_absent_where_a_region_is_ignored() -> None:
    def states(labels: list[int], unsure: list[bool]) -> list[int]:
        return states_of(np.array(labels, np.int64), np.array(unsure, np.bool_), 3).tolist()

    assert states([0, 1], [False, True]) == [1, -1, 0]
    assert states([0, ANY_CLASS], [False, True]) == [1, -1, -1]
    assert states([], []) == [0, 0, 0]


def test_a_sliver_of_a_region_is_still_ignored_and_no_crop_is_drawn_for_it() -> None:
    moved = Annotation(instances=Instances(torch.tensor([[-95.0, 0, 5, 10]] * 2), torch.tensor([1, ANY_CLASS])))
    moved = replace(moved, instances=replace(moved.instances, crowd=torch.tensor([False, True])))
    assert keep_visible(moved, (10, 20), centred=True).instances.labels.tolist() == [ANY_CLASS]
    augmentation = Augmentation(crop_area=(0.1, 0.2), crop_keeps="object")
    for seed in range(20):
        x1, y1, x2, y2 = draw_window(augmentation, (20, 30), ignoring(), RandomDraws(generator_for(seed, 0, 0)))
        assert x1 <= 7 < x2
        assert y1 <= 6 < y2


def test_coco_keeps_a_region_as_a_crowd_of_every_class(tmp_path: Path) -> None:
    written = convert(
        listing(ignoring(masks=painted(mask(2, 3, 12, 9), mask(0, 10, 30, 20)).instances.masks)),
        tmp_path / "out",
        "coco",
    )
    rows = open_data(tmp_path / "out").truth(0).instances
    assert not written.lost.counts
    assert (rows.labels.tolist(), rows.crowd.tolist()) == ([1, 0, 1, 2], [False, True, True, True])
    assert rows.boxes[1:].tolist() == [list(WIDE)] * 3


@pytest.mark.parametrize("form", ["voc", "yolo"])
def test_other_formats_leave_regions_out_if_they_may(tmp_path: Path, form: str) -> None:
    with pytest.raises(DataError, match="ignored: 1 regions to ignore"):
        convert(listing(ignoring()), tmp_path / "out", form)
    convert(listing(ignoring()), tmp_path / "out", form, allow=["ignored"])
    rows = open_data(tmp_path / "out").truth(0).instances
    assert rows.boxes.tolist() == [list(BOX)]


def test_masks_ignore_the_region_s_pixels(tmp_path: Path) -> None:
    masks = painted(mask(2, 3, 12, 9), mask(0, 10, 30, 20)).instances.masks
    convert(listing(ignoring(masks=masks)), tmp_path / "out", "masks", allow=["objects"])
    found = open_data(tmp_path / "out").truth(0).semantic
    assert (found[10:] == 255).all()
    assert (found[3:9, 2:12] == 1).all()
    assert (found[:10] == 255).sum() == 0


def test_a_check_takes_regions_for_what_they_are() -> None:
    checked = check_data(listing(ignoring()), quick=True)
    assert not checked.defects
    assert (checked.counts["train"].ignored, checked.counts["train"].crowds) == (1, 0)
    assert checked.counts["train"].instances["Ähre"] == 0
    assert any("1 region to ignore" in note for note in checked.notes)
    wrong = check_data(listing(boxed(BOX, labels=(-1,))), quick=True)
    assert [defect.found for defect in wrong.defects] == ["the label -1"]


def test_a_region_is_drawn_grey() -> None:
    picture = np.asarray(draw(torch.zeros(3, 400, 600, dtype=torch.uint8), Annotation(instances=Instances(
        torch.tensor([[100.0, 150, 300, 350]]), torch.tensor([ANY_CLASS]), crowd=torch.tensor([True])
    )), ("cat", "dog")))  # fmt: skip
    red, green, blue = picture[349, 200].tolist()
    assert red == green == blue > 0
