"""What is written on a picture: its class, the names of its objects, those of its regions.

Legend: n objects of a picture that is drawn `factor` times as large.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.view.drawing.palette import Colour, class_colour
from saccade.view.drawing.tags import Tags, around

Box = tuple[int, int, int, int]  # x1, y1, x2, y2: the outermost pixels
_BANNER: Colour = (24, 28, 34)


def name_picture(tags: Tags, shown: Annotation, classes: Sequence[str]) -> None:
    """The picture's class, or its classes, in the upper left corner."""
    text = ""
    if shown.label is not None:
        label = int(shown.label)
        text = _name(label, classes)
        if shown.label_scores is not None:
            text += f" {float(shown.label_scores[label]):.0%}"
    elif shown.labels is not None:
        text = ", ".join(_name(label, classes) for label in (shown.labels == 1).nonzero()[:, 0].tolist())
    if text:
        tags.add(text, _BANNER, round(_letters(tags.size) * 1.25), [(0, 0)])


def name_boxes(
    tags: Tags, rows: Instances, boxes: Sequence[Box | None], classes: Sequence[str], paint: Sequence[Colour]
) -> None:
    """The names of objects: those of the highest scores choose their places first, else those of small objects."""
    order = range(len(boxes) - 1, -1, -1) if rows.scores is None else rows.scores.argsort(descending=True).tolist()
    letters = _letters(tags.size)
    for row in order:
        box, text = (boxes[row] if boxes else None), _row_text(rows, row, classes)
        if box is not None and text:
            field = (box[0], box[1], box[2] + 1, box[3] + 1)
            tags.add(text, paint[row], letters, around(field, text, letters, tags.size), field)


def name_regions(tags: Tags, shown: Annotation, classes: Sequence[str], factor: int) -> None:
    """The class of coloured pixels, once a class and inside its pixels, unless boxes tell the names."""
    if shown.get("instances.boxes") is not None:
        return
    for label, pixels in _regions(shown, len(classes)):
        y, x = pixels[(pixels - pixels.mean(0)).norm(dim=1).argmin()].tolist()
        letters = _letters(tags.size)
        place = (x * factor - 2 * letters, y * factor - letters / 2)
        point = (round(x * factor), round(y * factor)) * 2
        tags.add(_name(label, classes), class_colour(label), letters, [place], point)


def _regions(shown: Annotation, classes: int) -> Iterator[tuple[int, Tensor]]:
    """Each class of pixels that is shown, and (n, 2) its pixels y, x as floats."""
    if shown.semantic is not None:
        for label in shown.semantic.unique().tolist():
            if 0 <= label < classes:
                yield int(label), (shown.semantic == label).nonzero().float()
    masks = shown.semantic_masks if shown.semantic is None else None
    for label in [] if masks is None else masks.areas().nonzero()[:, 0].tolist():
        left, top, *_ = shown.get("semantic_masks").windows[label].tolist()
        corner = torch.tensor([top, left])
        yield label, (shown.get("semantic_masks").crop(label).nonzero() + corner).float()


def _row_text(rows: Instances, row: int, classes: Sequence[str]) -> str:
    if bool(rows.is_ignored[row]):
        return "ignored"
    name = "" if rows.labels is None else _name(int(rows.labels[row]), classes)
    score = "" if rows.scores is None else f"{float(rows.scores[row]):.0%}"
    marks = [mark for mark, column in (("crowd", rows.crowd), ("difficult", rows.difficult)) if _is_set(column, row)]
    return f"{' · '.join([name, *marks])} {score}".strip()


def _is_set(column: Tensor | None, row: int) -> bool:
    return column is not None and bool(column[row])


def _name(label: int, classes: Sequence[str]) -> str:
    return classes[label] if 0 <= label < len(classes) else str(label)


def _letters(size: tuple[int, int]) -> int:
    return max(max(size) // 30, 12)
