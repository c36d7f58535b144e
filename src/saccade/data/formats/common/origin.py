"""Where objects are written, so that whatever is odd about one can be traced to its line.

Legend: N pictures, M objects of all pictures, k of them cut off at their picture's edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from saccade.data.formats.common.store import RaggedArray

Form = Literal["coco", "voc", "yolo", "csv", "labelme"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Origin:
    """The places of M objects in their files.

    Attributes:
        form: The format, which says what a place is.
        files: The annotation file of each picture, or the one file of all.
        places: (M,) int32, an object's place in its file: for ``coco`` that in the list of annotations and for
            ``voc`` and ``labelme`` that among the objects or shapes, from 0; for ``yolo`` and ``csv`` the line, from 1.
        cut: (k,) int64, the objects whose boxes reached over the edge, in rising order.
        given: (k, 4) float32, their boxes x1, y1, x2, y2 as they were before.
    """

    form: Form
    files: RaggedArray
    places: NDArray[np.int32]
    cut: NDArray[np.int64]
    given: NDArray[Any]

    @staticmethod
    def of(form: Form, files: Sequence[Path], places: Sequence[int], given: Sequence[Box | None]) -> "Origin":
        """The origins of M objects.

        Args:
            form: The format.
            files: A file for each picture, or one for all.
            places: M places.
            given: M boxes as they were before they were cut off, None where nothing was.
        """
        return Origin(
            form,
            RaggedArray.of_text([str(file) for file in files]),
            np.array(places, np.int32),
            np.array([row for row, box in enumerate(given) if box is not None], np.int64),
            np.array([box for box in given if box is not None], np.float32).reshape(-1, 4),
        )

    def file(self, picture: int) -> Path:
        """The file that annotates a picture."""
        return Path(self.files.text(picture if len(self.files) > 1 else 0))


def clip(box: Box, size: tuple[int, int]) -> tuple[Box, Box | None]:
    """A box inside a picture of `size` (H, W), and the box as it was, or None where nothing was cut off.

    The first has no area, or sides below 0, where the box lies outside.
    """
    x1, y1, x2, y2 = box
    height, width = size
    if x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height:
        return box, None
    return (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))), box
