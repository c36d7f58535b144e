"""Views of detectors over the picture: the boxes that they start from, what objects ask of them, and YOLO's cells."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.explain.cells import Cells, cells_of
from saccade.explain.overlays import Drawn
from saccade.explain.starting_boxes import BoxTargets, box_targets, dense_head, starting_boxes, told
from saccade.explain.subject import Subject
from saccade.heads.dense.grid_boxes import GridBoxHead
from saccade.network.system import System
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.view.drawing.cells import cells_over
from saccade.view.drawing.draw import drawn_from
from saccade.view.drawing.heat import captioned
from saccade.view.drawing.outlines import Arrow, Outline, outlines_over
from saccade.view.drawing.palette import class_colour
from saccade.view.drawing.sheet import sheet

LIGHT, MOVED = (255, 255, 255), class_colour(3)
MOST_OBJECTS, MOST_TOLD = 5, 12
# Of a grid's boxes: all that it is sure of, as far as they can be seen, and some where it is sure of none.
MOST_BOXES, FEWEST_BOXES = 50, 5
COLUMNS = 3


def no_anchors(system: System) -> str | None:
    """Why a system has no view of anchors, or None."""
    return None if dense_head(system) is not None else "its boxes start from no anchors"


def no_cells(system: System) -> str | None:
    """Why a system has no view of cells, or None."""
    return None if grid_head(system) is not None else "it has no grid of cells that say what stands in them"


def grid_head(system: System) -> GridBoxHead | None:
    """The head of a grid of cells, or None."""
    return next((head for _, head in system.each_head() if isinstance(head, GridBoxHead)), None)


def anchor_view(subject: Subject, layer: str | None) -> Drawn:
    """The boxes of the middle position of each map, a tile a map; those of each shape in a colour of their own."""
    tiles: list[Image.Image] = []
    captions: list[str] = []
    facts: dict[str, Any] = {}
    for level in starting_boxes(subject.system, subject.batch):
        shown = subject.boxes_on_canvas(level.middle).tolist()
        tiles.append(outlines_over(subject.canvas, [Outline(box, class_colour(n), 2) for n, box in enumerate(shown)]))
        rows, columns = level.positions
        captions.append(
            f"{level.name}: {rows} × {columns} positions, {level.boxes.shape[2]} each, {level.count} in all"
        )
        facts[level.name] = {"positions": [rows, columns], "boxes": level.count, "middle": level.middle.tolist()}
    total = sum(one["boxes"] for one in facts.values())
    return _tiled(tiles, captions), {"boxes": total, "maps": facts}


def target_view(subject: Subject, layer: str | None) -> Drawn:
    """Which boxes would answer for the objects that the network tells of, were it right, and what they must say."""
    rows = _surest(subject)
    boxes = subject.batch.frames[0].boxes(rows.boxes) if rows.boxes is not None else torch.zeros(0, 4)
    labels = torch.zeros(len(boxes), dtype=torch.int64) if rows.labels is None else rows.labels
    return targets_over(subject, Annotation(instances=Instances(boxes=boxes, labels=labels)))


def targets_over(subject: Subject, truth: Annotation) -> Drawn:
    """Which of a detector's starting boxes answer for given objects, a tile a map that has such boxes.

    Args:
        subject: The picture in front of the network.
        truth: Objects in the batch's pixels; those of a data set are brought there by the batch's frame.
    """
    tiles: list[Image.Image] = []
    captions: list[str] = []
    facts: dict[str, Any] = {}
    rows = truth.instances or Instances()
    objects = torch.zeros(0, 4) if rows.boxes is None else rows.boxes
    for level in box_targets(subject.system, subject.batch, truth):
        facts[level.name] = _facts(level)
        if len(level.answering):
            tiles.append(_answering(subject, level, objects))
            captions.append(f"{level.name}: {len(level.answering)} of {len(level.boxes)} answer")
    if not tiles:
        tiles, captions = [captioned(subject.canvas, "no object is told of")], [""]
    return _tiled(tiles, captions), {"objects": len(objects), "maps": facts}


def cell_view(subject: Subject, layer: str | None) -> Drawn:
    """YOLO's grid: each cell in the colour of its likeliest class, the surer the stronger, and boxes that are told."""
    head = grid_head(subject.system)
    assert head is not None  # the view is refused where there is none
    cells = cells_of(head, subject.maps)
    drawn = cells_over(subject.canvas, _on_canvas(subject, cells), cells.labels.tolist(), cells.certainty.tolist())
    boxes = subject.boxes_on_canvas(cells.boxes.flatten(0, 1)).tolist()
    rows = zip(cells.score_of_box, cells.label_of_box, boxes, strict=True)
    ranked = sorted(rows, key=lambda one: one[0], reverse=True)
    least = drawn_from(subject.prediction, None, subject.drawn_from) or 0.0
    sure = [one for one in ranked[:MOST_BOXES] if one[0] >= least] or ranked[:FEWEST_BOXES]
    outlines = [Outline(box, class_colour(label), 1 + round(4 * score)) for score, label, box in reversed(sure)]
    facts = {"grid": head.grid, "boxes": len(boxes), "drawn": len(outlines)}
    drawn = outlines_over(drawn, outlines)
    return captioned(drawn, f"{head.grid} × {head.grid} cells, {head.boxes} boxes each"), facts


def move_sheet(picture: Image.Image, starts: Tensor, goals: Tensor, coder: DeltaCoder) -> Image.Image:
    """What boxes must learn to become objects: a tile a pair, its four numbers below.

    Args:
        picture: RGB.
        starts: (n, 4) boxes x1, y1, x2, y2 in the picture's pixels: proposals, or anchors; drawn broken.
        goals: (n, 4) the objects; drawn whole.
        coder: What makes numbers of them: dx and dy in the box's sides, logarithms dw and dh.
    """
    pairs = list(zip(starts.tolist(), goals.tolist(), strict=True))
    room = [box for pair in pairs for box in pair]
    tiles = [
        outlines_over(
            picture,
            [Outline(goal, LIGHT, 3), Outline(start, MOVED, 3, dashed=True)],
            [Arrow(start, goal, MOVED)],
            room,
        )
        for start, goal in pairs
    ]
    return sheet(tiles, [told(code) for code in coder.encode(goals, starts)], columns=COLUMNS)


def _answering(subject: Subject, level: BoxTargets, objects: Tensor) -> Image.Image:
    """The boxes of a map that answer, an arrow from each to its object, and the objects."""
    places = level.answering
    boxes, goals = (subject.boxes_on_canvas(part[places]).tolist() for part in (level.boxes, level.goals))
    colours = [class_colour(int(row)) for row in level.rows[places]]
    shown = subject.boxes_on_canvas(objects).tolist()
    outlines = [Outline(box, colour, 1) for box, colour in zip(boxes, colours, strict=True)]
    outlines += [Outline(box, LIGHT, 3) for box in shown]
    arrows = [Arrow(box, goal, colour) for box, goal, colour in zip(boxes, goals, colours, strict=True)]
    return outlines_over(subject.canvas, outlines, arrows)


def _facts(level: BoxTargets) -> dict[str, Any]:
    places = level.answering
    answering = [
        {"box": level.boxes[at].tolist(), "object": int(level.rows[at]), "code": level.codes[at].tolist()}
        for at in places[:MOST_TOLD].tolist()
    ]
    background = len(level.rows) - len(places) - level.left_out
    return {"answer": len(places), "left_out": level.left_out, "background": background, "first": answering}


def _surest(subject: Subject) -> Instances:
    """The objects of a prediction that would be drawn, a few at most; where it is sure of none, the surest."""
    prediction = subject.prediction
    rows, least = prediction.instances or Instances(), drawn_from(prediction, None, subject.drawn_from)
    rows = rows.sorted()
    if rows.scores is None:
        return rows[:MOST_OBJECTS]
    sure = int((rows.scores >= (least or 0.0)).sum())
    return rows[: min(max(sure, 1), MOST_OBJECTS)]


def _on_canvas(subject: Subject, cells: Cells) -> list[list[float]]:
    return subject.boxes_on_canvas(cells.corners).tolist()


def _tiled(tiles: Sequence[Image.Image], captions: Sequence[str]) -> Image.Image:
    if len(tiles) == 1:
        return captioned(tiles[0], captions[0])
    for tile in tiles:
        tile.thumbnail((480, 480))
    return sheet(tiles, captions, columns=COLUMNS)
