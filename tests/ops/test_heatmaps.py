"""Heat maps of joints: what is drawn, and where their peaks are."""

import math

import pytest
import torch

from saccade.ops.heatmaps import PAPER, RELEASED, Bump, gaussian_maps, peaks

SIZE = (12, 9)


def drawn(x: float, y: float, deviation: float, reach: float) -> torch.Tensor:
    """One map, cell by cell."""
    found = torch.zeros(SIZE)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            across, down = column + 0.5 - x, row + 0.5 - y
            if max(abs(across), abs(down)) <= reach:
                found[row, column] = math.exp(-(across**2 + down**2) / (2 * deviation**2))
    return found


@pytest.mark.parametrize("place", [(4.2, 6.7), (0.1, 0.9), (8.9, 11.2), (-1.5, 3.0), (20.0, 3.0)])
def test_the_released_bump_covers_seven_cells_about_the_joint_s_own_also_where_the_border_cuts_it(place):
    x, y = place
    middle = math.floor(x) + 0.5, math.floor(y) + 0.5
    found = gaussian_maps(torch.tensor([place]), SIZE, RELEASED)[0]
    torch.testing.assert_close(found, drawn(*middle, 1.75, 3))
    inside = 0 <= x < SIZE[1] and 0 <= y < SIZE[0]
    assert (float(found.max()) == 1.0) == inside


def test_the_released_bump_in_numbers():
    """7 × 7 cells of Torch's gaussian of a relative deviation of a quarter: exp(-9 / 6.125) three cells aside."""
    found = gaussian_maps(torch.tensor([[4.5, 5.5]]), SIZE)[0]
    assert found[5, 4] == 1
    assert float(found[5, 7]) == pytest.approx(math.exp(-9 / 6.125))
    assert float(found[5, 8]) == 0
    assert int((found > 0).sum()) == 49


def test_the_paper_s_bump_stands_on_the_joint_itself():
    found = gaussian_maps(torch.tensor([[4.2, 6.7]]), SIZE, PAPER)[0]
    torch.testing.assert_close(found, drawn(4.2, 6.7, 1.0, math.inf))


@pytest.mark.parametrize(("bump", "bound"), [(RELEASED, 0.5), (PAPER, 0.25), (Bump(2.0, snaps=False), 0.25)])
def test_a_perfect_map_leads_back_to_its_joint(bump, bound):
    draw = torch.Generator().manual_seed(1)
    sides = torch.tensor([SIZE[1], SIZE[0]])
    joints = 1 + torch.rand(3, 200, 2, generator=draw) * (sides - 2)
    found, heights = peaks(gaussian_maps(joints, SIZE, bump))
    assert float((found - joints).abs().max()) <= bound + 1e-5
    assert bool((heights > 0.7).all())


def test_a_peak_moves_by_a_quarter_towards_the_higher_neighbour_along_each_axis():
    maps = torch.zeros(1, 5, 5)
    maps[0, 2, 2], maps[0, 2, 3], maps[0, 1, 2] = 1.0, 0.5, 0.2
    assert peaks(maps)[0].tolist() == [[2.75, 2.25]]
    maps[0, 2, 1] = 0.5  # equal neighbours
    assert peaks(maps)[0].tolist() == [[2.5, 2.25]]


@pytest.mark.parametrize("cell", [(0, 2), (4, 2), (2, 0), (2, 4)])
def test_a_peak_on_the_border_stays_in_its_cell_along_both_axes(cell):
    maps = torch.rand(1, 5, 5, generator=torch.Generator().manual_seed(2)) * 0.5
    maps[0, cell[0], cell[1]] = 1.0
    assert peaks(maps)[0].tolist() == [[cell[1] + 0.5, cell[0] + 0.5]]


def test_an_empty_map_s_peak_is_its_first_cell_and_maps_of_two_cells_have_one():
    places, heights = peaks(torch.zeros(1, 5, 5))
    assert (places.tolist(), heights.tolist()) == ([[0.5, 0.5]], [0.0])
    assert peaks(torch.tensor([[[0.1, 0.9], [0.3, 0.2]]]))[0].tolist() == [[1.5, 0.5]]
