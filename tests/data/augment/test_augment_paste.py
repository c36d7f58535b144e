"""Objects laid on another picture: pixels, boxes, masks and all else that lies below, by hand."""

from dataclasses import replace

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.data.augment.augment import Augment
from saccade.data.augment.paste import can_paste, paste
from saccade.data.augment.rng import generator_for
from saccade.data.datasets.projection import unread
from saccade.data.scenes import Scenes

SIZE = (10, 12)


def shown(boxes: list[list[float]], labels: list[int]) -> Annotation:
    """Rectangles, with joints at their upper left pixels."""
    dense = torch.zeros(len(boxes), *SIZE, dtype=torch.bool)
    semantic = torch.zeros(SIZE, dtype=torch.int64)
    for row, (x1, y1, x2, y2) in enumerate(torch.tensor(boxes).long().view(-1, 4).tolist()):
        dense[row, y1:y2, x1:x2] = True
        semantic[dense[row]] = labels[row] + 1
    rows = torch.tensor(boxes).view(-1, 4)
    return Annotation(
        instances=Instances(
            boxes=rows,
            labels=torch.tensor(labels, dtype=torch.int64),
            masks=Masks.from_dense(dense),
            keypoints=(rows[:, None, :2] + 0.5),
            visible=torch.full((len(boxes), 1), 2),
            area=(rows[:, 2:] - rows[:, :2]).prod(1),
        ),
        semantic=semantic,
        contours=torch.full((2, *SIZE), float(len(boxes))),
    )


BELOW = shown([[0, 0, 4, 4], [6, 6, 10, 10], [8.0, 0, 12, 2]], [0, 1, 2])
ABOVE = shown([[2, 0, 6, 4], [6, 6, 10, 10], [0, 8.0, 2, 10]], [3, 4, 5])


def test_what_is_covered_shrinks_or_goes() -> None:
    chosen = torch.tensor([True, True, False])
    image, truth = paste((torch.zeros(3, *SIZE), torch.ones(3, *SIZE)), (BELOW, ABOVE), chosen)
    rows = truth.get("instances")
    assert rows.labels.tolist() == [0, 2, 3, 4]
    assert rows.boxes.tolist() == [[0, 0, 2, 4], [8, 0, 12, 2], [2, 0, 6, 4], [6, 6, 10, 10]]
    assert rows.area.tolist() == [8, 8, 16, 16]
    assert rows.masks.areas().tolist() == [8, 8, 16, 16]
    over = torch.zeros(SIZE, dtype=torch.bool)
    over[0:4, 2:6] = over[6:10, 6:10] = True
    assert torch.equal(image, over.float().expand(3, -1, -1))
    assert torch.equal(truth.get("semantic"), torch.where(over, ABOVE.get("semantic"), BELOW.get("semantic")))
    assert len(truth.get("contours")) == 2


def test_covered_joints_are_hidden() -> None:
    above = shown([[0, 0, 2, 2.0]], [3])
    _, truth = paste((torch.zeros(3, *SIZE), torch.ones(3, *SIZE)), (BELOW, above), torch.tensor([True]))
    assert truth.get("instances").visible.flatten().tolist() == [1, 2, 2, 2]


def test_nothing_chosen_is_nothing_changed() -> None:
    images = (torch.rand(3, *SIZE), torch.rand(3, *SIZE))
    image, truth = paste(images, (BELOW, ABOVE), torch.zeros(3, dtype=torch.bool))
    assert torch.equal(image, images[0])
    assert torch.equal(truth.get("instances").boxes, BELOW.get("instances").boxes)
    assert torch.equal(truth.get("semantic"), BELOW.get("semantic"))


def test_an_empty_picture_gets_objects_and_gives_none() -> None:
    empty = shown([], [])
    assert can_paste(empty, ABOVE)
    assert not can_paste(ABOVE, empty)
    _, truth = paste((torch.zeros(3, *SIZE), torch.ones(3, *SIZE)), (empty, ABOVE), torch.ones(3, dtype=torch.bool))
    assert truth.get("instances").labels.tolist() == [3, 4, 5]


def test_without_masks_nothing_is_cut_out() -> None:
    rows = ABOVE.get("instances")
    assert not can_paste(BELOW, replace(ABOVE, instances=replace(rows, masks=None)))


def test_pictures_of_a_data_set_get_each_other_s_objects() -> None:
    data, spec = Scenes(count=6, size=48, seed=1), InputSpec.stretch(48)
    augment = Augment(Augmentation(paste=1.0), spec, data)
    more = 0
    for index in range(6):
        drawn = augment(data[index], generator_for(0, 0, index))
        rows = drawn.truth.get("instances")
        more += len(rows) - len(data.truth(index).get("instances"))
        dense = rows.masks.dense()
        # No pixel is two objects' but where the first picture's own objects were so.
        assert len(rows) == len(rows.boxes) == len(dense)
        torch.testing.assert_close(rows.masks.boxes(), rows.boxes, atol=3.0, rtol=0)
    assert more > 3


def test_masks_are_read_where_objects_are_cut_out_and_others_are_needed() -> None:
    assert "instances.masks" in unread(frozenset(), Augmentation())
    assert "instances.masks" not in unread(frozenset(), Augmentation(paste=0.5))
    with pytest.raises(UsageError, match="paste"):
        Augment(Augmentation(paste=0.5), InputSpec.stretch(32))
