"""The shapes of one of LabelMe's files, checked and in our frame.

Points are x, y in pixels, continuous: 0 and the width are the picture's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.json_node import JsonNode, is_number, shown
from saccade.data.formats.common.origin import Box, clip
from saccade.data.formats.labelme.drawn import KIND, read_drawn, united
from saccade.ops import rle

READ = ("polygon", "rectangle", KIND)
Size = tuple[int, int]


@dataclass
class Shape:
    """One object.

    Attributes:
        name: Its class.
        node: Where it is written first.
        box: x1, y1, x2, y2, inside the picture.
        given: The box before it was cut off at the edge, or None.
        polygons: x1, y1, x2, y2 … each; none of a rectangle, or where there is a code.
        area: Pixels.
        code: Compressed run lengths of what is drawn pixel by pixel, or empty.
    """

    name: str
    node: JsonNode
    box: Box
    given: Box | None
    area: float
    polygons: list[NDArray[np.float64]] = field(default_factory=list[NDArray[np.float64]])
    code: bytes = b""


@dataclass(frozen=True)
class _Part:
    """One shape as it is written: its (n, 2) points, or what is drawn pixel by pixel."""

    node: JsonNode
    points: NDArray[np.float64]
    drawn: Masks | None = None


def read_shapes(root: JsonNode, size: Size, report: Report) -> tuple[list[Shape], list[str]]:
    """The objects of a file, and the kinds of the shapes that are not read.

    Polygons and masks of one class and one ``group_id`` are parts of one object.

    Args:
        root: The file's content.
        size: (H, W) of the picture.
        report: Told of every defect; if it returns, the faulty shape is left out.
    """
    groups: dict[tuple[str, str | int], list[_Part]] = {}
    unread: list[str] = []
    for node in root.items("shapes"):
        with telling(report):
            kind = _kind(node)
            if kind not in READ:
                unread.append(kind)
                continue
            name, part = node.get("label").text(), _part(node, kind, size)
            group = None if kind == "rectangle" else node.optional("group_id")
            key = (name, f"shape {node.key}" if group is None else group.identifier())
            groups.setdefault(key, []).append(part)
    found: list[Shape] = []
    for (name, _), members in groups.items():
        with telling(report):
            drawn = any(member.drawn is not None for member in members)
            found.append((_drawn if drawn else _outlined)(name, members, size))
    return found, unread


def _kind(node: JsonNode) -> str:
    if not isinstance(node.value, dict):
        raise node.wrong("a shape", shown(node.value))
    kind = node.optional("shape_type")
    return "polygon" if kind is None else kind.text()


def _points(node: JsonNode) -> NDArray[np.float64]:
    """(n, 2)."""
    points = node.get("points")
    pairs = points.value if isinstance(points.value, list) else None
    if pairs is None or not all(
        isinstance(pair, list) and len(pair) == 2 and all(map(is_number, pair)) for pair in pairs
    ):
        raise points.wrong("points [[x, y], …] of finite numbers", shown(points.value))
    return np.array(pairs, np.float64).reshape(-1, 2)


def _part(node: JsonNode, kind: str, size: Size) -> _Part:
    points = _points(node)
    if kind == KIND:
        return _Part(node, points, read_drawn(node, points, size))
    return _Part(node, _outline(node, points, size) if kind == "polygon" else _corners(node, points))


def _corners(node: JsonNode, points: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(points) not in (2, 4):
        raise node.get("points").wrong("two corners of a rectangle, or all four", f"{len(points)} points")
    return points


def _outline(node: JsonNode, points: NDArray[np.float64], size: Size) -> NDArray[np.float64]:
    try:
        rle.check_polygon(points.reshape(-1), size)
    except DataError as error:
        raise node.get("points").wrong(error.expected, error.found, "mend or delete the shape") from error
    return points


def _drawn(name: str, members: Sequence[_Part], size: Size) -> Shape:
    polygons = [one.points.reshape(-1) for one in members if one.drawn is None]
    mask = united([one.drawn for one in members if one.drawn is not None], polygons, size)
    x1, y1, x2, y2 = mask.boxes()[0].tolist()
    code = rle.encode(mask)[0]["counts"].encode()
    return Shape(name, members[0].node, (x1, y1, x2, y2), None, float(mask.areas()[0]), code=code)


def _outlined(name: str, members: Sequence[_Part], size: Size) -> Shape:
    node = members[0].node
    points = np.concatenate([one.points for one in members])
    (x1, y1), (x2, y2) = points.min(0).tolist(), points.max(0).tolist()
    box, given = clip((x1, y1, x2, y2), size)
    place = node.get("points")
    if x2 <= x1 or y2 <= y1:
        raise place.wrong("a shape of some area", "points in a line", "mend or delete the shape")
    if box[2] <= box[0] or box[3] <= box[1]:
        raise place.wrong(f"a shape inside the picture of {size[1]}x{size[0]}", shown(place.value), "mend or delete it")
    if _kind(node) == "rectangle":
        return Shape(name, node, box, given, (box[2] - box[0]) * (box[3] - box[1]))
    polygons = [one.points.reshape(-1) for one in members]
    return Shape(name, node, box, given, sum(_area(one.points) for one in members), polygons)


def _area(points: NDArray[np.float64]) -> float:
    x, y = points.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
