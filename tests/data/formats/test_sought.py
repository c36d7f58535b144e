"""Which classes were looked for: through joining, renaming, subsets, mixed pictures, loaders, checks, conversions."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.batch import Batch
from saccade.core.errors import DataError
from saccade.core.frame import Frame
from saccade.core.input.input_spec import InputSpec
from saccade.data.augment.augment import Augment
from saccade.data.augment.mixing import mixup, mosaic
from saccade.data.augment.paste import paste
from saccade.data.augment.rng import generator_for
from saccade.data.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.subset import Subset
from saccade.data.loading import ipc as carry
from written import Listing, boxed, listing

BOX = (2.0, 3.0, 12.0, 9.0)


def shows(label: int, *classes: str) -> Listing:
    """One picture of one object; every class was looked for."""
    states = torch.tensor([int(place == label) for place in range(len(classes))])
    return listing(replace(boxed(BOX, labels=(label,)), labels=states), classes=classes)


def marked(*marks: bool) -> Annotation:
    return replace(boxed(BOX), sought=torch.tensor(marks))


def plain(marks: Tensor | None) -> list[bool] | None:
    return None if marks is None else marks.tolist()


def test_each_of_two_joined_sets_looked_for_its_own_classes() -> None:
    data = ConcatDataset([shows(1, "car", "bus"), shows(0, "bus", "dog")])
    assert tuple(data.classes) == ("car", "bus", "dog")
    assert [plain(data.truth(place).sought) for place in (0, 1)] == [[True, True, False], [False, True, True]]
    assert [data.truth(place).labels.tolist() for place in (0, 1)] == [[0, 1, -1], [-1, 1, 0]]
    assert "sought" in data.fields
    assert ConcatDataset([shows(0, "car"), shows(0, "car")]).truth(1).sought is None
    assert "sought" not in ConcatDataset([shows(0, "car"), shows(0, "car")]).fields


def test_pixels_have_marks_of_their_own() -> None:
    pixels = Annotation(semantic=torch.zeros(20, 30, dtype=torch.int64))
    first = listing(pixels, classes=(), semantic_classes=("road", "sky"))
    second = listing(pixels, classes=(), semantic_classes=("sky",))
    data = ConcatDataset([first, second])
    assert plain(data.truth(0).semantic_sought) is None
    assert plain(data.truth(1).semantic_sought) == [False, True]
    assert (data.truth(1).semantic == 1).all()


def test_a_merged_class_was_sought_where_all_of_it_was() -> None:
    marks = replace(boxed(BOX, labels=(2,)), sought=torch.tensor([True, False, True]))
    data = listing(marks, classes=("car", "bus", "dog"))
    assert plain(rename_classes(data, {"bus": "vehicle", "car": "vehicle"}).truth(0).sought) == [False, True]
    assert rename_classes(data, {"bus": "b"}).truth(0).sought.tolist() == [True, False, True]
    assert class_subset(data, ["dog"]).truth(0).sought is None
    assert Subset(data, [0])[0].truth.sought is marks.sought


def test_sets_that_call_one_class_by_two_names_each_looked_for_it() -> None:
    joined = ConcatDataset([shows(0, "car", "cat"), shows(1, "dog", "auto")])
    data = rename_classes(joined, {"auto": "car"})
    assert tuple(data.classes) == ("car", "cat", "dog")
    assert [plain(data.truth(place).sought) for place in (0, 1)] == [[True, True, False], [True, False, True]]
    assert [data.truth(place).instances.labels.tolist() for place in (0, 1)] == [[0], [0]]
    assert data.id(1) == joined.id(1)


def test_mixed_pictures_looked_for_what_all_did() -> None:
    parts = [marked(True, True, False), marked(True, False, True), boxed(BOX)]
    images = [torch.zeros(3, 20, 30)] * 3
    places = [(0, 0, 30, 20), (30, 0, 60, 20), (60, 0, 90, 20)]
    assert mosaic(images, parts, places, (20, 90), 3)[1].sought.tolist() == [True, False, False]
    both = mixup((images[0], images[1]), (parts[0], parts[2]), 0.5, 3)[1]
    assert both.sought.tolist() == [True, True, False]
    assert mixup((images[0], images[1]), (parts[2], parts[2]), 0.5, 3)[1].sought is None
    chosen = torch.zeros(1, dtype=torch.bool)
    assert paste((images[0], images[1]), (parts[0], parts[1]), chosen)[1].sought.tolist() == [True, False, False]


def test_marks_stay_where_pictures_are_moved_and_cut() -> None:
    data = listing(marked(True, False, True), size=(40, 40))
    made = Augment(Augmentation(flip=1, rotate=20, crop_area=(0.3, 0.6)), InputSpec.stretch(32), data)
    assert made(data[0], generator_for(0, 0, 0)).truth.sought.tolist() == [True, False, True]
    frame = Frame.identity((40, 40)).then(torch.eye(3, dtype=torch.float64) * 2, (80, 80))
    assert frame.undo(frame.apply(data.truth(0))).sought.tolist() == [True, False, True]


def test_marks_cross_between_processes_and_through_trees() -> None:
    truth = marked(True, False, True)
    batch = Batch(torch.zeros(1, 3, 8, 8), torch.tensor([[8, 8]]), (Frame.identity((8, 8)),), (truth,))
    found = carry.unpack(pickle.loads(pickle.dumps(carry.pack_bytes(carry.LoadedBatch(batch)))))
    assert found.batch.to("cpu").truth[0].sought.tolist() == [True, False, True]
    assert tree_map_only(Tensor, lambda tensor: ~tensor, Annotation(sought=truth.sought)).sought.tolist() == [
        False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["coco", "voc", "yolo"])
@pytest.mark.parametrize("truth", [lambda: marked(True, False, True), lambda: marked(True, True, True)])
def test_no_format_says_what_was_looked_for(tmp_path: Path, form: str, truth: Callable[[], Annotation]) -> None:
    data, loses = listing(truth()), not truth().sought.all()
    if loses:
        with pytest.raises(DataError, match="sought: 1 "):
            convert(data, tmp_path / "out", form)
    assert convert(data, tmp_path / "out", form, allow=["sought"]).lost.counts == ({"sought": 1} if loses else {})


def test_a_check_tells_what_was_not_looked_for_and_marks_that_do_not_fit() -> None:
    data = listing(marked(True, False, False), marked(True, False, True))
    checked = check_data(data, quick=True)
    (note,) = [note for note in checked.notes if "looked for" in note]
    assert not checked.defects
    assert note.endswith(
        "not looked for, and so neither present nor absent: dog & co (in 2 pictures), Ähre (in 1 picture)"
    )
    (defect,) = check_data(listing(boxed(BOX), marked(True, False)), quick=True).defects
    assert (defect.path, defect.found) == ("1", "sought of shape (2,) and type bool")
