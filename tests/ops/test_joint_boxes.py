"""Joints as seen from boxes: normalised and back, how large a person is, and squares cut out."""

import torch
from torch import Tensor

from saccade.ops.joint_boxes import cut_squares, diameters, normalised, placed

SIZES = torch.tensor([[100, 200]])
# left and right shoulder, left and right hip
PLACES = torch.tensor([[[60.0, 20.0], [30.0, 20.0], [57.0, 60.0], [33.0, 60.0]]])
DIAGONALS = ((0, 3), (1, 2))


def known(*rows: int) -> Tensor:
    return torch.tensor([[row in rows for row in range(4)]])


def test_normalised_places_lead_back() -> None:
    """N(y; b) of the paper, section 3.1, by hand."""
    found = normalised(PLACES, torch.tensor([50.0, 40.0]), torch.tensor([100.0, 50.0]))
    torch.testing.assert_close(found[0, 0], torch.tensor([0.1, -0.4]))
    torch.testing.assert_close(placed(found, torch.tensor([50.0, 40.0]), torch.tensor([100.0, 50.0])), PLACES)


def test_a_person_is_as_large_as_a_shoulder_is_from_the_opposite_hip() -> None:
    across = (27.0**2 + 40.0**2) ** 0.5
    for rows in ((0, 1, 2, 3), (1, 2)):  # the other diagonal, where one is not known
        torch.testing.assert_close(diameters(PLACES, known(*rows), DIAGONALS, SIZES), torch.tensor([across]))


def test_without_these_half_the_diagonal_of_the_box_around_the_joints_stands_for_it() -> None:
    torch.testing.assert_close(diameters(PLACES, known(0, 1, 2, 3), (), SIZES), torch.tensor([25.0]))
    torch.testing.assert_close(diameters(PLACES, known(0, 2), DIAGONALS, SIZES), torch.tensor([1609.0**0.5 / 2]))


def test_a_person_folded_to_a_point_or_without_joints_has_a_twentieth_of_the_longer_side() -> None:
    for rows in ((0,), ()):
        assert diameters(PLACES, known(*rows), DIAGONALS, SIZES).tolist() == [10.0]


def test_squares_of_whole_pixels_are_the_picture_s_own_and_0_beyond_it() -> None:
    pictures = torch.rand(2, 3, 8, 10, generator=torch.Generator().manual_seed(1)) + 1
    centres, sides = torch.tensor([[[5.0, 4.0], [0.0, 8.0]]] * 2), torch.full((2, 2), 4.0)
    found = cut_squares(pictures, centres, sides, 4)
    assert found.shape == (2, 2, 3, 4, 4)
    torch.testing.assert_close(found[:, 0], pictures[:, :, 2:6, 3:7])
    torch.testing.assert_close(found[:, 1, :, :2, 2:], pictures[:, :, 6:, :2])
    assert not found[:, 1, :, 2:].any()
    assert not found[:, 1, :, :, :2].any()


def test_a_larger_square_is_seen_smaller() -> None:
    ramp = torch.arange(16.0).expand(1, 1, 16, 16) + 0.5  # each pixel's value is where its centre is
    found = cut_squares(ramp, torch.tensor([[[8.0, 8.0]]]), torch.tensor([[8.0]]), 4)
    torch.testing.assert_close(found[0, 0, 0, 0], torch.tensor([5.0, 7.0, 9.0, 11.0]))
