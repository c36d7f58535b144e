"""Boxes after every augmentation: inside the picture, on their objects, with all that is said of them."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.core.sample import Framed, Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.mixing import rows_of_all
from saccade.data.augment.rng import generator_for
from saccade.data.datasets.augmented import AugmentedDataset

CLASSES = 12
SSD = {"crop_area": (0.09, 1.0), "crop_aspect": (0.5, 2.0), "crop_overlap": (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)}
KINDS: dict[str, dict[str, Any]] = {
    "mosaic": {"mosaic": 1.0},
    "mosaic of crops": {"mosaic": 1.0, "expand": 3.0, **SSD},
    "mixup": {"mixup": 1.0},
    "paste": {"paste": 1.0},
    "expand": {"expand": 4.0},
    "ssd": {"expand": 4.0, "flip": 0.5, **SSD},
    "zoom": {"zoom": (0.5, 2.0)},
    "jitter": {"scale": (0.8, 1.2), "translate": 0.2, "flip": 0.5},
    "turn": {"rotate": 45.0, "shear": 20.0},
}


# A colour of its own for each class, far from all others and from the dark that fills around.
COLOURS = torch.cartesian_prod(*(torch.tensor(v) for v in ([80, 160, 240], [40, 240], [40, 240])))


class Blocks:
    """Pictures of four blocks a class each; in two of the four corners one is a crowd, and one is difficult."""

    classes = tuple(f"class {label}" for label in range(CLASSES))
    fields = frozenset({"instances.boxes", "instances.labels", "instances.masks"})
    joints = None

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Sample:
        height, width = ((48, 64), (64, 48), (56, 56))[index]
        image = torch.zeros(3, height, width, dtype=torch.uint8)
        masks = torch.zeros(4, height, width, dtype=torch.bool)
        boxes: list[list[float]] = []
        for corner in range(4):
            x, y = 4 + (width // 2) * (corner % 2), 3 + (height // 2) * (corner // 2)
            wide, high = 10 + 2 * index, 8 + 3 * corner
            boxes.append([x, y, x + wide, y + high])
            masks[corner, y : y + high, x : x + wide] = True
            image[:, y : y + high, x : x + wide] = COLOURS[4 * index + corner, :, None, None]
        rows = Instances(
            boxes=torch.tensor(boxes),
            labels=torch.arange(4) + 4 * index,
            masks=Masks.from_dense(masks),
            area=masks.flatten(1).sum(1).float(),
            crowd=torch.arange(4) == 1,
            difficult=torch.arange(4) == 2,
        )
        return Sample(image, Annotation(instances=rows), f"{index}")

    def truth(self, index: int) -> Annotation:
        return self[index].truth

    def id(self, index: int) -> str:
        return str(index)


def drawn(kind: str, index: int, epoch: int, spec: InputSpec) -> Framed:
    augment = Augment(Augmentation(**KINDS[kind]), spec, Blocks())
    return augment(Blocks()[index], generator_for(5, epoch, index))


def interior(mask: Tensor) -> Tensor:
    """What is left of a mask two pixels from its edge: pixels at an edge are blended with what lies around."""
    return F.max_pool2d((~mask)[None].float(), 5, 1, 2)[0] == 0


def check_rows(made: Framed, kind: str) -> None:
    height, width = made.image.shape[-2:]
    rows = made.truth.get("instances")
    boxes = rows.boxes
    assert boxes.isfinite().all()
    assert (boxes >= 0).all()
    assert (boxes <= torch.tensor([width, height, width, height])).all()
    assert (boxes[:, 2:] - boxes[:, :2] >= 1).all()
    assert set(rows.columns()) == {"boxes", "labels", "masks", "area", "crowd", "difficult"}
    assert {len(column) for column in rows.columns().values()} == {len(rows)}
    # What is said of an object stays with it: of each four, the second is a crowd, the third difficult.
    assert torch.equal(rows.crowd, rows.labels % 4 == 1)
    assert torch.equal(rows.difficult, rows.labels % 4 == 2)
    assert (rows.masks.areas() > 0).all()
    tight = rows.masks.boxes()
    assert (tight[:, :2] >= boxes[:, :2] - 1).all()
    assert (tight[:, 2:] <= boxes[:, 2:] + 1).all()
    if kind != "mixup":
        for label, mask in zip(rows.labels.tolist(), rows.masks.dense(), strict=True):
            inside = interior(mask)
            if inside.any():
                shown = made.image[:, inside].median(1).values
                assert int((shown - COLOURS).abs().sum(1).argmin()) == label


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_stay_inside_and_on_their_objects(kind: str):
    size = InputSpec() if kind == "zoom" else InputSpec.stretch(72)
    for epoch in range(9):
        check_rows(drawn(kind, epoch % 3, epoch, replace(size, mean=(0.1, 0.1, 0.1))), kind)


@pytest.mark.parametrize("kind", ["mosaic", "expand", "jitter", "mixup"])
def test_nothing_that_is_whole_gets_lost(kind: str):
    """Of an object that is whole after the map of its picture the row is there; mosaic and mixup add others'."""
    for epoch in range(12):
        made = drawn(kind, 0, epoch, InputSpec.stretch(72))
        moved = made.frame.apply(Blocks().truth(0)).get("instances")
        height, width = made.image.shape[-2:]
        far = [0.5 * width, 0.5 * height] if kind == "mosaic" else [width, height]  # its part of the canvas, at least
        whole = (moved.boxes[:, :2] >= 0).all(1) & (moved.boxes[:, 2:] <= torch.tensor(far) * 0.6).all(1)
        labels = made.truth.get("instances").labels.tolist()
        assert set(moved.labels[whole].tolist()) <= set(labels)


def test_a_picture_without_marks_beside_one_with_marks():
    one = Instances(boxes=torch.zeros(2, 4), crowd=torch.tensor([True, False]))
    other = Instances(boxes=torch.ones(1, 4), difficult=torch.tensor([True]))
    rows = rows_of_all([one, other, Instances(boxes=torch.zeros(0, 4))])
    assert rows.crowd is not None
    assert rows.difficult is not None
    assert rows.crowd.tolist() == [True, False, False]
    assert rows.difficult.tolist() == [False, False, True]
    assert rows_of_all([replace(one, crowd=None)] * 2).crowd is None


def test_a_changed_data_set_shows_what_a_training_sees():
    spec, augmentation = InputSpec.stretch(32), Augmentation(mosaic=0.5, flip=0.5)
    seen = AugmentedDataset(Blocks(), augmentation, spec, seed=4)
    made = Augment(augmentation, spec, Blocks())(Blocks()[1], generator_for(4, 0, 1))
    assert torch.equal(seen[1].image, made.image)
    assert torch.equal(seen.truth(1).get("instances").boxes, made.truth.get("instances").boxes)
    assert (seen[1].id, len(seen), seen.classes) == ("1", 3, Blocks.classes)
    assert not torch.equal(seen[1].image, replace(seen, seed=5)[1].image)
