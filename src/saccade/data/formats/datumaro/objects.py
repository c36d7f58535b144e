"""One picture's annotations as datumaro gives them, checked and in our frame.

Legend: n objects, K joints, (H, W) picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.object_rows import Row
from saccade.data.formats.common.origin import Box, clip
from saccade.ops import rle

# Kinds of annotations by datumaro's names. What is in none of these has no place in our `Annotation`.
_OUTLINED = ("polygon", "rotated_bbox", "ellipse")
_OBJECTS = ("bbox", "mask", *_OUTLINED)
WHOLE = "label"
# Attributes by which formats say that a box holds a crowd, that evaluation passes an object over, that it is not there.
_CROWD, _DIFFICULT, _GONE = ("is_crowd", "is_group_of"), ("difficult",), ("outside",)


@dataclass(frozen=True)
class Item:
    """A picture that is being read.

    Attributes:
        name: Datumaro's identifier of it.
        path: Its file.
        size: (H, W).
        classes: How many classes there are.
        joints: K, or 0 where the joints are not named.
    """

    name: str
    path: str
    size: tuple[int, int]
    classes: int
    joints: int

    def wrong(self, part: Any, expected: str, found: object) -> DataError:
        """The error that says what is wrong with an annotation, and in which item."""
        return DataError(
            expected,
            found,
            path=self.path,
            annotation_id=part.id,
            within=f"item {self.name!r}",
            cure="mend or delete the annotation",
        )


@dataclass(frozen=True)
class Object:
    """One object, and whether evaluation passes it over."""

    row: Row
    difficult: bool


def kind_of(part: Any) -> str:
    """Datumaro's name for an annotation's kind, such as ``bbox``."""
    return str(part.type.name)


def is_read(part: Any, joints: int) -> bool:
    """Whether an annotation has a place here: points only where the `joints` are named."""
    return kind_of(part) in (WHOLE, *_OBJECTS) or (kind_of(part) == "points" and joints > 0)


def read_objects(parts: Sequence[Any], item: Item, report: Report) -> list[Object]:
    """The objects of a picture, in the order in which they are painted.

    Annotations of one group and class are one object, unless they have several boxes or sets of points.

    Args:
        parts: Datumaro's annotations.
        item: The picture.
        report: Told of every defect; if it returns, the object is left out.
    """
    wanted = [part for part in parts if kind_of(part) != WHOLE and is_read(part, item.joints)]
    present = [part for part in wanted if not _says(part, _GONE)]
    found: list[Object] = []
    for group in _united(sorted(present, key=lambda part: part.z_order)):
        with telling(report):
            crowd, difficult = (any(_says(part, names) for part in group) for names in (_CROWD, _DIFFICULT))
            found.append(Object(_row(group, item, crowd), difficult))
    return found


def check_label(part: Any, item: Item) -> int:
    """The class of an annotation.

    Raises:
        DataError: It has none, or one that is not listed.
    """
    if part.label is None or not 0 <= part.label < item.classes:
        found = "none" if part.label is None else part.label
        raise item.wrong(part, f"a class among {item.classes}", found)
    return int(part.label)


def _says(part: Any, names: Sequence[str]) -> bool:
    """Whether one of the attributes is set: a flag, a number or a word, as the format likes."""
    return any(str(part.attributes.get(name, "")).lower() in ("1", "1.0", "true", "yes") for name in names)


def _united(parts: Sequence[Any]) -> list[list[Any]]:
    groups: dict[object, list[Any]] = {}
    for place, part in enumerate(parts):
        groups.setdefault((part.group, part.label) if part.group else place, []).append(part)
    found: list[list[Any]] = []
    for group in groups.values():
        kinds = [kind_of(part) for part in group]
        # Several boxes are several objects that stand together.
        whole = kinds.count("bbox") <= 1 and kinds.count("points") <= 1
        found += [group] if whole else [[part] for part in group]
    return found


def _row(group: list[Any], item: Item, crowd: bool) -> Row:
    label = check_label(group[0], item)
    polygons = [_polygon(part, item) for part in group if kind_of(part) in _OUTLINED]
    masks = [_mask(part, item) for part in group if kind_of(part) == "mask"]
    points, visible = _keypoints(group, item)
    dense = _union(masks, polygons, item.size) if masks else None
    box, given = _box(group, item, polygons, dense, (points, visible))
    code = b"" if dense is None else _code(dense)
    area = (box[2] - box[0]) * (box[3] - box[1])
    if dense is not None:
        area, polygons = float(dense.sum()), []
    elif polygons:
        area = sum(map(_polygon_area, polygons))
    return Row(box, label, area, crowd, points, visible, code, polygons, given=given)


def _box(
    group: list[Any],
    item: Item,
    polygons: Sequence[NDArray[np.float64]],
    dense: NDArray[np.bool_] | None,
    joints: tuple[list[float], list[int]],
) -> tuple[Box, Box | None]:
    """The annotated box, or else the extent of the outline or of the joints; and as it was before it was cut off."""
    told = next((part for part in group if kind_of(part) == "bbox"), None)
    if told is not None:
        x, y, width, height = map(float, told.get_bbox())
        edges = (x, y, x + width, y + height)
    elif dense is not None:
        rows, columns = np.flatnonzero(dense.any(1)), np.flatnonzero(dense.any(0))
        edges = (float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1)
    else:
        seen = np.array(joints[0], np.float64).reshape(-1, 2)[np.array(joints[1], np.int64) > 0]
        points = np.concatenate([*(polygon.reshape(-1, 2) for polygon in polygons), seen, np.zeros((0, 2))])
        edges = (*points.min(0).tolist(), *points.max(0).tolist()) if len(points) else (0.0, 0.0, 0.0, 0.0)
    box, given = clip(edges, item.size)
    # Written so that what is no number fails too.
    if not (edges[2] > edges[0] and edges[3] > edges[1] and box[2] > box[0] and box[3] > box[1]):
        height, width = item.size
        said = ", ".join(f"{edge:g}" for edge in edges)
        wanted = f"a box of some area inside the picture of {width}x{height}"
        raise item.wrong(told or group[0], wanted, f"x1, y1, x2, y2 = {said}")
    return box, given


def _keypoints(group: list[Any], item: Item) -> tuple[list[float], list[int]]:
    """x, y of each joint, and whether each is visible; zeros where the object has none."""
    part = next((part for part in group if kind_of(part) == "points"), None)
    if part is None:
        return [0.0] * 2 * item.joints, [0] * item.joints
    if len(part.points) != 2 * item.joints or not np.isfinite(part.points).all():
        raise item.wrong(part, f"{item.joints} joints, two numbers each", part.points)
    visible = [int(state) for state in part.visibility]
    return [float(value) if visible[place // 2] else 0.0 for place, value in enumerate(part.points)], visible


def _polygon(part: Any, item: Item) -> NDArray[np.float64]:
    polygon = np.array(part.as_polygon(), np.float64).ravel()
    try:
        rle.check_polygon(polygon, item.size)
    except DataError as error:
        raise item.wrong(part, error.expected, error.found) from error
    return polygon


def _polygon_area(polygon: NDArray[np.float64]) -> float:
    x, y = polygon.reshape(-1, 2).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _mask(part: Any, item: Item) -> NDArray[np.bool_]:
    try:
        # Run lengths are checked and decoded here: COCO's own decoder trusts them.
        mask = _decoded(part.rle, item.size) if hasattr(part, "rle") else np.asarray(part.image).astype(np.bool_)
    except DataError as error:
        raise item.wrong(part, error.expected, error.found) from error
    except Exception as error:  # Masks are drawn, or read from their files, only now; anything may be wrong with them.
        found = str(error) or type(error).__name__
        raise item.wrong(part, "a mask that can be read", found) from error
    if mask.shape != item.size:
        raise item.wrong(part, f"a mask of {item.size[1]}x{item.size[0]}", f"one of shape {mask.shape}")
    if not mask.any():
        raise item.wrong(part, "a mask of some pixels", "an empty one")
    return mask


def _decoded(code: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    if tuple(code["size"]) != size:
        height, width = code["size"]
        raise DataError(f"a mask of {size[1]}x{size[0]}", f"one of {width}x{height}")
    counts = code["counts"]
    return rle.decode([counts.encode("ascii") if isinstance(counts, str) else bytes(counts)], size).dense()[0].numpy()


def _union(
    masks: Sequence[NDArray[np.bool_]], polygons: Sequence[NDArray[np.float64]], size: tuple[int, int]
) -> NDArray[np.bool_]:
    drawn = [rle.decode([rle.rasterise(polygons, size)], size).dense()[0].numpy()] if polygons else []
    return np.logical_or.reduce([*masks, *drawn])


def _code(dense: NDArray[np.bool_]) -> bytes:
    return rle.encode(Masks.from_dense(torch.from_numpy(dense[None].copy())))[0]["counts"].encode("ascii")
