"""YOLO's head: the loss beside a plain loop over the paper's sums, cells by hand, and what is read back."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense.grid_boxes import GridBoxes, GridBoxHead
from saccade.heads.dense.grid_targets import CellTruth, cell_truth, responsible
from saccade.network.maps import Maps

GRID, BOXES, CLASSES = 3, 2, 4
HEIGHT, WIDTH = 60, 120
SIZE = torch.tensor([HEIGHT, WIDTH])


def head(boxes: int = BOXES) -> GridBoxHead:
    return GridBoxHead("map", nn.Flatten(1), grid=GRID, boxes=boxes, classes=CLASSES)


def maps_of(values: Tensor) -> Maps:
    return Maps({"map": values}, SIZE.expand(len(values), 2))


def truth(boxes: list[list[float]], labels: list[int], crowd: list[bool] | None = None) -> Annotation:
    rows = Instances(boxes=torch.tensor(boxes).view(-1, 4), labels=torch.tensor(labels, dtype=torch.int64))
    return Annotation(instances=rows if crowd is None else replace(rows, crowd=torch.tensor(crowd)))


def some_truths(seed: int) -> list[Annotation]:
    draw = torch.Generator().manual_seed(seed)
    found: list[Annotation] = []
    for count in (0, 1, 4, 7):
        corner = torch.rand(count, 2, generator=draw) * torch.tensor([WIDTH - 12.0, HEIGHT - 12.0])
        sides = 2 + torch.rand(count, 2, generator=draw) * 40
        far = torch.minimum(corner + sides, torch.tensor([WIDTH, HEIGHT]))
        labels = torch.randint(0, CLASSES, (count,), generator=draw)
        found.append(Annotation(instances=Instances(boxes=torch.cat([corner, far], 1), labels=labels)))
    return found


def overlap(first: list[float], second: list[float]) -> float:
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    common = max(wide, 0) * max(high, 0)
    whole = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1])
    return common / (whole - common) if whole > common else 0.0


def by_loop(row: list[float], shown: Annotation) -> dict[str, float]:
    """The terms of one picture, from its row of values, as the paper's sums are written."""
    cells = GRID * GRID
    kinds = [row[c * CLASSES : (c + 1) * CLASSES] for c in range(cells)]
    rest = row[cells * CLASSES :]
    sure = [rest[c * BOXES : (c + 1) * BOXES] for c in range(cells)]
    rest = rest[cells * BOXES :]
    codes = [[rest[4 * (c * BOXES + b) : 4 * (c * BOXES + b) + 4] for b in range(BOXES)] for c in range(cells)]
    sums = dict.fromkeys(("centre", "size", "object", "empty", "class"), 0.0)
    objects: dict[int, tuple[list[float], int]] = {}
    for (x1, y1, x2, y2), label in zip(
        shown.get("instances.boxes").tolist(), shown.get("instances.labels").tolist(), strict=True
    ):
        box = [x1 / WIDTH, y1 / HEIGHT, x2 / WIDTH, y2 / HEIGHT]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        cell = int(y * GRID) * GRID + int(x * GRID)
        area = (box[2] - box[0]) * (box[3] - box[1])
        if cell not in objects or area > (objects[cell][0][2] - objects[cell][0][0]) * (
            objects[cell][0][3] - objects[cell][0][1]
        ):
            objects[cell] = box, label
    for cell in range(cells):
        chosen = None
        if cell in objects:
            box, label = objects[cell]
            wide, high = box[2] - box[0], box[3] - box[1]
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            fits, far = [], []
            for px, py, w, h in codes[cell]:
                cx, cy, bw, bh = (px + cell % GRID) / GRID, (py + cell // GRID) / GRID, w * w, h * h
                fits.append(overlap([cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2], box))
                far.append((cx - x) ** 2 + (cy - y) ** 2 + (bw - wide) ** 2 + (bh - high) ** 2)
            chosen = fits.index(max(fits)) if max(fits) > 0 else far.index(min(far))
            px, py, w, h = codes[cell][chosen]
            sums["centre"] += (px - (x * GRID - cell % GRID)) ** 2 + (py - (y * GRID - cell // GRID)) ** 2
            sums["size"] += (w - wide**0.5) ** 2 + (h - high**0.5) ** 2
            sums["object"] += (sure[cell][chosen] - fits[chosen]) ** 2
            sums["class"] += sum((p - (c == label)) ** 2 for c, p in enumerate(kinds[cell]))
        sums["empty"] += sum(c * c for b, c in enumerate(sure[cell]) if b != chosen)
    return sums


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_the_papers_sums(seed: int):
    shown = some_truths(seed)
    values = torch.rand(len(shown), GRID**2 * (CLASSES + 5 * BOXES), generator=torch.Generator().manual_seed(seed + 9))
    values = values * 1.2 - 0.1
    found = head().loss(maps_of(values), shown)
    alone = [by_loop(row, one) for row, one in zip(values.tolist(), shown, strict=True)]
    for term in head().terms:
        assert found[term].item() == pytest.approx(sum(sums[term] for sums in alone) / len(shown), rel=1e-5), term


def test_an_object_belongs_to_the_cell_of_its_centre():
    found = cell_truth(truth([[14, 20, 74, 50], [100, 40, 120, 60]], [2, 1]), SIZE, GRID)
    assert found.cells.tolist() == [4, 8]  # centres (44, 35) and (110, 50), cells of 40 x 20 pixels
    assert found.labels.tolist() == [2, 1]
    expected = [[0.1, 0.75, 0.5**0.5, 0.5**0.5], [0.75, 0.5, (1 / 6) ** 0.5, (1 / 3) ** 0.5]]
    torch.testing.assert_close(found.codes, torch.tensor(expected), atol=1e-6, rtol=1e-6)


def test_the_far_corner_belongs_to_the_last_cell():
    assert cell_truth(truth([[118, 58, 122, 62]], [0]), SIZE, GRID).cells.tolist() == [8]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_of_several_in_one_cell_the_largest_is_learnt(order: list[int]):
    shown = truth([[44, 22, 50, 30], [42, 20, 78, 40], [60, 25, 70, 35]], [0, 1, 2])
    rows = shown.get("instances")
    found = cell_truth(replace(shown, instances=rows[order]), SIZE, GRID)
    assert (found.cells.tolist(), found.labels.tolist()) == ([4], [1])


def test_the_box_that_overlaps_most_answers_or_else_the_nearest():
    cells = torch.tensor([4])
    wanted = torch.tensor([[0.5, 0.5, 0.5, 0.5]])  # the middle quarter of each side
    codes = torch.tensor([[[0.5, 0.5, 0.3, 0.5], [0.5, 0.5, 0.5, 0.45]]])
    best, fit = responsible(codes, wanted, cells, GRID)
    assert best.tolist() == [1]
    assert fit.item() == pytest.approx(0.5**2 * 0.45**2 / 0.5**4)
    far = torch.tensor([[[2.5, 0.5, 0.1, 0.1], [-0.9, 0.5, 0.1, 0.1], [2.4, 2.0, 0.1, 0.1]]])
    best, fit = responsible(far, wanted, cells, GRID)
    assert (best.tolist(), fit.tolist()) == ([1], [0.0])


def test_the_confidence_learns_the_overlap_but_moves_no_box():
    values = torch.rand(1, GRID**2 * (CLASSES + 5 * BOXES), requires_grad=True)
    head().loss(maps_of(values), [truth([[10, 20, 70, 50]], [2])])["object"].backward()
    assert values.grad is not None
    places = values.grad[0].nonzero()[:, 0].tolist()
    first = GRID**2 * CLASSES
    assert len(places) == 1
    assert first <= places[0] < first + GRID**2 * BOXES


def test_cells_inside_a_crowd_need_not_be_silent():
    values = torch.ones(1, GRID**2 * (CLASSES + 5 * BOXES))
    without = head().loss(maps_of(values), [truth([], [])])
    crowded = head().loss(maps_of(values), [truth([[0, 0, 80, 30]], [1], [True])])
    assert without["empty"].item() == GRID**2 * BOXES
    # Middles of the cells of 40 x 20 pixels: (20, 10), (60, 10) lie inside; those of the second row, at 30, do not.
    assert crowded["empty"].item() == (GRID**2 - 2) * BOXES
    assert all(crowded[term].item() == 0 for term in ("centre", "size", "object", "class"))


def test_difficult_objects_are_learnt():
    shown = truth([[10, 20, 70, 50]], [2])
    rows = shown.get("instances")
    hard = replace(shown, instances=replace(rows, difficult=torch.tensor([True])))
    values = torch.rand(1, GRID**2 * (CLASSES + 5 * BOXES))
    assert head().loss(maps_of(values), [hard]) == head().loss(maps_of(values), [shown])


def raw_of(shown: list[Annotation]) -> GridBoxes:
    """A raw output that says what is shown, by the second box of a cell."""
    count, cells = len(shown), GRID**2
    raw = GridBoxes(
        torch.zeros(count, cells, CLASSES),
        torch.zeros(count, cells, BOXES),
        torch.rand(count, cells, BOXES, 4),
        SIZE.expand(count, 2),
    )
    for row, one in enumerate(shown):
        found: CellTruth = cell_truth(one, SIZE, GRID)
        raw.classes[row, found.cells, found.labels] = 1
        raw.confidences[row, found.cells, 1] = 1
        raw.codes[row, found.cells, 1] = found.codes
    return raw


def test_what_is_said_perfectly_costs_nothing_and_is_read_back():
    shown = [truth([[10, 20, 70, 50], [100, 40, 120, 60], [0, 0, 8, 8]], [2, 1, 3]), truth([], [])]
    raw = raw_of(shown)
    losses = head().loss_of(raw, [cell_truth(one, SIZE, GRID) for one in shown])
    assert all(value.item() < 1e-10 for value in losses.values())
    first, second = head().decode(raw)
    assert len(second.get("instances")) == 0
    rows = first.get("instances")
    order = rows.labels.argsort()
    assert rows.labels[order].tolist() == [1, 2, 3]
    torch.testing.assert_close(
        rows.boxes[order], torch.tensor([[100.0, 40, 120, 60], [10, 20, 70, 50], [0, 0, 8, 8]]), atol=1e-3, rtol=0
    )
    assert rows.scores.min() > 0.999


def test_a_score_is_class_times_confidence_and_never_leaves_0_to_1():
    raw = raw_of([truth([[14, 20, 74, 50]], [2])])
    raw.classes[0, 4] = torch.tensor([-3.0, 0.5, 0.25, 0.0])
    raw.confidences[0, 4] = torch.tensor([-2.0, 1.6])
    rows = head().decode(raw)[0].get("instances")
    assert rows.scores.tolist() == [0.5, 0.25]
    assert rows.labels.tolist() == [1, 2]


def test_boxes_of_one_class_suppress_each_other():
    raw = raw_of([truth([[14, 20, 74, 50]], [2])])
    raw.confidences[0, 4] = torch.tensor([0.8, 0.9])
    raw.codes[0, 4, 0] = raw.codes[0, 4, 1]
    rows = head().decode(raw)[0].get("instances")
    assert rows.scores.tolist() == [pytest.approx(0.9)]


def test_a_cell_s_confidence_is_wrong_by_as_much_as_it_speaks_of_what_was_sought():
    shown = replace(truth([], []), sought=torch.tensor([True, False, False, True]))
    values = torch.zeros(1, GRID**2 * (CLASSES + 5 * BOXES))
    raw = head()(maps_of(values))
    raw.confidences.fill_(1)
    raw.classes[0, 0] = torch.tensor([0.0, 0.9, 0.1, 0])  # of classes that were not sought
    raw.classes[0, 1] = torch.tensor([0.3, 0.1, 0, -0.2])  # three quarters of those that were
    assert head().loss(maps_of(values), [shown])["empty"].item() == pytest.approx(BOXES * (GRID**2 - 2 + 0.75))
    everything = replace(shown, sought=torch.ones(CLASSES, dtype=torch.bool))
    assert head().loss(maps_of(values), [everything])["empty"].item() == BOXES * GRID**2


def test_an_object_has_none_of_the_classes_that_were_not_sought():
    shown = truth([[10, 20, 70, 50]], [2])
    values = torch.rand(1, GRID**2 * (CLASSES + 5 * BOXES), generator=torch.Generator().manual_seed(1))
    terms = [
        head().loss(maps_of(values), [replace(shown, sought=marks)])
        for marks in (None, torch.tensor([False, True, True, False]))
    ]
    assert all(torch.equal(terms[0][name], terms[1][name]) for name in ("centre", "size", "object", "class"))
    assert terms[1]["empty"] < terms[0]["empty"]
