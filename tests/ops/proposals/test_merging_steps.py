"""Steps of selective search: as many regions as asked for, each step coarser, boxes of the search."""

import itertools

import numpy as np
import pytest
import torch

from saccade.explain.search_steps import search_sheet
from saccade.ops.proposals.merging_steps import merging_steps
from saccade.ops.proposals.selective_search import SelectiveSearch


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    """Four patches of noise about four greys, of 40 × 60 pixels."""
    noise = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0)) * 0.1
    noise[:, :20, 30:] += 0.3
    noise[:, 20:, :30] += 0.6
    noise[:, 20:, 30:] += 0.85
    return noise


def test_as_many_regions_are_left_as_asked_for(picture):
    first, four, two, one = merging_steps(picture, SelectiveSearch(), (10_000, 4, 2, 1))
    assert [len(step.boxes) for step in (four, two, one)] == [4, 2, 1]
    assert len(first.boxes) >= 4
    assert one.boxes.tolist() == [[0, 0, 60, 40]]
    # The four patches, however the first regions divide them.
    corners = {four.labels[y, x] for y, x in ((5, 5), (5, 55), (35, 5), (35, 55))}
    assert len(corners) == 4


def test_a_region_of_a_later_step_is_a_union_of_those_before(picture):
    steps = merging_steps(picture, SelectiveSearch(), (10_000, 4, 3, 2, 1))
    for fine, coarse in itertools.pairwise(steps):
        pairs = np.unique(np.stack([fine.labels.ravel(), coarse.labels.ravel()]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1]  # each fine region lies in one coarse one


def test_boxes_of_steps_are_among_those_of_the_search(picture):
    search = SelectiveSearch(side=0.0)
    found = {tuple(box) for box in search(picture).tolist()}
    for step in merging_steps(picture, search, (6, 4, 2)):
        assert {tuple(box) for box in step.boxes.tolist()} <= found


def test_the_sheet_has_a_column_a_step(picture):
    page = search_sheet(picture, (4, 2))
    # Two columns and two rows of tiles of 60 × 40, ten pixels between, a line of text each.
    assert page.size == (2 * 70 + 10, 2 * (40 + 22 + 10) + 10)
    colours = page.crop((10, 10, 70, 50)).getcolors() or []
    assert len(colours) == 5  # four means and the lines between
