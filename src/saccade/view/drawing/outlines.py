"""Boxes laid over a picture with arrows between them: anchors of a position, boxes and what they are to become."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot

from PIL import Image, ImageDraw

from saccade.view.drawing.lettering import draw_tag
from saccade.view.drawing.palette import Colour

_OUTSIDE: Colour = (150, 156, 163)
_EDGE: Colour = (24, 28, 34)
_MOST = 0.5  # of the longer side, which is shown around a picture at most
_DASH, _HEAD = 6, 7  # pixels of a dash, and of an arrow's head

Box = Sequence[float]


@dataclass(frozen=True)
class Outline:
    """A box as it is drawn.

    Attributes:
        box: x1, y1, x2, y2 in the picture's pixels, which it may leave.
        colour: Of its lines.
        width: Of its lines in pixels; from 3 on they have a dark rim.
        dashed: Whether they are broken.
        text: What stands in its upper left corner.
    """

    box: Box
    colour: Colour
    width: int = 1
    dashed: bool = False
    text: str = ""


@dataclass(frozen=True)
class Arrow:
    """An arrow from the middle of one box to that of another.

    Attributes:
        start: The one.
        end: The other.
        colour: Of its lines.
    """

    start: Box
    end: Box
    colour: Colour


def outlines_over(
    picture: Image.Image, outlines: Sequence[Outline], arrows: Sequence[Arrow] = (), room: Sequence[Box] = ()
) -> Image.Image:
    """The picture with boxes over it, the last on top, then arrows; and around it as far as boxes reach.

    Args:
        picture: RGB.
        outlines: What is drawn; a box is shown as far as half of the picture's longer side beyond it.
        arrows: From box to box. Where both have the same middle there is a dot.
        room: Further boxes that there is to be room for, so that several drawings are of one size.
    """
    rim = _rim(picture.size, [*(outline.box for outline in outlines), *room])
    page = Image.new("RGB", (picture.width + 2 * rim, picture.height + 2 * rim), _OUTSIDE)
    page.paste(picture, (rim, rim))
    pen = ImageDraw.Draw(page)
    for outline in outlines:
        _draw_outline(pen, outline, rim)
    for arrow in arrows:
        _draw_arrow(pen, arrow, rim)
    for outline in outlines:
        if outline.text:
            place = (outline.box[0] + rim + outline.width, outline.box[1] + rim + outline.width)
            draw_tag(pen, place, outline.text, outline.colour, max(max(page.size) // 34, 12))
    return page


def _rim(size: tuple[int, int], boxes: Sequence[Box]) -> int:
    """Pixels around a picture that boxes reach beyond it, as far as they are shown."""
    width, height = size
    reach = max((max(-x1, -y1, x2 - width, y2 - height) for x1, y1, x2, y2 in boxes), default=0.0)
    return min(ceil(reach) + 2, ceil(max(size) * _MOST)) if reach > 0 else 0


def _draw_outline(pen: ImageDraw.ImageDraw, outline: Outline, rim: int) -> None:
    x1, y1, x2, y2 = (round(edge) + rim for edge in outline.box)
    x2, y2 = max(x2 - 1, x1), max(y2 - 1, y1)
    if outline.dashed:
        for line in (((x1, y1), (x2, y1)), ((x1, y2), (x2, y2)), ((x1, y1), (x1, y2)), ((x2, y1), (x2, y2))):
            _draw_dashes(pen, *line, outline)
        return
    if outline.width >= 3:
        pen.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=_EDGE, width=outline.width + 2)
    pen.rectangle((x1, y1, x2, y2), outline=outline.colour, width=outline.width)


def _draw_dashes(pen: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], outline: Outline) -> None:
    """A broken line along one axis."""
    length = max(end[0] - start[0], end[1] - start[1])
    across = end[0] > start[0]
    for at in range(0, length + 1, 2 * _DASH):
        far = min(at + _DASH, length)
        near, to = ((at, 0), (far, 0)) if across else ((0, at), (0, far))
        line = (start[0] + near[0], start[1] + near[1], start[0] + to[0], start[1] + to[1])
        pen.line(line, fill=outline.colour, width=outline.width)


def _draw_arrow(pen: ImageDraw.ImageDraw, arrow: Arrow, rim: int) -> None:
    (x1, y1), (x2, y2) = (
        ((box[0] + box[2]) / 2 + rim, (box[1] + box[3]) / 2 + rim) for box in (arrow.start, arrow.end)
    )
    length = hypot(x2 - x1, y2 - y1)
    if length < 1:
        pen.ellipse((x1 - 3, y1 - 3, x1 + 3, y1 + 3), fill=arrow.colour, outline=_EDGE)
        return
    across, down = (x2 - x1) / length, (y2 - y1) / length
    head = min(_HEAD, length)
    root_x, root_y = x2 - across * head, y2 - down * head
    pen.line((x1, y1, x2, y2), fill=_EDGE, width=4)
    pen.line((x1, y1, x2, y2), fill=arrow.colour, width=2)
    left, right = (
        (root_x - down * head / 2, root_y + across * head / 2),
        (
            root_x + down * head / 2,
            root_y - across * head / 2,
        ),
    )
    pen.polygon([(x2, y2), left, right], fill=arrow.colour, outline=_EDGE)
