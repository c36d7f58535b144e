"""Selective search: likeness by hand, regions of drawn pictures found, the same boxes each time; and plain windows."""

import numpy as np
import pytest
import torch

from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.proposals.region_grouping import Grouping, Likeness, boxes_of, neighbours_of
from saccade.ops.proposals.region_histograms import colour_bins, histograms, in_space, texture_bins
from saccade.ops.proposals.selective_search import MODES, SelectiveSearch
from saccade.ops.proposals.window_search import WindowSearch

# Three regions of a picture of 2 x 6 pixels: 4, 4 and 4 pixels in a row.
LABELS = np.array([[0, 0, 1, 1, 2, 2]] * 2)
COLOUR = np.array([[1.0, 0], [0.5, 0.5], [0, 1]])
TEXTURE = np.array([[0.2, 0.8], [0.2, 0.8], [1, 0]])


def alike(**counts):
    chosen = {"colour": False, "texture": False, "size": False, "fill": False, **counts}
    return Grouping(LABELS, COLOUR, TEXTURE, Likeness(**chosen)).alike(0, np.array([1, 2])).tolist()


def test_likeness_by_hand():
    assert alike(colour=True) == pytest.approx([0.5, 0])
    assert alike(texture=True) == pytest.approx([1, 0.2])
    assert alike(size=True) == pytest.approx([1 - 8 / 12] * 2)
    # The box around the first two is full; that around the first and the last holds the 4 pixels between them.
    assert alike(fill=True) == pytest.approx([1, 1 - 4 / 12])
    assert alike(colour=True, texture=True, size=True, fill=True) == pytest.approx([0.5 + 1 + 1 / 3 + 1, 1.2])


def test_the_most_alike_neighbours_merge_first_and_histograms_by_their_sizes():
    grouping = Grouping(LABELS, COLOUR, TEXTURE, Likeness(False, True, False, False))
    boxes = grouping.run()
    assert boxes.tolist() == [[0, 0, 2, 2], [2, 0, 4, 2], [4, 0, 6, 2], [0, 0, 4, 2], [0, 0, 6, 2]]
    assert grouping.colour[3].tolist() == [0.75, 0.25]
    np.testing.assert_allclose(grouping.texture[4], TEXTURE.mean(0))
    assert grouping.sizes[3:].tolist() == [8, 12]


def test_boxes_and_neighbours_of_regions():
    labels = np.array([[0, 0, 1], [2, 0, 1], [2, 2, 1]])
    assert boxes_of(labels, 3).tolist() == [[0, 0, 2, 2], [2, 0, 3, 3], [0, 1, 2, 3]]
    assert neighbours_of(labels, 3) == [{1, 2}, {0, 2}, {0, 1}]


def test_regions_that_do_not_touch_stay_apart():
    one = Grouping(np.zeros((2, 2), np.int64), COLOUR[:1], TEXTURE[:1], Likeness(True, True, True, True))
    assert one.run().tolist() == [[0, 0, 2, 2]]


def test_histograms_add_up_to_one_region_by_region():
    picture = np.random.default_rng(0).random((8, 9, 3))
    labels = np.repeat(np.arange(3), 3)[None].repeat(8, 0)
    colour = histograms(labels, colour_bins(in_space(picture, "lab")), 25)
    texture = histograms(labels, texture_bins(in_space(picture, "hsv")), 10)
    assert (colour.shape, texture.shape) == ((3, 75), (3, 240))
    np.testing.assert_allclose([*colour.sum(1), *texture.sum(1)], 1)


@pytest.mark.parametrize(("space", "channels"), [("hsv", 3), ("lab", 3), ("rgi", 3), ("hue", 1), ("intensity", 1)])
def test_colour_spaces_lie_between_0_and_1(space, channels):
    corners = np.array([[[r, g, b] for r in (0.0, 1) for g in (0.0, 1)] for b in (0.0, 1)])
    found = in_space(corners, space)
    assert found.shape == (2, 4, channels)
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_paper_s_numbers_of_strategies():
    ways = {name: len(mode.spaces) * len(mode.likenesses) * len(mode.scales) for name, mode in MODES.items()}
    assert ways == {"fast": 8, "quality": 80}


def drawn():
    """Noise with a red square, and a green one beside a blue one."""
    image = torch.rand(3, 96, 120, generator=torch.Generator().manual_seed(1)) * 0.1 + 0.4
    for channel, (x1, y1, x2, y2) in enumerate(SQUARES):
        image[:, y1:y2, x1:x2] = 0.1
        image[channel, y1:y2, x1:x2] = 0.9
    return (image * 255).to(torch.uint8)


SQUARES = [(10, 10, 42, 40), (60, 30, 84, 70), (84, 30, 110, 70)]


@pytest.fixture(scope="module")
def found():
    return SelectiveSearch()(drawn())


def test_squares_and_pairs_of_squares_are_found(found):
    wanted = torch.tensor([*SQUARES, (60, 30, 110, 70)]).float()
    assert (iou_matrix(found, wanted).amax(0) > 0.8).all()


def test_no_box_stands_twice_leaves_the_picture_or_is_too_small(found):
    assert len(torch.unique(found, dim=0)) == len(found)
    assert found.min() >= 0
    assert (found[:, 2:] <= torch.tensor([120, 96])).all()
    assert ((found[:, 2:] - found[:, :2]) >= 0.04 * 120).all()


def test_the_same_picture_gives_the_same_boxes_and_a_count_the_first_of_them(found):
    assert torch.equal(SelectiveSearch(count=7)(drawn()), found[:7])
    assert not torch.equal(SelectiveSearch(count=7, seed=1)(drawn()), found[:7])


def test_a_wide_picture_is_searched_at_500_pixels_and_boxes_grow_back():
    small = drawn()
    wide = small.repeat_interleave(2, 1).repeat_interleave(2, 2)
    boxes = SelectiveSearch(width=120)(wide)
    wanted = torch.tensor(SQUARES).float() * 2
    assert (iou_matrix(boxes, wanted).amax(0) > 0.8).all()
    assert float(boxes[:, 2].max()) > 120


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 9, 5), (4, 12, 12)])
def test_small_grey_and_many_channelled_pictures_are_searched(shape):
    boxes = SelectiveSearch()(torch.zeros(shape))
    assert boxes.tolist() == [[0, 0, shape[2], shape[1]]]


def test_windows_cover_a_picture_without_looking():
    boxes = WindowSearch()(torch.zeros(3, 60, 100))
    assert len(torch.unique(boxes, dim=0)) == len(boxes) > 300
    squares = torch.tensor([[x, y, x + 24.0, y + 24] for x in (0, 30, 76) for y in (0, 17, 36)])
    assert (iou_matrix(boxes, squares).amax(0) > 0.4).all()
    assert torch.equal(WindowSearch(count=5)(torch.zeros(3, 60, 100)), boxes[:5])
