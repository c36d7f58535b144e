"""A picture with what it shows: truth or prediction, painted in colours by class.

Legend: n objects, (H, W) the picture, drawn `factor` times as large so that text is readable.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Joints
from saccade.core.joint_names import joints_by_name
from saccade.core.masks import Masks
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import UNTOLD_CONTOURS, Names, Vocabularies
from saccade.view.drawing.names import Box, name_boxes, name_picture, name_regions
from saccade.view.drawing.overlay import Canvas, lay_contours, lay_mask, lay_semantic
from saccade.view.drawing.palette import Colour, class_colour
from saccade.view.drawing.skeleton import draw_skeleton
from saccade.view.drawing.tags import Tags

_READABLE = 320  # pixels of the longer side: smaller pictures are enlarged by a whole number
_IGNORED: Colour = (150, 150, 150)
_LIGHT: Colour = (255, 255, 255)
_CLEAR, _FAINT = 0.5, 0.2  # opacity of classes per pixel: faint where masks lie over them
_RIM = 0.9  # that of the pixels where a class ends
# A localizer's few answers are all that it says of a picture.
_FEW = 5
# A network of poses tells joints of every picture: where nobody stands its maps are faint.
_SURE = 0.25


def draw(
    image: Tensor,
    annotation: Annotation,
    names: Names,
    joints: Joints | None = None,
    threshold: float | None = None,
    frames: Sequence[Colour | None] | None = None,
    enlarge: bool = True,
) -> Image.Image:
    """Paints all that an annotation says over its picture.

    Args:
        image: (C, H, W) uint8 0..255 or float 0..1; the first three channels show, or the first where there are fewer.
        annotation: What the picture shows, in its own pixels.
        names: Names of classes by label, or by vocabulary where pixels have other classes than objects; a label beyond
            them is drawn as its number.
        joints: What connects the joints of keypoints and pose; by default what their names tell, without which they
            are dots.
        threshold: Objects with lower scores are left out; of a pose the joints below .25 always are.
        frames: A colour for each object that is drawn around that of its class, or None for no second frame.
        enlarge: Whether a small picture is enlarged, so that text in it is readable.

    Returns:
        An RGB picture; one smaller than 320 pixels is enlarged by a whole number.
    """
    height, width = image.shape[-2:]
    factor = max(-(-_READABLE // max(height, width)), 1) if enlarge else 1
    picture = to_picture(image).resize((width * factor, height * factor), Image.Resampling.BICUBIC)
    order = _chosen(annotation.instances, threshold)
    rows = (annotation.instances or Instances())[order]
    shown = replace(annotation, instances=rows)
    paint = [_row_colour(shown, row) for row in range(len(order))]
    canvas = np.array(picture, dtype=np.float32)
    lists = Vocabularies.of(names, ("instances", "semantic"))
    classes, pixel_classes = lists.names("instances"), lists.names("semantic")
    _lay_maps(canvas, shown, factor, len(pixel_classes), paint)
    _lay_lines(canvas, shown, factor, lists.names("contours"))
    picture = Image.fromarray(canvas.round().astype(np.uint8))
    _draw_people(picture, shown, joints or joints_by_name(lists.names("pose")), factor)
    boxes = _boxes(rows, picture.size, factor)
    _draw_boxes(picture, boxes, paint, [None if frames is None else frames[place] for place in order])
    tags = Tags(picture.size)
    name_picture(tags, shown, classes)
    name_boxes(tags, rows, boxes, classes, paint)
    name_regions(tags, shown, pixel_classes, factor)
    tags.draw(picture)
    return picture


def drawn_from(prediction: Annotation, threshold: float | None, worth: float = UNMEASURED) -> float | None:
    """The score from which on instances are drawn: all that passed a threshold, else those that are worth it.

    Args:
        prediction: What is drawn.
        threshold: The score below which instances were left out, or None.
        worth: From which score on a detector's many answers are worth it.
    """
    rows = 0 if prediction.instances is None else len(prediction.instances)
    return least_drawn(rows, prediction.label_scores is not None, threshold, worth)


def least_drawn(rows: int, classified: bool, threshold: float | None, worth: float = UNMEASURED) -> float | None:
    """The same by the number of instances, and whether the class of the picture is told too."""
    return None if (classified and rows <= _FEW) or threshold is not None else worth


def to_picture(image: Tensor) -> Image.Image:
    """A (C, H, W) tensor, uint8 or float 0..1, as RGB: its first three channels, or its first where there are fewer."""
    shown = image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1)
    if shown.dtype != torch.uint8:
        shown = (shown.float().nan_to_num().clamp(0, 1) * 255).round().byte()
    return Image.fromarray(shown.permute(1, 2, 0).contiguous().cpu().numpy())


def _chosen(rows: Instances | None, threshold: float | None) -> list[int]:
    """Positions of the objects to draw, large ones first so that small ones stay on top."""
    if rows is None:
        return []
    places = torch.arange(len(rows))
    if threshold is not None and rows.scores is not None:
        places = places[rows.scores >= threshold]
    if rows.boxes is None:
        return places.tolist()
    width, height = (rows.boxes[places, 2:] - rows.boxes[places, :2]).unbind(1)
    return places[(width * height).argsort(descending=True, stable=True)].tolist()


def _lay_maps(canvas: Canvas, shown: Annotation, factor: int, classes: int, paint: Sequence[Colour]) -> None:
    rows = shown.instances
    if shown.semantic is not None:
        faint = rows is not None and rows.masks is not None
        opacity, rim = (_FAINT, None) if faint else (_CLEAR, _RIM)
        lay_semantic(canvas, _enlarged(shown.semantic, factor), classes, opacity, rim)
    layers = shown.semantic_masks
    if layers is not None and not (rows is not None and rows.masks is not None):
        largest = layers.areas().argsort(descending=True, stable=True).tolist()  # small ones stay on top
        _lay_masks(canvas, layers[largest], factor, [class_colour(label) for label in largest])
    if rows is not None and rows.masks is not None:
        _lay_masks(canvas, rows.masks, factor, paint)


def _lay_lines(canvas: Canvas, shown: Annotation, factor: int, names: Sequence[str]) -> None:
    """Contours: those of classes in their colours, the likeliest of each pixel; all others in one."""
    if shown.contours is None:
        return
    strongest, label = shown.contours.float().max(0)
    of_classes = len(shown.contours) == len(names) and tuple(names) != UNTOLD_CONTOURS
    lines = _enlarged(strongest, factor)
    lay_contours(canvas, lines, _enlarged(label, factor) if of_classes else None)


def _lay_masks(canvas: Canvas, masks: Masks, factor: int, paint: Sequence[Colour]) -> None:
    """One mask after the other, each in its own window: those of a crowd would not fit into memory all at once."""
    height, width = masks.size
    for row, (crop, (x1, y1, x2, y2)) in enumerate(zip(masks.crops(), masks.windows.tolist(), strict=True)):
        # A pixel more on each side, where there is one: the rim is drawn where the mask ends.
        left, top, right, bottom = max(x1 - 1, 0), max(y1 - 1, 0), min(x2 + 1, width), min(y2 + 1, height)
        mask = torch.zeros(bottom - top, right - left, dtype=torch.bool)
        mask[y1 - top : y2 - top, x1 - left : x2 - left] = crop
        window = canvas[top * factor : bottom * factor, left * factor : right * factor]
        lay_mask(window, _enlarged(mask, factor), paint[row], width=_stroke(canvas.shape))


def _boxes(rows: Instances, size: tuple[int, int], factor: int) -> list[Box | None]:
    """The outermost pixels of each object's box in a drawing of `size` (W, H)."""
    return [] if rows.boxes is None else [_inside((box * factor).tolist(), size) for box in rows.boxes]


def _draw_boxes(
    picture: Image.Image, boxes: Sequence[Box | None], paint: Sequence[Colour], frames: Sequence[Colour | None]
) -> None:
    """Boxes in the colour of their class; a second frame is the outer one, with a light line between the two."""
    pen, stroke = ImageDraw.Draw(picture), _stroke(picture.size)
    for box, colour, frame in zip(boxes, paint, frames, strict=bool(boxes)):
        if box is None:
            continue
        if frame is not None:
            pen.rectangle(box, outline=frame, width=stroke)
            pen.rectangle(_within(box, stroke), outline=_LIGHT, width=1)
        pen.rectangle(box if frame is None else _within(box, stroke + 1), outline=colour, width=stroke)


def _within(box: Box, width: int) -> Box:
    """The box smaller by some pixels on each side, as far as it has them."""
    x1, y1, x2, y2 = box
    across, down = min(width, (x2 - x1) // 2), min(width, (y2 - y1) // 2)
    return x1 + across, y1 + down, x2 - across, y2 - down


def _inside(box: list[float], size: tuple[int, int]) -> Box | None:
    """The box's outermost pixels in a picture of `size` (W, H); None where there are none."""
    if not np.isfinite(box).all():
        return None
    (x1, y1), (x2, y2) = (
        [round(min(max(at, 0), end)) for at, end in zip(corner, size, strict=True)] for corner in (box[:2], box[2:])
    )
    return (x1, y1, x2 - 1, y2 - 1) if x1 < x2 and y1 < y2 else None


def _draw_people(picture: Image.Image, shown: Annotation, joints: Joints | None, factor: int) -> None:
    """The keypoints of all objects; the pose where it is the only one."""
    stroke = _stroke(picture.size)
    rows = shown.instances
    if rows is not None and rows.keypoints is not None:
        for row, points in enumerate(rows.keypoints):
            draw_skeleton(picture, points * factor, _given(points, rows.visible, row), joints, stroke)
    elif shown.pose is not None:
        visible = _given(shown.pose, shown.pose_visible)
        if shown.pose_scores is not None:
            visible = torch.where(shown.pose_scores >= _SURE, visible, torch.zeros_like(visible))
        draw_skeleton(picture, shown.pose * factor, visible, joints, stroke)


def _given(points: Tensor, visible: Tensor | None, row: int | None = None) -> Tensor:
    if visible is None:
        return torch.full((len(points),), 2)
    return visible if row is None else visible[row]


def _row_colour(shown: Annotation, row: int) -> Colour:
    """That of the object's class; of objects without one that of the picture's class, else one for each object."""
    rows = shown.instances or Instances()
    if bool(rows.is_ignored[row]):
        return _IGNORED
    if rows.labels is not None:
        return class_colour(int(rows.labels[row]))
    return class_colour(row if shown.label is None else int(shown.label))


def _enlarged(pixels: Tensor, factor: int) -> NDArray[Any]:
    """(H, W) values, each repeated over the pixels that it covers in the drawing."""
    return pixels.cpu().repeat_interleave(factor, 0).repeat_interleave(factor, 1).numpy()


def _stroke(size: tuple[int, ...]) -> int:
    return max(max(size) // 140, 2)
