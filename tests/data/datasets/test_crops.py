"""Objects as pictures: the pixels of their boxes, by hand, and what is left out."""

from dataclasses import replace

import pytest
import torch

from helpers import TinyDataset
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.data.datasets.crops import ObjectCrops
from saccade.data.open import open_data


class Boxed:
    """One picture of 20 × 30 whose pixels tell their place, with four objects; and one without any."""

    classes = ("a", "b", "c")
    fields = frozenset({"instances.boxes", "instances.labels"})
    joints = None

    def __len__(self) -> int:
        return 2

    def id(self, index: int) -> str:
        return ("with.png", "without.png")[index]

    def __getitem__(self, index: int) -> Sample:
        rows, columns = torch.meshgrid(torch.arange(20), torch.arange(30), indexing="ij")
        image = torch.stack([rows, columns, rows * 0]).to(torch.uint8)
        return Sample(image, self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        if index:
            return Annotation(instances=Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64)))
        boxes = torch.tensor([[2.5, 3.0, 12.0, 14.5], [20, 5, 30, 20], [1, 1, 4, 4], [0, 0, 30, 20]])
        flags = torch.tensor([False, False, False, True])
        hard = torch.tensor([False, True, False, False])
        labels = torch.tensor([2, 0, 1, 1])
        return Annotation(instances=Instances(boxes=boxes, labels=labels, crowd=flags, difficult=hard))


def test_a_crop_is_all_pixels_that_the_box_touches() -> None:
    """Columns 2 … 11 and rows 3 … 14: the small box, the crowd and the difficult object are left out."""
    crops = ObjectCrops(Boxed())
    assert len(crops) == 1
    sample = crops[0]
    assert sample.image.shape == (3, 12, 10) == (3, *crops.size(0))
    assert sample.image[0, :, 0].tolist() == list(range(3, 15))
    assert sample.image[1, 0].tolist() == list(range(2, 12))
    assert (int(sample.truth.label), sample.id) == (2, "with.png#0")
    assert crops.classes_of(0) == {2}
    assert crops.fields == {"label"}


def test_difficult_and_small_ones_on_demand() -> None:
    crops = ObjectCrops(Boxed(), smallest=1, difficult=True)
    assert [crops.id(index) for index in range(len(crops))] == ["with.png#0", "with.png#1", "with.png#2"]
    assert [int(crops.truth(index).label) for index in range(3)] == [2, 0, 1]


def test_a_margin_reaches_as_far_as_the_picture() -> None:
    crops = ObjectCrops(Boxed(), margin=0.5, difficult=True)
    # 2.5 - 4.75 and 12 + 4.75 across, 3 - 5.75 and 14.5 + 5.75 down; the second box is at the border already.
    assert [crops.size(index) for index in range(2)] == [(20, 17), (20, 15)]


def test_data_without_objects_is_refused() -> None:
    class Labels(TinyDataset):
        fields = frozenset({"label"})

    with pytest.raises(ConfigError, match=r"instances\.boxes and instances\.labels, found label"):
        ObjectCrops(Labels(3))
    with pytest.raises(ConfigError, match="found none"):
        ObjectCrops(TinyDataset(3), smallest=50)
    with pytest.raises(ConfigError, match="margin"):
        ObjectCrops(TinyDataset(3), margin=-1)


def test_the_order_of_reading_changes_nothing() -> None:
    crops = ObjectCrops(open_data("scenes:count=6,size=64", "train"))
    forward = [crops[index] for index in range(len(crops))]
    for index in reversed(range(len(crops))):
        again = crops[index]
        assert torch.equal(again.image, forward[index].image)
        assert replace(again, image=0).id == forward[index].id


@pytest.mark.real_data
def test_blood_cells(data_root) -> None:
    crops = ObjectCrops(open_data(data_root / "bccd", "val"))
    counts = torch.bincount(torch.tensor([int(crops.truth(index).label) for index in range(len(crops))]))
    assert dict(zip(crops.classes, counts.tolist(), strict=True)).keys() == {"Platelets", "RBC", "WBC"}
    assert crops[len(crops) - 1].image.shape[0] == 3
