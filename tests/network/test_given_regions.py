"""Regions that a search outside the network proposes: their way from sample or picture to the heads."""

from dataclasses import replace

import pytest
import torch

from helpers import TinyDataset, picture, tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.mixing import quarters, regions_of_all
from saccade.data.augment.rng import generator_for
from saccade.data.augment.visibility import visible_boxes
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import Preprocessor
from saccade.training.feed.input_pipeline import Augmenting

BOXES = torch.tensor([[1.0, 2, 5, 6], [0, 0, 12, 10]])


def searched(image):
    """One region: the picture's left half."""
    return torch.tensor([[0.0, 0, image.shape[-1] / 2, image.shape[-2]]])


def test_they_move_with_the_picture_as_boxes_do():
    frame = Frame(mirror(12), (10, 12), (10, 12)).then(torch.diag(torch.tensor([2.0, 3, 1]).double()), (30, 24))
    moved = frame.boxes(BOXES)
    assert moved.tolist() == [[14, 6, 22, 18], [0, 0, 24, 30]]
    torch.testing.assert_close(moved, frame.apply(Annotation(instances=Instances(boxes=BOXES))).instances.boxes)
    torch.testing.assert_close(frame.inverse().boxes(moved), BOXES)


def test_a_region_that_left_the_picture_is_gone_and_others_are_cut():
    regions = torch.tensor([[-5.0, 0, 4, 4], [20, 0, 30, 4], [3, 3, 3.5, 9]])
    assert visible_boxes(regions, (8, 16)).tolist() == [[0, 0, 4, 4]]


def test_mixed_pictures_have_the_regions_of_all_where_all_have_some():
    one = torch.tensor([[0.0, 0, 2, 2]])
    beside = regions_of_all([one] * 4, quarters((4, 4), (8, 8)))
    assert beside.tolist() == [[0, 0, 2, 2], [4, 0, 6, 2], [0, 4, 2, 6], [4, 4, 6, 6]]
    assert regions_of_all([one, BOXES]).tolist() == [*one.tolist(), *BOXES.tolist()]
    assert regions_of_all([one, None]) is None


class Proposed(TinyDataset):
    """Squares of one size, each with a mask and a region that is its box."""

    has_regions = True
    fields = frozenset({"instances.boxes", "instances.masks", "instances.labels"})

    def __getitem__(self, index):
        image = torch.full((3, 20, 20), 40, dtype=torch.uint8)
        box, mask = torch.tensor([[4.0 + index, 4, 12 + index, 12]]), torch.zeros(1, 20, 20, dtype=torch.bool)
        image[:, 4:12, 4 + index : 12 + index], mask[0, 4:12, 4 + index : 12 + index] = 200, True
        rows = Instances(boxes=box, labels=torch.tensor([1]), masks=Masks.from_dense(mask))
        return Sample(image, Annotation(instances=rows), self.id(index), box)


@pytest.mark.parametrize(
    "change",
    [
        {"flip": 1.0},
        {"rotate": 20.0},
        {"crop_area": (0.3, 0.9)},
        {"mosaic": 1.0},
        {"mixup": 1.0},
        {"elastic": (1.0, 8.0)},
    ],
)
def test_a_changed_picture_s_regions_lie_where_its_objects_do(change):
    data = Proposed()
    augment = Augment(Augmentation(**change), InputSpec("stretch", (32, 32)), data)
    for index in range(len(data)):
        made = augment(data[index], generator_for(0, 0, index))
        boxes = made.truth.instances.boxes
        # Of a tilted object the tight box is annotated; its region is the hull of the moved one, and holds it.
        common = torch.minimum(boxes[:, None, 2:], made.regions[:, 2:]) - torch.maximum(
            boxes[:, None, :2], made.regions[:, :2]
        )
        held = common.clamp(min=0).prod(-1) / (boxes[:, 2:] - boxes[:, :2]).prod(1, keepdim=True)
        assert bool((held > 0.9).any(1).all())
        assert bool((made.regions >= 0).all())
        assert bool((made.regions <= 32).all())


def test_a_pasted_picture_keeps_the_regions_of_what_lies_below():
    data = Proposed()
    augment = Augment(Augmentation(paste=1.0), InputSpec("stretch", (20, 20)), data)
    for index in range(len(data)):
        assert torch.equal(augment(data[index], generator_for(0, 0, index)).regions, data[index].regions)


@pytest.mark.parametrize("augmentation", [None, Augmentation(flip=1.0)])
def test_a_loader_s_batch_has_the_regions_of_its_samples(augmentation):
    data, spec = Proposed(), InputSpec("stretch", (20, 40))
    prepare = None if augmentation is None else Augmenting(augmentation, spec)
    (batch, *_) = Loader(data, spec, LoaderSettings(batch=3), prepare).epoch(0)
    for regions, truth in zip(batch.regions, batch.truth, strict=True):
        assert torch.equal(regions, truth.instances.boxes)


def test_a_batch_has_regions_where_every_picture_has_some():
    spec, images = InputSpec("stretch", (20, 24)), [torch.zeros(3, 10, 12)] * 2
    batch = spec.batch(images, regions=[BOXES, BOXES[:0]])
    assert [boxes.tolist() for boxes in batch.regions] == [(BOXES * 2).tolist(), []]
    frames = [spec.frame((10, 12))] * 2
    assert spec.assemble(images, frames, regions=[BOXES, None]).regions is None
    assert spec.batch(images).regions is None


def test_a_system_with_a_search_seeks_what_is_not_given():
    system = tiny_system()
    system.search = searched
    image = torch.zeros(3, 10, 12, dtype=torch.uint8)
    batch = system.batch([image])
    assert batch.regions[0].tolist() == [[0, 0, 8, 16]]
    assert system.maps(batch).regions.boxes.tolist() == [[[0, 0, 8, 16]]]
    given = system.batch([image], regions=[BOXES[1:]])
    assert given.regions[0].tolist() == [[0, 0, 16, 16]]
    maps = system.maps(
        replace(
            batch, images=batch.images.repeat(2, 1, 1, 1), sizes=batch.sizes.repeat(2, 1), regions=(BOXES[:1], BOXES)
        )
    )
    assert torch.equal(maps.pick([1]).regions.each()[0], BOXES)


def test_prediction_seeks_in_each_picture_s_own_pixels():
    system, seen = tiny_system(), []
    system.search = lambda image: (seen.append((image.dtype, tuple(image.shape))), searched(image))[1]
    Predictor(system)([picture(0), picture(1)])
    assert sorted(seen, key=str) == [(torch.uint8, (3, 10, 12)), (torch.uint8, (3, 11, 13))]  # threads seek at once
    taken = Preprocessor(system.input, system.search).take(0, picture(0))
    torch.testing.assert_close(taken.regions_of(0), torch.tensor([[0.0, 0, 8, 16]]))


@pytest.mark.parametrize("silent", [("rpn",), ("rpn/box", "rpn/class")])
def test_a_stage_may_leave_out_a_head_or_single_terms(silent):
    from saccade.training.step.train_state import is_silent

    assert is_silent("rpn/box", silent)
    assert not is_silent("box/class", silent)
