"""Outlines that enclose nothing: all of their points lie on one line.

Legend: P polygons.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from saccade.data.check.annotations.places import object_defect
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.store import RaggedArray

_NOTHING = 1e-6  # pixels


def flat_outlines(part: Part, objects: Objects) -> Iterator[Defect]:
    """The polygons of a split without area."""
    if objects.shapes is None:
        return
    parts = objects.shapes.parts
    for polygon in np.flatnonzero(extents(objects.shapes.polygons) <= _NOTHING).tolist():
        row = int(np.searchsorted(parts, polygon, "right")) - 1
        field = f"segmentation/{polygon - int(parts[row])}"
        found, expected = "points on one line, which enclose nothing", "a polygon of some area"
        yield object_defect(part, objects, row, found, expected, "draw it again, or delete it", field)


def extents(polygons: RaggedArray) -> NDArray[np.float64]:
    """(P,) twice the greatest area of a triangle of the first point and two that follow each other."""
    if not len(polygons):
        return np.zeros(0)
    starts = polygons.starts[:-1] // 2
    points = polygons.values.reshape(-1, 2).astype(np.float64)
    lengths = np.diff(polygons.starts) // 2
    points = points - np.repeat(points[starts], lengths, axis=0)
    # The last point of a polygon is paired with the next one's first, which is the origin there.
    following = np.concatenate([points[1:], np.zeros((1, 2))])
    return np.maximum.reduceat(np.abs(points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]), starts)
