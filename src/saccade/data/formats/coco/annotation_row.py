"""One annotation of a COCO document, checked and in our frame."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import telling
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.data.formats.common.object_rows import Row
from saccade.data.formats.common.origin import Box, clip
from saccade.data.formats.common.wrong_numbers import WrongBox
from saccade.ops import rle

Size = tuple[int, int]
_ANY: Size = (2**62, 2**62)
_NONE: Box = (0.0, 0.0, 0.0, 0.0)


def read_row(node: JsonNode, size: Size, label: int, joints: int) -> Row:
    """One annotation of a picture of `size` (H, W).

    Args:
        node: The annotation.
        size: (H, W) of its picture.
        label: Its class, 0..C-1.
        joints: How many joints the document declares; 0 for none.

    Raises:
        DataError: A field is missing or wrong.
    """
    box, given = _box(node.get("bbox"), size)
    points, visible = _keypoints(node, joints)
    code, polygons = _outline(node, size)
    place = int(node.key)
    return Row(box, label, _area(node, box), _crowd(node), points, visible, code, polygons, place, given)


def row_faults(node: JsonNode, size: Size | None, joints: int) -> list[DataError]:
    """All that is wrong with the fields of an annotation that `read_row` refuses.

    Args:
        node: The annotation.
        size: (H, W) of its picture; None where it is not known, and outlines cannot be judged.
        joints: How many joints the document declares.
    """
    found: list[DataError] = []
    with telling(found.append):
        _box(node.get("bbox"), size or _ANY)
    for check in (lambda: _area(node, _NONE), lambda: _crowd(node), lambda: _keypoints(node, joints)):
        with telling(found.append):
            check()
    with telling(found.append):
        if size is not None:
            _outline(node, size)
    return found


def _area(node: JsonNode, box: Box) -> float:
    """As annotated, or else that of the box."""
    area = node.optional("area")
    if area is None:
        return (box[2] - box[0]) * (box[3] - box[1])
    if area.number() < 0:
        raise area.wrong("an area of at least 0", area.value)
    return float(area.value)


def _crowd(node: JsonNode) -> bool:
    """Whether it is a crowd, or a region of its class to ignore, which some data sets' own tools write so."""
    crowd, ignore = _flag(node, "iscrowd"), _flag(node, "ignore")
    return crowd or ignore


def _flag(node: JsonNode, name: str) -> bool:
    flag = node.optional(name)
    if flag is not None and flag.value not in (0, 1):
        raise flag.wrong("0 or 1", shown(flag.value))
    return flag is not None and bool(flag.value)


def _box(node: JsonNode, size: Size) -> tuple[Box, Box | None]:
    x, y, width, height = node.numbers(4)
    if width <= 0 or height <= 0:
        flat = node.wrong("a box [x, y, width, height] of some area", node.value, "mend or delete it")
        raise flat.with_evidence(WrongBox(tuple(node.value)))
    box, given = clip((x, y, x + width, y + height), size)
    x1, y1, x2, y2 = box
    if x2 <= x1 or y2 <= y1:
        outside = node.wrong(f"a box inside the picture of {size[1]}x{size[0]}", node.value, "mend or delete it")
        raise outside.with_evidence(WrongBox(tuple(node.value), size))
    return box, given


def _keypoints(node: JsonNode, joints: int) -> tuple[list[float], list[int]]:
    """x, y of each joint, and whether each is visible."""
    keypoints = node.optional("keypoints")
    if not joints:
        if keypoints is not None and keypoints.value:
            cure = 'add "keypoints" to the category'
            raise keypoints.wrong("no keypoints, since no category names them", shown(keypoints.value), cure)
        return [], []
    if keypoints is None:
        return [0.0] * 2 * joints, [0] * joints
    values = [0.0] * 3 * joints if keypoints.value == [] else keypoints.numbers(3 * joints)
    visible = values[2::3]
    for joint, state in enumerate(visible):
        if state not in (0, 1, 2):
            raise keypoints.get(3 * joint + 2).wrong("a visibility of 0, 1 or 2", state)
    count, marked = node.optional("num_keypoints"), sum(state > 0 for state in visible)
    if count is not None and count.value != marked:
        raise count.wrong(f"{marked}, the number of keypoints with a visibility of 1 or 2", shown(count.value))
    # COCO's joints name whole pixels, whose centres are at +.5; its boxes and polygons are continuous already.
    points = [
        value + 0.5 if state else 0.0
        for x, y, state in zip(values[0::3], values[1::3], visible, strict=True)
        for value in (x, y)
    ]
    return points, [int(state) for state in visible]


def _outline(node: JsonNode, size: Size) -> tuple[bytes, list[NDArray[np.float64]]]:
    """Run lengths or polygons; neither where there is no outline."""
    outline = node.optional("segmentation")
    if outline is None or not outline.value:
        return b"", []
    if isinstance(outline.value, dict):
        return _code(outline, size), []
    if not isinstance(outline.value, list):
        raise outline.wrong("polygons or run lengths", shown(outline.value))
    return b"", [_polygon(outline.get(part), size) for part in range(len(outline.value))]


def _polygon(node: JsonNode, size: Size) -> NDArray[np.float64]:
    if not isinstance(node.value, list) or not set(map(type, node.value)) <= {int, float}:
        raise node.wrong("a polygon [x1, y1, x2, y2, …]", shown(node.value))
    polygon = np.array(node.value, np.float64)
    try:
        rle.check_polygon(polygon, size)
    except DataError as error:
        raise node.wrong(error.expected, error.found) from error
    return polygon


def _code(node: JsonNode, size: Size) -> bytes:
    declared = node.get("size").numbers(2)
    if tuple(declared) != size:
        raise node.get("size").wrong(f"the picture's size [{size[0]}, {size[1]}]", declared)
    counts = node.get("counts")
    try:
        if isinstance(counts.value, str):
            text = counts.value.encode("ascii")
            rle.check(rle.expand(text), size)
            return text
        return rle.compress([int(count) for count in counts.numbers()], size)
    except DataError as error:
        raise counts.wrong(error.expected, error.found) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise counts.wrong("run lengths", error) from error
