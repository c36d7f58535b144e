"""Where the one person of a picture stands: the square that a single-person network of poses is shown.

Newell et al. 2016 (stacked hourglass), section 3.1, and its released code: MPII's centre lies too high and its scale is
tight, so that the square is moved down and widened.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.core.frame import Frame
from saccade.core.geometry.affine import scaling, translation

# Pixels of a person's height to one of MPII's scale.
HEIGHT = 200.0
# What a square of a person may be told by, the surest first.
Told = Literal["person", "box", "joints", "picture"]


class Square(NamedTuple):
    """An upright square around a person, which may reach beyond the picture.

    Attributes:
        x: Middle, in the picture's pixels.
        y: Middle.
        side: Length of a side, in the picture's pixels.
        told: What it is known by: ``person``, centre and scale; ``box``, that of the picture's only object; ``joints``,
            the hull of those that are annotated; ``picture``, the whole of it, since nothing tells of a person.
    """

    x: float
    y: float
    side: float
    told: Told


@dataclass(frozen=True)
class PersonCrop:
    """How the square around a person is found.

    Where centre and scale are known, as in MPII, these tell. Else the picture's only object does by its box, else the
    joints that are annotated by their hull; where nothing tells of a person, the whole picture is taken as one.

    Attributes:
        padding: Factor of the person's height, or of the longer side of the box or hull.
        down: Pixels by which the middle lies below MPII's centre, at scale 1.
    """

    padding: float = 1.25
    down: float = 15.0

    def __post_init__(self) -> None:
        if not (0 < self.padding < math.inf and math.isfinite(self.down)):
            raise ConfigError("a positive padding and a finite down", f"{self.padding} and {self.down}")

    def square(self, source: tuple[int, int], truth: Annotation | None = None) -> Square:
        """The square of a picture's person.

        Args:
            source: (H, W) of the picture.
            truth: What is known of the picture, in its pixels; None for nothing.
        """
        ways: tuple[Callable[[Annotation], Square | None], ...] = (self._by_person, self._by_box, self._by_joints)
        found = (None if truth is None else way(truth) for way in ways)
        whole = Square(source[1] / 2, source[0] / 2, float(max(source)), "picture")
        return next((square for square in found if square is not None), whole)

    def centre_and_scale(self, x: float, y: float, side: float) -> tuple[tuple[float, float], float]:
        """The place and scale, in MPII's terms, of a person whose square stands around (x, y) with sides of `side`."""
        scale = side / (HEIGHT * self.padding)
        return (x, y - self.down * scale), scale

    def frame(self, source: tuple[int, int], target: tuple[int, int], truth: Annotation | None = None) -> Frame:
        """The map of a picture's pixels that brings the person's square into the middle of the target.

        Args:
            source: (H, W) of the picture.
            target: (H, W) of what the network takes; the square fills its shorter side.
            truth: See `square`.
        """
        x, y, side, _ = self.square(source, truth)
        scale = min(target) / side
        matrix = translation(target[1] / 2, target[0] / 2) @ scaling(scale, scale) @ translation(-x, -y)
        return Frame(matrix, source, target)

    def _by_person(self, truth: Annotation) -> Square | None:
        centre, scale = truth.get("person.centre"), truth.get("person.scale")
        if centre is None or scale is None or not float(scale) > 0:
            return None
        x, y = centre.tolist()
        return Square(x, y + self.down * float(scale), HEIGHT * self.padding * float(scale), "person")

    def _by_box(self, truth: Annotation) -> Square | None:
        rows = truth.instances
        if rows is None or rows.boxes is None or len(rows) != 1 or (rows.crowd is not None and bool(rows.crowd.any())):
            return None
        return self._around(rows.boxes.view(2, 2), "box")

    def _by_joints(self, truth: Annotation) -> Square | None:
        if truth.pose is None:
            return None
        placed = truth.pose if truth.pose_visible is None else truth.pose[truth.pose_visible > 0]
        return self._around(placed, "joints") if len(placed) else None

    def _around(self, points: Tensor, told: Told) -> Square | None:
        """The square around the hull of points (n, 2); None where they have no extent."""
        (left, top), (right, bottom) = points.double().amin(0).tolist(), points.double().amax(0).tolist()
        longer = max(right - left, bottom - top)
        return Square((left + right) / 2, (top + bottom) / 2, self.padding * longer, told) if longer > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for YAML and JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "PersonCrop":
        """The crop that `as_dict` wrote.

        Raises:
            ConfigError: A key is unknown.
        """
        known = [field.name for field in fields(PersonCrop)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError("keys of a person's crop", unknown, cure=f"known keys: {known}")
        return PersonCrop(**values)
