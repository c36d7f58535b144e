"""What four numbers may mean: many boxes that leave their pictures are often written in another form than read.

Legend: M boxes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.data.check.objects import Objects
from saccade.data.formats.common.origin import Form
from saccade.data.formats.common.wrong_numbers import WrongBox, WrongFraction

Numbers = NDArray[np.float64]

FEWEST, LEAST_SHARE = 5, 0.2  # boxes that leave their pictures, from which on it is no chance
_BEST = 0.95  # share of all boxes that a form must explain
_SLACK = 1.5  # pixels

_MOST_FRACTION = 2.0  # Above it a number is no fraction of a box that leaves the picture, but pixels.


def _corners(n: Numbers) -> Numbers:
    return n


def _extent(n: Numbers) -> Numbers:
    return np.concatenate([n[:, :2], n[:, :2] + n[:, 2:]], 1)


def _centre(n: Numbers) -> Numbers:
    return np.concatenate([n[:, :2] - n[:, 2:] / 2, n[:, :2] + n[:, 2:] / 2], 1)


_FORMS: dict[str, Callable[[Numbers], Numbers]] = {
    "x1, y1, x2, y2": _corners,
    "x, y, width, height": _extent,
    "centre x, centre y, width, height": _centre,
}
_SWAPPED = {"x1, y1, x2, y2": "y1, x1, y2, x2", "x, y, width, height": "y, x, height, width"}
READ_AS: dict[Form, str] = {
    "coco": "x, y, width, height",
    "voc": "x1, y1, x2, y2",
    "csv": "x1, y1, x2, y2",
    "labelme": "x1, y1, x2, y2",
    "yolo": "centre x, centre y, width, height",
}


@dataclass(frozen=True)
class Written:
    """Boxes as they are written.

    Attributes:
        form: What their four numbers are taken for.
        numbers: (M, 4), in pixels.
        sizes: (M, 2) W, H of their pictures, infinite where unknown.
    """

    form: str
    numbers: Numbers
    sizes: Numbers

    def fits(self, form: str, swapped: bool = False) -> NDArray[np.bool_]:
        """(M,) whether each box is one inside its picture, if its numbers are read in a form."""
        boxes = _FORMS[form](self.numbers[:, [1, 0, 3, 2]] if swapped else self.numbers)
        low, high = boxes[:, :2], boxes[:, 2:]
        return np.all((high > low) & (low >= -_SLACK) & (high <= self.sizes + _SLACK), axis=1)

    def degenerate(self) -> NDArray[np.bool_]:
        """(M,) whether each box has no area."""
        boxes = _FORMS[self.form](self.numbers)
        return np.any(boxes[:, 2:] <= boxes[:, :2], axis=1)

    def likeliest(self) -> str | None:
        """The other form that explains nearly all boxes; None where there is none."""
        known = float(self.fits(self.form).mean())
        shares = {name: float(self.fits(name).mean()) for name in _FORMS if name != self.form}
        shares |= {name: float(self.fits(form, swapped=True).mean()) for form, name in _SWAPPED.items()}
        # Of equals the first is taken: swapped sides explain least.
        best = max(shares, key=lambda name: shares[name])
        return best if shares[best] >= max(_BEST, known + LEAST_SHARE / 2) else None


def written(objects: Objects, errors: Sequence[DataError]) -> Written | None:
    """The boxes of a split as they are written, those that the reader refused among them.

    Args:
        objects: What the reader took.
        errors: What it refused.
    """
    if objects.origin is None:
        return None
    form = READ_AS[objects.origin.form]
    boxes = objects.given().astype(np.float64)
    if form == "x, y, width, height":
        boxes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    elif form.startswith("centre"):
        boxes = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)
    refused = [error.evidence for error in errors if isinstance(error.evidence, WrongBox)]
    numbers = np.array([box.numbers for box in refused], np.float64).reshape(-1, 4)
    sizes = np.array([box.size[::-1] if box.size else (np.inf, np.inf) for box in refused], float).reshape(-1, 2)
    return Written(form, np.concatenate([boxes, numbers]), np.concatenate([objects.limits.astype(float), sizes]))


def refused_pixels(errors: Sequence[DataError]) -> int:
    """How many lines were refused since they hold pixels where fractions are expected."""
    found = [error.evidence for error in errors]
    return sum(1 for one in found if isinstance(one, WrongFraction) and one.value > _MOST_FRACTION)
