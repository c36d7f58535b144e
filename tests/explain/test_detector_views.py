"""Anchors, what objects ask of them, and cells: numbers by hand, and that drawings show what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.explain.cells import cells_of
from saccade.explain.detector_views import MOVED, grid_head, move_sheet, targets_over
from saccade.explain.starting_boxes import box_targets, starting_boxes, told
from saccade.explain.subject import Subject
from saccade.explain.views import views_of, visualize
from saccade.network.system import System
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.geometry import iou_matrix
from saccade.runtime.inspect.look import subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build
from saccade.view.drawing.cells import cells_over
from saccade.view.drawing.outlines import Arrow, Outline, outlines_over

NARROW = {"rpn": {"size": 128, "scales": (2.0, 4.0)}, "retinanet": {"size": 128}, "faster_rcnn": {"size": 128}}
BOX = (20.0, 30.0, 84.0, 94.0)


def seen(system: System, side: int = 128) -> Subject:
    return subject_of(Predictor(system.eval()), torch.full((3, side, side), 0.5), 0)


def shown(*boxes: tuple[float, ...]) -> Annotation:
    rows = torch.tensor(boxes)
    return Annotation(instances=Instances(boxes=rows, labels=torch.zeros(len(rows), dtype=torch.int64)))


def narrow(name: str) -> System:
    torch.manual_seed(0)
    return build(name, 2, trunk="resnet18", width=1 / 16, **NARROW.get(name, {}))


def test_anchors_of_a_map_of_stride_16_are_told_by_position():
    looked = seen(narrow("rpn"))
    (level,) = starting_boxes(looked.system, looked.batch)
    assert (level.positions, level.boxes.shape[2], level.count) == ((8, 8), 6, 8 * 8 * 6)
    # One position on is one stride on, in both directions.
    assert torch.equal(level.at(3, 5) - level.at(2, 4), torch.full((6, 4), 16.0))
    assert torch.equal(level.middle, level.at(4, 4))
    facts = visualize(looked, ["anchors"])["anchors"].facts
    assert facts["boxes"] == 384
    assert facts["maps"]["layer3"]["middle"] == level.middle.tolist()


@pytest.mark.parametrize("name", ["rpn", "retinanet", "faster_rcnn"])
def test_the_boxes_that_answer_are_those_of_the_head_s_rules_and_become_the_object(name):
    looked = seen(narrow(name))
    truth = shown(BOX)
    levels = box_targets(looked.system, looked.batch, truth)
    answering = [level for level in levels if len(level.answering)]
    assert answering
    coder = DeltaCoder()
    for level in answering:
        places = level.answering
        moved = coder.decode(level.codes[places], level.boxes[places])
        torch.testing.assert_close(moved, torch.tensor([BOX]).expand_as(moved), atol=1e-3, rtol=0)
    overlaps = torch.cat([iou_matrix(torch.tensor([BOX]), level.boxes)[0] for level in levels])
    rows = torch.cat([level.rows for level in levels])
    # What answers overlaps the object more than what is background does.
    assert overlaps[rows >= 0].min() > overlaps[rows == -1].max()
    _, facts = targets_over(looked, truth)
    assert sum(one["answer"] for one in facts["maps"].values()) == int((rows >= 0).sum())
    assert sum(one["background"] + one["left_out"] + one["answer"] for one in facts["maps"].values()) == len(rows)


def test_without_objects_all_is_background_and_the_picture_is_shown():
    looked = seen(narrow("retinanet"))
    drawn, facts = targets_over(looked, Annotation(instances=Instances()))
    assert all(one["answer"] == one["left_out"] == 0 for one in facts["maps"].values())
    assert drawn.size == looked.canvas.size


def test_what_a_detector_is_surest_of_is_taken_for_true():
    looked = seen(narrow("retinanet"))
    rows = Instances(
        boxes=torch.tensor([[0.0, 0, 30, 30], [20.0, 30, 84, 94], [5, 5, 60, 60]]),
        labels=torch.tensor([0, 1, 1]),
        scores=torch.tensor([0.2, 0.3, 0.1]),
    )
    facts = visualize(replace(looked, prediction=Annotation(instances=rows)), ["targets"])["targets"].facts
    assert facts["objects"] == 1
    assert facts["maps"] == targets_over(looked, shown(BOX))[1]["maps"]
    sure = replace(rows, scores=torch.tensor([0.6, 0.3, 0.9]))
    facts = visualize(replace(looked, prediction=Annotation(instances=sure)), ["targets"])["targets"].facts
    assert facts["objects"] == 2


def test_codes_are_told_as_lectures_write_them():
    assert told((0.25, 0, -0.0, 0)) == "(.25, 0, 0, 0)"
    assert told(torch.tensor([0, 0, -0.125, 1.5])) == "(0, 0, -.125, 1.5)"
    assert told((-0.0004, 10.0, 0.99996, -20.5)) == "(0, 10, 1, -20.5)"


def test_the_lecture_s_three_proposals_have_its_three_targets():
    """A proposal that is right, one too far to the left by a quarter of its width, one too wide."""
    width = 64 * np.exp(0.125)
    starts = torch.tensor([BOX, (4.0, 30.0, 68.0, 94.0), (52 - width / 2, 30.0, 52 + width / 2, 94.0)])
    codes = DeltaCoder().encode(torch.tensor([BOX]).expand(3, 4), starts)
    assert [told(code) for code in codes] == ["(0, 0, 0, 0)", "(.25, 0, 0, 0)", "(0, 0, -.125, 0)"]
    page = move_sheet(Image.new("RGB", (128, 128)), starts, torch.tensor([BOX]).expand(3, 4), DeltaCoder())
    # Three tiles of one size beside each other, each with the proposal's broken lines.
    pixels = np.array(page)
    thirds = np.array_split(pixels, 3, 1)
    assert all((third == MOVED).all(2).any() for third in thirds)


def test_yolo_s_cells_tell_what_its_head_says():
    torch.manual_seed(0)
    system = build("yolo1", 3, trunk="resnet18", width=1 / 16, size=64, grid=2, hidden=8).eval()
    looked = seen(system, 64)
    head = grid_head(system)
    cells = cells_of(head, looked.maps)
    assert cells.corners.tolist() == [[0, 0, 32, 32], [32, 0, 64, 32], [0, 32, 32, 64], [32, 32, 64, 64]]
    raw = head(looked.maps)
    assert torch.equal(cells.labels, raw.classes[0].argmax(1))
    best = raw.classes[0].clamp(0, 1).amax(1)[:, None] * raw.confidences[0].clamp(0, 1)
    assert cells.score_of_box == pytest.approx(best.flatten().tolist())
    facts = visualize(looked, ["cells"])["cells"].facts
    # It is sure of nothing, and tells of its five surest boxes.
    assert (facts["grid"], facts["boxes"], facts["drawn"]) == (2, 8, 5)
    # A centre that the network puts into a cell is told in that cell.
    middles = (raw.codes[0, :, :, :2].detach() + torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]])[:, None]) * 32
    sides = raw.codes[0, :, :, 2:].detach().square() * 64
    expected = torch.cat([middles - sides / 2, middles + sides / 2], -1).clamp(0, 64)
    torch.testing.assert_close(cells.boxes, expected)


def test_systems_have_the_views_of_their_kind_alone():
    dense, cells = {"anchors", "targets"}, {"cells"}
    assert dense <= set(views_of(narrow("retinanet")))
    assert not cells & set(views_of(narrow("retinanet")))
    classifier = build("resnet18", 2, width=1 / 16)
    assert not (dense | cells) & set(views_of(classifier))
    with pytest.raises(UsageError, match="start from no anchors"):
        visualize(seen(classifier, 32), ["anchors"])


def test_boxes_beyond_the_picture_are_shown_around_it_and_arrows_lead_from_middle_to_middle():
    picture = Image.new("RGB", (40, 30), (10, 10, 10))
    red = (255, 0, 0)
    inside = outlines_over(picture, [Outline((5, 5, 20, 20), red)])
    assert inside.size == (40, 30)
    assert inside.getpixel((5, 5)) == inside.getpixel((19, 19)) == red
    assert inside.getpixel((20, 20)) == (10, 10, 10)
    beyond = outlines_over(picture, [Outline((-6, 0, 10, 10), red)])
    assert beyond.size == (40 + 2 * 8, 30 + 2 * 8)
    assert outlines_over(picture, [], room=[(-6, 0, 10, 10)]).size == beyond.size
    assert outlines_over(picture, [Outline((-900, 0, 10, 10), red)]).size == (40 + 2 * 20, 30 + 2 * 20)
    arrow = outlines_over(picture, [], [Arrow((0, 10, 10, 20), (20, 10, 30, 20), red)])
    assert arrow.getpixel((12, 15)) == red
    assert arrow.getpixel((35, 15)) == arrow.getpixel((2, 15)) == (10, 10, 10)


def test_a_cell_that_is_sure_has_the_colour_of_its_class():
    picture = Image.new("RGB", (40, 20), (0, 0, 0))
    drawn = np.array(cells_over(picture, [(0, 0, 20, 20), (20, 0, 40, 20)], [0, 1], [0.0, 1.0]))
    assert drawn[10, 10].tolist() == [0, 0, 0]
    assert drawn[10, 30].tolist() == [round(0.6 * part) for part in (86, 180, 233)]
