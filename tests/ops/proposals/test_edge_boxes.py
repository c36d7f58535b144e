"""Edge boxes: scores against a slow reference, drawn objects found first, the same turned round; odd pictures."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.crests import tangents
from saccade.ops.proposals import edge_boxes
from saccade.ops.proposals.edge_boxes import EdgeBoxes, kept, within
from saccade.ops.proposals.edge_groups import EdgeGroups, affinities, edge_groups
from saccade.ops.proposals.edge_map import EdgeMap, StructuredGradient, edge_map
from saccade.ops.proposals.edge_scores import BoxScorer
from saccade.ops.proposals.edge_windows import refined, step_share, windows
from saccade.ops.proposals.searches import search_named

SMALL = EdgeBoxes(side=128)


def scribble(seed=0, size=(26, 30)):
    """An edge map of random walks."""
    draw = np.random.default_rng(seed)
    strength, angle = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for _ in range(9):
        place, heading = draw.uniform(2, np.array(size) - 3), draw.uniform(0, 2 * np.pi)
        for _ in range(14):
            row, column = place.round().astype(int).clip(1, np.array(size) - 2)
            strength[row, column], angle[row, column] = draw.uniform(0.15, 1), heading % np.pi
            heading += draw.normal(0, 0.25)
            place = place + np.array([np.sin(heading), np.cos(heading)])
    return EdgeMap(strength, angle)


def reference_scores(edges, groups, boxes):
    """The paper's equations 1 to 4 word by word, one group, one path and one box at a time."""
    count = len(groups.masses)
    pixels = [np.argwhere(groups.labels == group) for group in range(count)]
    best = np.eye(count)
    for i in range(count):
        for j in range(i + 1, count):
            near = np.abs(pixels[i][:, None] - pixels[j][None]).max(2).min()
            (xi, yi), (xj, yj) = groups.centres[i], groups.centres[j]
            line = np.arctan2(yj - yi, xj - xi)
            turn = np.cos(groups.tangents[i] - line) * np.cos(groups.tangents[j] - line)
            best[i, j] = best[j, i] = turn**2 if near <= 2 else 0
    for via in range(count):
        best = np.maximum(best, best[:, via : via + 1] * best[via : via + 1])
    best[best < 0.05] = 0
    scores = []
    for x1, y1, x2, y2 in boxes.tolist():
        ring = np.zeros(edges.strength.shape, bool)
        ring[y1 : y2 + 1, x1 : x2 + 1] = True
        inner = ring.copy()
        inner[[y1, y2]], inner[:, [x1, x2]] = False, False
        cut = [g for g in range(count) if (ring & ~inner)[tuple(pixels[g].T)].any()]
        total = 0.0
        for group in range(count):
            if group not in cut and inner[tuple(pixels[group].T)].all():
                total += groups.masses[group] * (1 - max((best[start, group] for start in cut), default=0))
        wide, high = x2 - x1 + 1, y2 - y1 + 1
        left, top = x1 + (wide - wide // 2) // 2, y1 + (high - high // 2) // 2
        middle = np.where(groups.labels >= 0, edges.strength, 0)[top : top + high // 2, left : left + wide // 2].sum()
        scores.append((total - middle) / (2 * (wide + high) ** 1.5))
    return np.array(scores)


def random_boxes(seed, size, number=60):
    draw = np.random.default_rng(seed)
    corners = [np.sort(draw.choice(side, (number, 2)), 1) for side in size[::-1]]
    return np.stack([corners[0][:, 0], corners[1][:, 0], corners[0][:, 1], corners[1][:, 1]], 1)


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_the_paper_s_equations(seed):
    edges = scribble(seed)
    groups = edge_groups(edges)
    assert len(groups.masses) > 8
    boxes = random_boxes(seed, edges.strength.shape)
    found = BoxScorer(edges, groups)(boxes)
    np.testing.assert_allclose(found, reference_scores(edges, groups, boxes), atol=1e-6)
    assert (found > 0).any()


def test_boxes_score_the_same_in_any_company(monkeypatch):
    edges = scribble(5)
    groups = edge_groups(edges)
    boxes = random_boxes(5, edges.strength.shape)
    whole = BoxScorer(edges, groups)(boxes)
    monkeypatch.setattr("saccade.ops.proposals.edge_scores._ROOM", 64)
    np.testing.assert_array_equal(BoxScorer(edges, groups)(boxes), whole)


def test_bounds_are_never_below_scores():
    edges = scribble(6)
    scorer = BoxScorer(edges, edge_groups(edges))
    boxes = random_boxes(6, edges.strength.shape)
    assert (scorer.bound(boxes) >= scorer(boxes) - 1e-9).all()


def test_a_mirrored_map_of_the_same_groups_scores_the_same():
    edges = scribble(7)
    groups = edge_groups(edges)
    boxes, last = random_boxes(7, edges.strength.shape), edges.strength.shape[1] - 1
    mirrored = EdgeMap(edges.strength[:, ::-1], -edges.tangent[:, ::-1] % np.pi)
    centres = groups.centres * [-1, 1] + [last, 0]
    turned = EdgeGroups(groups.labels[:, ::-1], groups.masses, centres, -groups.tangents)
    odd = (boxes[:, 2] - boxes[:, 0]) % 4 == 3  # a width whose middle lies in the middle to the pixel
    flipped = np.stack([last - boxes[:, 2], boxes[:, 1], last - boxes[:, 0], boxes[:, 3]], 1)[odd]
    np.testing.assert_allclose(BoxScorer(mirrored, turned)(flipped), BoxScorer(edges, groups)(boxes[odd]), atol=1e-9)


def test_a_straight_line_and_a_corner_by_hand():
    strength, tangent = np.zeros((20, 20), np.float32), np.zeros((20, 20), np.float32)
    strength[5, 2:15], strength[7:16, 16], tangent[7:16, 16] = 0.5, 1.0, np.pi / 2
    groups = edge_groups(EdgeMap(strength, tangent))
    assert groups.masses.tolist() == [6.5, 9]
    np.testing.assert_allclose(groups.centres, [[8, 5], [16, 11]])
    np.testing.assert_allclose(np.abs(groups.tangents), [0, np.pi / 2], atol=1e-6)
    first, second, affinity = affinities(groups)
    # From centre to centre it is 8 across and 6 down: 10.
    assert (first.tolist(), second.tolist()) == ([0], [1])
    assert affinity.tolist() == pytest.approx([0.8**2 * 0.6**2])
    strength[7, 16] = 0
    assert len(affinities(edge_groups(EdgeMap(strength, tangent)))[0]) == 0


def test_groups_end_where_they_have_turned_a_quarter_and_light_ones_join_others():
    rows, columns = np.indices((60, 60))
    radius, around = np.hypot(rows - 30, columns - 30), np.arctan2(rows - 30, columns - 30)
    ring = np.abs(radius - 22) < 0.5
    edges = EdgeMap(np.where(ring, 0.6, 0).astype(np.float32), ((around + np.pi / 2) % np.pi).astype(np.float32))
    groups = edge_groups(edges)
    # A circle turns four quarters.
    assert 4 <= len(groups.masses) <= 8
    assert groups.masses.sum() == pytest.approx(edges.strength.sum(), rel=1e-5)
    lone = replace(edges, strength=np.zeros((60, 60), np.float32))
    lone.strength[10, 10] = 0.4
    assert len(edge_groups(lone).masses) == 0
    lone.strength[10, 11:20] = 0.4
    assert edge_groups(lone).masses.tolist() == pytest.approx([4.0])


def test_tangents_follow_lines_in_every_direction():
    rows, columns = np.indices((41, 41)) - 20
    for angle in np.arange(0, np.pi, 0.3):
        across = np.cos(angle) * rows - np.sin(angle) * columns
        found = tangents(np.exp(-(across**2) / 4))[20, 20]
        assert abs(np.sin(found - angle)) < 0.03


def test_edges_of_a_turned_picture_are_turned():
    picture = drawn().permute(1, 2, 0).numpy() / 255.0
    strength = StructuredGradient()(picture)
    assert 0 <= strength.min() <= strength.max() <= 1
    for turned, back in ((np.rot90(picture), 3), (np.rot90(picture, 2), 2)):
        np.testing.assert_allclose(np.rot90(StructuredGradient()(turned), back), strength, atol=1e-4)
    crests, mirrored = edge_map(strength).strength, edge_map(strength[:, ::-1]).strength[:, ::-1]
    assert ((crests > 0) == (mirrored > 0)).mean() > 0.99
    assert crests[[0, -1]].max() == crests[:, [0, -1]].max() == 0
    assert 0.005 < (crests > 0.3).mean() < 0.1


def drawn():
    """A calm ground with a rectangle and a disc."""
    image = torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(1)) * 0.05 + 0.4
    x1, y1, x2, y2 = RECTANGLE
    image[:, y1:y2, x1:x2] = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
    rows, columns = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(128) + 0.5, indexing="ij")
    image[:, (rows - 60) ** 2 + (columns - 90) ** 2 < 25**2] = 0.9
    return (image * 255).to(torch.uint8)


RECTANGLE, DISC = (14, 20, 48, 70), (65, 35, 115, 85)


@pytest.mark.parametrize("flip", [None, (2,), (1, 2)])
def test_a_drawn_rectangle_and_a_disc_are_among_the_first_boxes(flip):
    image, wanted = drawn(), torch.tensor([RECTANGLE, DISC]).float()
    if flip is not None:
        image = image.flip(flip)
        for axis in flip:
            side, low, high = (96, 1, 3) if axis == 1 else (128, 0, 2)
            wanted[:, [low, high]] = side - wanted[:, [high, low]]
    found = SMALL(image)
    assert (iou_matrix(found[:10], wanted).amax(0) > 0.75).all()


def test_boxes_lie_in_the_picture_and_a_count_gives_the_first_of_them():
    found = SMALL(drawn())
    assert found.min() >= 0
    assert (found[:, 2:] <= torch.tensor([128, 96]) + 1e-4).all()
    assert torch.equal(replace(SMALL, count=3)(drawn()), found[:3])
    overlaps = iou_matrix(found, found).fill_diagonal_(0)
    assert overlaps.max() <= 0.75 + 1e-6


def test_a_large_picture_is_searched_small_and_boxes_grow_back():
    wide = drawn().repeat_interleave(2, 1).repeat_interleave(2, 2)
    wanted = torch.tensor([RECTANGLE, DISC]).float() * 2
    assert (iou_matrix(SMALL(wide)[:10], wanted).amax(0) > 0.7).all()


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 9, 5), (4, 12, 12), (3, 1, 300), (3, 200, 2)])
def test_blank_pictures_of_odd_shapes_have_no_boxes(shape):
    assert SMALL(torch.full(shape, 0.5)).shape == (0, 4)


@pytest.mark.parametrize("channels", [1, 4, 7])
def test_grey_and_many_channelled_pictures_are_searched(channels):
    image = torch.zeros(channels, 64, 64)
    image[:, 16:48, 16:48] = 1
    found = SMALL(image)
    assert iou_matrix(found[:5], torch.tensor([[16.0, 16, 48, 48]])).max() > 0.8


def test_windows_overlap_their_neighbours_by_alpha_and_keep_their_shapes():
    found = windows(300, 400, alpha=0.65, ratio=3, area=1000)
    sides = (found[:, 2:] - found[:, :2] + 1).astype(float)
    assert found.min() >= 0
    assert (found[:, 2:] < [400, 300]).all()
    uncut = (sides < [400, 300]).all(1)
    shapes = sides[uncut, 0] / sides[uncut, 1]
    assert 1 / 3.2 < shapes.min() < 1 / 2.4
    assert 2.4 < shapes.max() < 3.2
    assert sides.prod(1).min() == pytest.approx(1000, rel=0.05)
    assert sides[:, 0].max() == 400
    same = found[(sides == sides[0]).all(1)]
    row = torch.from_numpy(same[same[:, 1] == same[0, 1]]).float() + torch.tensor([0.0, 0, 1, 1])
    for one, other in pairwise(row):
        assert iou_matrix(one[None], other[None]).item() >= 0.59
    assert step_share(0.65) == pytest.approx(0.35 / 1.65)


def test_refinement_never_loses_score_and_finds_a_moved_rectangle():
    strength = np.zeros((80, 100), np.float32)
    strength[20, 20:71], strength[60, 20:71], strength[20:61, 20], strength[20:61, 70] = 1, 1, 1, 1
    edges = edge_map(strength)
    scorer = BoxScorer(edges, edge_groups(edges))
    boxes = np.array([[12, 13, 75, 66], [2, 2, 90, 70], [40, 40, 60, 60]])
    before = scorer(boxes)
    after, scores = refined(boxes, before, scorer, 0.65)
    assert (scores >= before).all()
    np.testing.assert_allclose(scorer(after), scores)
    assert scores[0] > before[0]
    tight = torch.tensor([[19.0, 19, 72, 62]])
    assert iou_matrix(torch.from_numpy(after[:1]).float() + torch.tensor([0, 0, 1, 1.0]), tight).item() > 0.9


def test_a_box_is_what_lies_inside_its_border_but_at_the_picture_s_edge():
    boxes = np.array([[10, 12, 30, 29], [0, 3, 39, 20], [7, 7, 7, 8]])
    assert within(boxes, 30, 40).tolist() == [[11, 13, 30, 30], [0, 4, 40, 20], [8, 8, 8, 8]]


def test_overlap_that_is_borne_falls_with_eta():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8.4], [50, 0, 60, 10], [50, 0, 60, 8.4]])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    assert kept(boxes, scores, 0.9, 1.0).tolist() == [0, 1, 2, 3]
    assert kept(boxes, scores, 0.9, 0.97).tolist() == [0, 1, 2]
    assert kept(boxes, scores, 0.8, 1.0).tolist() == kept(boxes, scores, 0.8, 0.9999).tolist() == [0, 2]


@pytest.mark.parametrize("count", [1, 3, 12, 40, 400])
def test_what_stays_of_the_best_is_what_stays_of_all(count, monkeypatch):
    random = torch.Generator().manual_seed(count)
    corner = torch.rand(300, 2, generator=random) * 20
    boxes = torch.cat([corner, corner + 5 + 20 * torch.rand(300, 2, generator=random)], 1)
    scores = torch.rand(300, generator=random)
    every = kept(boxes, scores, 0.6, 1.0).tolist()
    assert 12 < len(every) < 290
    for ahead in (1, 2, 16):
        monkeypatch.setattr(edge_boxes, "AHEAD", ahead)
        assert kept(boxes, scores, 0.6, 1.0, count).tolist() == every[:count]
    assert kept(boxes, scores, 0.6, 0.99, count).tolist() == kept(boxes, scores, 0.6, 0.99).tolist()[:count]


def test_equal_searches_have_equal_texts_for_they_are_remembered_by_them():
    assert search_named("edge-boxes", 7) == EdgeBoxes(7)
    assert repr(EdgeBoxes(7)) == repr(EdgeBoxes(7))
    assert " at 0x" not in repr(EdgeBoxes())
    assert repr(EdgeBoxes(strength=StructuredGradient(floor=0.1))) != repr(EdgeBoxes())
