"""Selective search's merging against a slow second implementation, which knows regions only as sets of pixels."""

from itertools import combinations, product

import numpy as np
import pytest

from saccade.ops.proposals.region_grouping import Grouping, Likeness
from saccade.ops.proposals.region_histograms import colour_bins, histograms, texture_bins
from saccade.ops.proposals.selective_search import MODES

CHOICES = [chosen for chosen in product([False, True], repeat=4) if any(chosen)]


def histogram(bins, number, pixels):
    """Of each plane in turn, how many of the pixels fall into each bin, as shares of all."""
    rows, columns = np.array(sorted(pixels)).T
    counts = np.concatenate([np.bincount(plane[rows, columns], minlength=number) for plane in bins])
    return counts / counts.sum()


def box(pixels):
    rows, columns = np.array(sorted(pixels)).T
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def touch(first, second):
    return any((row + 1, column) in second or (row, column + 1) in second for row, column in first) or any(
        (row + 1, column) in first or (row, column + 1) in first for row, column in second
    )


def alike(first, second, chosen, colours, textures, whole):
    """Section 3.2: the sum of those of the four measures that are chosen."""
    (x1, y1, x2, y2), size = box(first | second), len(first) + len(second)
    measures = (
        np.minimum(histogram(colours, 25, first), histogram(colours, 25, second)).sum(),
        np.minimum(histogram(textures, 10, first), histogram(textures, 10, second)).sum(),
        1 - size / whole,
        1 - ((x2 - x1) * (y2 - y1) - size) / whole,
    )
    return sum(measure for measure, counts in zip(measures, chosen, strict=True) if counts)


def merged(labels, chosen, colours, textures):
    """Boxes of all regions, in the order in which they came to be."""
    regions = {label: set(map(tuple, np.argwhere(labels == label).tolist())) for label in range(labels.max() + 1)}
    boxes, fresh = [box(pixels) for pixels in regions.values()], len(regions)
    while len(regions) > 1:
        pairs = [pair for pair in combinations(sorted(regions), 2) if touch(*(regions[label] for label in pair))]
        found = {
            pair: alike(*(regions[label] for label in pair), chosen, colours, textures, labels.size) for pair in pairs
        }
        # Equal up to rounding counts as equal: then the earlier regions merge.
        best = min(pair for pair, value in found.items() if value > max(found.values()) - 1e-9)
        regions[fresh] = regions.pop(best[0]) | regions.pop(best[1])
        boxes.append(box(regions[fresh]))
        fresh += 1
    return boxes


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: "".join("ctsf"[k] for k in range(4) if chosen[k]))
def test_regions_merge_as_a_slow_second_implementation_merges_them(chosen):
    draw = np.random.default_rng(sum(1 << k for k in range(4) if chosen[k]))
    picture, seeds = draw.random((9, 11, 3)), draw.random((7, 2)) * [9, 11]
    rows, columns = np.indices((9, 11))
    # Cells of a Voronoi diagram touch each other; each has the pixels nearest to its seed.
    away = (rows[..., None] - seeds[:, 0]) ** 2 + (columns[..., None] - seeds[:, 1]) ** 2
    _, labels = np.unique(away.argmin(2), return_inverse=True)
    labels = labels.reshape(9, 11)
    colours, textures = colour_bins(picture), texture_bins(picture)
    given = histograms(labels, colours, 25), histograms(labels, textures, 10)
    found = Grouping(labels, *given, Likeness(*chosen)).run()
    assert found.tolist() == merged(labels, chosen, colours, textures)


def test_the_modes_are_the_paper_s():
    def letters(likeness):
        counts = (likeness.colour, likeness.texture, likeness.size, likeness.fill)
        return "".join("ctsf"[k] for k in range(4) if counts[k])

    fast, quality = MODES["fast"], MODES["quality"]
    assert (fast.spaces, fast.scales) == (("hsv", "lab"), (50, 100))
    assert [letters(likeness) for likeness in fast.likenesses] == ["ctsf", "tsf"]
    assert (quality.spaces, quality.scales) == (("hsv", "lab", "rgi", "hue", "intensity"), (50, 100, 150, 300))
    assert [letters(likeness) for likeness in quality.likenesses] == ["ctsf", "tsf", "f", "s"]
