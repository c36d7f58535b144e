"""Regions that a search outside the network proposes: their way from picture or truth to the heads."""

from dataclasses import replace

import pytest
import torch

from helpers import picture, tiny_system
from saccade.core.affine import mirror
from saccade.core.annotation import Annotation, Instances
from saccade.core.frame import Frame
from saccade.core.input_spec import InputSpec
from saccade.data.mixing import mixup, mosaic, quarters
from saccade.data.visible import keep_visible
from saccade.runtime.incoming import Intake
from saccade.runtime.predictor import Predictor

BOXES = torch.tensor([[1.0, 2, 5, 6], [0, 0, 12, 10]])


def searched(image):
    """One region: the picture's left half."""
    return torch.tensor([[0.0, 0, image.shape[-1] / 2, image.shape[-2]]])


def test_they_move_with_the_picture_as_boxes_do():
    frame = Frame(mirror(12), (10, 12), (10, 12)).then(torch.diag(torch.tensor([2.0, 3, 1]).double()), (30, 24))
    moved = frame.apply(Annotation(instances=Instances(boxes=BOXES), regions=BOXES))
    assert moved.regions.tolist() == [[14, 6, 22, 18], [0, 0, 24, 30]]
    torch.testing.assert_close(moved.regions, moved.instances.boxes)
    torch.testing.assert_close(frame.inverse().apply(moved).regions, BOXES)


def test_a_region_that_left_the_picture_is_gone_and_others_are_cut():
    regions = torch.tensor([[-5.0, 0, 4, 4], [20, 0, 30, 4], [3, 3, 3.5, 9]])
    assert keep_visible(Annotation(regions=regions), (8, 16)).regions.tolist() == [[0, 0, 4, 4]]


def test_mixed_pictures_have_the_regions_of_all_where_all_have_some():
    images, places = [torch.zeros(3, 4, 4)] * 4, quarters((4, 4), (8, 8))
    shown = [Annotation(regions=torch.tensor([[0.0, 0, 2, 2]]))] * 4
    _, truth = mosaic(images, shown, places, (8, 8), 1)
    assert truth.regions.tolist() == [[0, 0, 2, 2], [4, 0, 6, 2], [0, 4, 2, 6], [4, 4, 6, 6]]
    _, truth = mixup((images[0], images[1]), (shown[0], Annotation()), 0.5, 1)
    assert truth.regions is None


def test_a_batch_takes_them_from_the_truth_where_every_picture_has_some():
    spec, images = InputSpec("stretch", (20, 24)), [torch.zeros(3, 10, 12)] * 2
    batch = spec.batch(images, [Annotation(regions=BOXES), Annotation(regions=BOXES[:0])])
    assert [boxes.tolist() for boxes in batch.regions] == [(BOXES * 2).tolist(), []]
    assert spec.batch(images, [Annotation(regions=BOXES), Annotation()]).regions is None
    assert spec.batch(images).regions is None


def test_a_system_with_a_search_seeks_what_the_truth_does_not_bring():
    system = tiny_system()
    system.search = searched
    image = torch.zeros(3, 10, 12, dtype=torch.uint8)
    batch = system.batch([image])
    assert batch.regions[0].tolist() == [[0, 0, 8, 16]]
    assert system.maps(batch).regions is batch.regions
    given = system.batch([image], [Annotation(regions=BOXES[1:])])
    assert given.regions[0].tolist() == [[0, 0, 16, 16]]
    maps = system.maps(
        replace(
            batch, images=batch.images.repeat(2, 1, 1, 1), sizes=batch.sizes.repeat(2, 1), regions=(BOXES[:1], BOXES)
        )
    )
    assert maps.pick([1]).regions[0] is BOXES


def test_prediction_seeks_in_each_picture_s_own_pixels():
    system, seen = tiny_system(), []
    system.search = lambda image: (seen.append((image.dtype, tuple(image.shape))), searched(image))[1]
    Predictor(system)([picture(0), picture(1)])
    assert seen == [(torch.uint8, (3, 10, 12)), (torch.uint8, (3, 11, 13))]
    taken = Intake(system.input, system.search).take(0, picture(0))
    torch.testing.assert_close(taken.regions_of(0), torch.tensor([[0.0, 0, 8, 16]]))


@pytest.mark.parametrize("silent", [("rpn",), ("rpn/box", "rpn/class")])
def test_a_stage_may_leave_out_a_head_or_single_terms(silent):
    from saccade.training.session import is_silent

    assert is_silent("rpn/box", silent)
    assert not is_silent("box/class", silent)
