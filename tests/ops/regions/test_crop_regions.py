"""Crops with context against a loop over pixels, and hand-sized numbers."""

import math

import pytest
import torch

from saccade.ops.regions.crop import CropRules, crop_regions, with_context


def half_up(value: float) -> int:
    return math.floor(value + 0.5)


def shown_part(low, high, limit, near):
    """What is seen of a window from low to high of a picture of that length."""
    first, last = max(low, 0), min(high, limit)
    return (first, last) if near is None else (max(first, near[0]), min(last, near[1]))


def brute_axis(low, high, first, last, side):
    """Of each of the square's pixels, its source's two neighbours with weights, or None."""
    scale, found = side / (high - low), []
    before, pixels = half_up((first - low) * scale), half_up(max(last - first, 0) * scale)
    pixels = min(pixels, side - before)
    for place in range(side):
        if not before <= place < before + pixels:
            found.append(None)
            continue
        source = (place - before + 0.5) * (last - first) / pixels - 0.5
        source = min(max(source, 0), last - first - 1)
        left = min(int(source), last - first - 1)
        right = min(left + 1, last - first - 1)
        found.append((first + left, first + right, source - left))
    return found


def brute(image, size, box, rules):
    def grown(square):
        centre = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
        half = [(box[2] - box[0]) / 2, (box[3] - box[1]) / 2]
        half = [max(half)] * 2 if square else half
        scale = rules.side / (rules.side - 2 * rules.context)
        low = [half_up(centre[axis] - half[axis] * scale) for axis in (0, 1)]
        return [(low[a], max(half_up(centre[a] + half[a] * scale), low[a] + 1)) for a in (0, 1)]

    window = grown(rules.shape != "warp")
    near = grown(False) if rules.shape == "alone" else [None, None]
    axes = [
        brute_axis(*window[axis], *shown_part(*window[axis], size[1 - axis], near[axis]), rules.side) for axis in (0, 1)
    ]
    square = torch.zeros(len(image), rules.side, rules.side)
    for row, down in enumerate(axes[1]):
        for column, across in enumerate(axes[0]):
            if down is not None and across is not None:
                top, bottom, v = down
                left, right, u = across
                upper = image[:, top, left] * (1 - u) + image[:, top, right] * u
                lower = image[:, bottom, left] * (1 - u) + image[:, bottom, right] * u
                square[:, row, column] = upper * (1 - v) + lower * v
    return square


@pytest.mark.parametrize("shape", ["warp", "square", "alone"])
@pytest.mark.parametrize("context", [0, 3])
def test_squares_are_those_of_a_loop_over_pixels(shape, context):
    draw = torch.Generator().manual_seed(0)
    image = torch.randn(2, 24, 31, generator=draw)
    size = (20, 27)  # the rest is padding
    low = torch.rand(12, 2, generator=draw) * torch.tensor([20.0, 14])
    regions = torch.cat([low, low + 0.3 + torch.rand(12, 2, generator=draw) * 12], 1)
    regions = torch.cat([regions, torch.tensor([[0.0, 0, 27, 20], [26, 19, 27, 20], [3, 5, 3.2, 18]])])
    regions = regions.minimum(torch.tensor([27.0, 20, 27, 20]))
    rules = CropRules(side=17, context=context, shape=shape)
    wanted = torch.stack([brute(image, size, box, rules) for box in regions.tolist()])
    torch.testing.assert_close(crop_regions(image, size, regions, rules), wanted, atol=2e-4, rtol=0)


def test_the_paper_s_context_enlarges_boxes_by_1_1641():
    rules = CropRules()
    assert rules.growth == pytest.approx(1.164103, abs=5e-7)
    # 195 pixels grow to 227, so that each side shows 16 pixels of what surrounds the region at the region's own scale.
    assert with_context(torch.tensor([[100.0, 100, 295, 295]]), rules, square=False).tolist() == [[84, 84, 311, 311]]
    image = torch.arange(400.0).expand(1, 400, 400)
    square = crop_regions(image, (400, 400), torch.tensor([[100.0, 100, 295, 295]]), rules)
    torch.testing.assert_close(square[0, 0, 0], torch.arange(84.0, 311), atol=1e-2, rtol=0)


def test_what_lies_outside_is_the_mean():
    rules = CropRules(side=10, context=2)
    square = crop_regions(torch.ones(1, 6, 6), (6, 6), torch.tensor([[0.0, 0, 6, 6]]), rules)
    inside = torch.zeros(10, 10)
    inside[2:8, 2:8] = 1
    torch.testing.assert_close(square[0, 0], inside)


def test_no_regions_give_no_squares():
    assert crop_regions(torch.ones(3, 6, 6), (6, 6), torch.zeros(0, 4), CropRules(8, 1)).shape == (0, 3, 8, 8)


def test_a_square_without_room_for_its_region_is_refused():
    with pytest.raises(ValueError, match="context"):
        CropRules(32, 16)
