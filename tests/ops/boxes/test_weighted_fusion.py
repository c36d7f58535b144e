"""Weighted boxes fusion, beside the paper's steps written out plainly."""

import pytest
import torch
from torch import Tensor

from saccade.ops.boxes.weighted_fusion import fuse_boxes

Fused = tuple[tuple[float, ...], float, int]


def plain_iou(a: list[float], b: list[float]) -> float:
    both = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def by_the_paper(boxes: Tensor, scores: Tensor, labels: Tensor, networks: int) -> list[Fused]:
    """Section 3, steps 1 to 7 and equation 5, with lists L and F as the paper has them."""
    clusters: list[list[int]] = []
    fused: list[list[float]] = []
    for row in sorted(range(len(boxes)), key=lambda one: -float(scores[one])):
        same = [k for k, rows in enumerate(clusters) if labels[rows[0]] == labels[row]]
        near = [(plain_iou(fused[k], boxes[row].tolist()), k) for k in same]
        best, place = max(near, default=(0.0, -1))
        if best <= 0.55:
            clusters.append([row])
            fused.append(boxes[row].tolist())
            continue
        clusters[place].append(row)
        weights = scores[clusters[place]]
        fused[place] = ((weights[:, None] * boxes[clusters[place]]).sum(0) / weights.sum()).tolist()
    told = [float(scores[rows].mean()) * min(len(rows), networks) / networks for rows in clusters]
    rows = [(tuple(box), score, int(labels[c[0]])) for box, score, c in zip(fused, told, clusters, strict=True)]
    return sorted(rows, key=lambda one: -one[1])


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_the_paper_says(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    corners, sides = torch.rand(15, 2, generator=draw) * 80, torch.rand(15, 2, generator=draw) * 30 + 3
    networks = 2 + seed % 3
    own = [torch.randperm(15, generator=draw)[: 9 + m] for m in range(networks)]
    places = torch.cat(own)
    boxes = torch.cat([corners, corners + sides], 1)[places]
    boxes[:, :2] += torch.rand(len(places), 2, generator=draw) * 2
    scores, labels = torch.rand(len(places), generator=draw) * 0.9 + 0.05, places % 3
    found, told, surest = fuse_boxes(boxes, scores, labels, networks)
    expected = by_the_paper(boxes, scores, labels, networks)
    assert len(found) == len(expected) < len(boxes)
    torch.testing.assert_close(found, torch.tensor([box for box, _, _ in expected]), atol=1e-4, rtol=0)
    torch.testing.assert_close(told, torch.tensor([score for _, score, _ in expected]))
    assert labels[surest].tolist() == [label for _, _, label in expected]


def test_one_box_of_two_networks_is_told_half_as_surely() -> None:
    box = torch.tensor([[0.0, 0, 10, 10]])
    _, alone, _ = fuse_boxes(box, torch.tensor([0.8]), torch.tensor([0]), 2)
    _, both, surest = fuse_boxes(box.repeat(2, 1), torch.tensor([0.6, 0.8]), torch.tensor([0, 0]), 2)
    assert alone.tolist() == pytest.approx([0.4])
    assert both.tolist() == pytest.approx([0.7])
    assert surest.tolist() == [1]
    apart, _, _ = fuse_boxes(box.repeat(2, 1), torch.tensor([0.6, 0.8]), torch.tensor([0, 1]), 2)
    assert len(apart) == 2


def test_nothing_and_boxes_without_a_score() -> None:
    none, told, surest = fuse_boxes(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64), 2)
    assert none.shape == (0, 4)
    assert len(told) == len(surest) == 0
    boxes = torch.tensor([[5.0, 5, 9, 9]])
    found, told, _ = fuse_boxes(boxes, torch.zeros(1), torch.zeros(1, dtype=torch.int64), 3)
    torch.testing.assert_close(found, boxes)
    assert told.tolist() == pytest.approx([0.0], abs=1e-30)
