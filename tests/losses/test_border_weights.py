"""U-Net's weights of gaps against the formula, by instances and by regions."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.losses.border_weights import BorderWeights

CELLS = ((8, 10, 30, 25), (10, 30, 28, 45), (40, 12, 58, 40))  # y1, x1, y2, x2


def dense() -> Tensor:
    masks = torch.zeros(len(CELLS), 64, 60, dtype=torch.bool)
    for mask, (y1, x1, y2, x2) in zip(masks, CELLS, strict=True):
        mask[y1:y2, x1:x2] = True
    return masks


def truth() -> Annotation:
    """Three cells; their map of classes says cell and no cell."""
    masks = dense()
    rows = Instances(masks=Masks.from_dense(masks))
    return Annotation(instances=rows, semantic=masks.any(0).long())


def by_formula(masks: Tensor) -> Tensor:
    """Every pixel against every pixel of every object."""
    grid = torch.stack(torch.meshgrid(torch.arange(64), torch.arange(60), indexing="ij"), -1).float()
    far = torch.stack([torch.cdist(grid.view(-1, 2), mask.nonzero().float()).amin(1) for mask in masks])
    near = far.sort(0).values
    weights = 10 * torch.exp(-((near[0] + near[1]) ** 2) / 50)
    return weights.view(64, 60) * ~masks.any(0)


def test_gaps_weigh_by_their_distances_to_two_objects() -> None:
    expected = by_formula(dense())
    found = BorderWeights(background=0)(truth())
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    # Where no instances are known, the regions of the map are the objects.
    torch.testing.assert_close(BorderWeights(background=0)(replace(truth(), instances=None)), found)
    assert float(found[20, 27]) == pytest.approx(10 * math.exp(-(6**2) / 50))


def test_the_papers_numbers() -> None:
    weights = BorderWeights().at(torch.tensor([0.0, 5.0]), torch.tensor([0.0, 5.0]))
    assert weights.tolist() == pytest.approx([10, 1.353353], rel=1e-6)


def test_what_is_no_object_makes_no_gap() -> None:
    shown = truth()
    rows = shown.get("instances")
    crowd = replace(rows, crowd=torch.tensor([False, True, False]))
    expected = by_formula(dense()[[0, 2]]).masked_fill(dense()[[0, 2]].any(0), 0)
    found = BorderWeights(background=0)(replace(shown, instances=crowd))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    # One object alone, or none, has no second beside it.
    for alone in (rows[[0]], rows[[]]):
        assert not BorderWeights(background=0)(replace(shown, instances=alone)).any()
    # Pixels that nobody labelled are no object either.
    unknown = Annotation(semantic=torch.full((64, 60), 255).index_fill(1, torch.arange(10), 1))
    assert not BorderWeights(background=0)(unknown).any()
