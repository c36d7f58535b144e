"""Names on a picture, placed so that none covers another.

Each name says where it would like to stand. Where another one stands already it goes to the nearest free place, and a
line leads back to what it names; where no place is free within reach it is left out, and the colour alone tells.

Legend: t tags that stand, c places that are tried.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from saccade.view.drawing.lettering import draw_tag, tag_field
from saccade.view.drawing.palette import Colour

Point = tuple[float, float]
Field = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels, the last two just outside
_REACH = 9  # heights of a tag that it may be moved by
_STEP = 3  # places that are tried, to a height


class _Placed(NamedTuple):
    field: Field
    text: str
    colour: Colour
    size: int
    names: Field | None  # what it is led back to


class Tags:
    """Names that are placed one after the other, and drawn together.

    Args:
        size: (W, H) of the picture.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._placed: list[_Placed] = []

    @property
    def fields(self) -> list[Field]:
        """Where the tags stand that have a place."""
        return [one.field for one in self._placed]

    def add(
        self, text: str, colour: Colour, size: int, places: Sequence[Point], names: Field | None = None
    ) -> Field | None:
        """Finds a place for a name, or leaves it out.

        Args:
            text: What to write.
            colour: Of the field that it stands on.
            size: Height of the letters in pixels.
            places: Upper left corners that it would like to have, the best first.
            names: The part of the picture that it names, to which a line leads from farther away.

        Returns:
            Where it stands, or None.
        """
        wanted = [tag_field(self.size, place, text, size) for place in places]
        near = next((field for field in wanted if field is not None and self._is_free(field)), None)
        if near is not None:
            self._placed.append(_Placed(near, text, colour, size, None))
            return near
        far = None if not wanted or wanted[0] is None else self._nearest(wanted[0])
        if far is not None:
            self._placed.append(_Placed(far, text, colour, size, names))
        return far

    def draw(self, picture: Image.Image) -> None:
        """Draws all lines, then all names."""
        pen = ImageDraw.Draw(picture)
        for one in self._placed:
            if one.names is not None:
                pen.line(_between(one.field, one.names), fill=one.colour, width=max(one.size // 8, 1))
        for one in self._placed:
            draw_tag(pen, one.field[:2], one.text, one.colour, one.size)

    def _is_free(self, field: Field) -> bool:
        return bool(self._free(np.array([field]))[0])

    def _free(self, fields: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(c,) which of the fields (c, 4) cover no tag."""
        others = np.array(self.fields, np.int64).reshape(-1, 4)
        apart_x = (fields[:, None, 2] <= others[:, 0]) | (others[:, 2] <= fields[:, None, 0])
        apart_y = (fields[:, None, 3] <= others[:, 1]) | (others[:, 3] <= fields[:, None, 1])
        return np.asarray(np.all(apart_x | apart_y, axis=1))

    def _nearest(self, wanted: Field) -> Field | None:
        """The free field of the same size that is nearest to where a tag would like to stand."""
        left, top, right, bottom = wanted
        height = bottom - top
        moves = np.arange(-_REACH * _STEP, _REACH * _STEP + 1) * max(height // _STEP, 1)
        x, y = (part.ravel() for part in np.meshgrid(left + moves, top + moves))
        inside = (x >= 0) & (y >= 0) & (x + right - left <= self.size[0]) & (y + height <= self.size[1])
        x, y = x[inside], y[inside]
        near = np.argsort((x - left) ** 2 + (y - top) ** 2, kind="stable")
        fields = np.stack([x, y, x + right - left, y + height], 1)[near]
        free = np.flatnonzero(self._free(fields))
        if not len(free):
            return None
        x1, y1, x2, y2 = map(int, fields[free[0]])
        return x1, y1, x2, y2


def around(box: Field, text: str, size: int, picture: tuple[int, int]) -> list[Point]:
    """Upper left corners of a tag that stands at a box, above it first."""
    field = tag_field(picture, (0, 0), text, size)
    if field is None:
        return []
    (x1, y1, x2, y2), (width, height) = box, field[2:]
    above = [(x1, y1 - height), (x2 - width, y1 - height)] if y1 >= height else []
    below = [(x1, y2), (x2 - width, y2)] if y2 + height <= picture[1] else []
    inside = [(x1, y1), (x1, y2 - height), (x2 - width, y1), (x2 - width, y2 - height)]
    return [*above[:1], *([] if above else inside[:1]), *below[:1], *above[1:], *below[1:], *inside]


def _between(field: Field, names: Field) -> tuple[float, float, float, float]:
    """From the middle of a tag to the nearest point of the rim of what it names."""
    x, y = (field[0] + field[2]) / 2, (field[1] + field[3]) / 2
    x1, y1, x2, y2 = names
    at_x, at_y = min(max(x, x1), x2), min(max(y, y1), y2)
    if (at_x, at_y) == (x, y):  # the tag stands inside
        at_x = x1 if x - x1 < x2 - x else x2
    return x, y, at_x, at_y
