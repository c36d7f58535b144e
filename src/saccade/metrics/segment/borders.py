"""How well a segmenter does near the borders of its segments: boundary F1, and scores within a few pixels of a border.

Sources: Csurka, Larlus, Perronnin 2013 (`boundary_f1`); Kohli, Ladický, Torr 2009, Robust higher order potentials for
enforcing label consistency, IJCV 82, section 5, and Chen et al. 2015, DeepLab, arXiv 1412.7062, section 5.2 (trimaps).

Legend: C classes, R radii, N pictures.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.metrics.classify.confusion import mean_defined, ratio
from saccade.metrics.headline import Headline, Resampling, weighted_mean
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Column, Curve, Curves, Section, Table
from saccade.metrics.segment.boundary import boundary_f1
from saccade.metrics.segment.segmentation import IGNORED, overlaps, pixel_counts

State = tuple[Tensor, list[tuple[str, float | None]]]
# Pixels from a border within which the rest of a trimap lies.
RADII = (1, 2, 3, 5, 8, 12, 20, 30, 40)


class Borders:
    """Score ``boundary_f1``, a mean over pictures; pixel accuracy and mean IoU of the pixels near a true border.

    Of a picture of 480 × 480 pixels it takes some 100 ms, so that it belongs to an evaluation, not to each epoch.

    Args:
        classes: C names.
    """

    needs = frozenset({"semantic"})
    reads = frozenset({"semantic"})

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        # By the least radius within which a pixel lies.
        self._bands = torch.zeros(len(RADII), len(self.classes), len(self.classes) + 1, dtype=torch.int64)
        self._f1: list[tuple[str, float | None]] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; what it says of borders does not rank pictures."""
        guess, wanted = prediction.get("semantic"), truth.get("semantic")
        self._f1.append((id, boundary_f1(guess, wanted)))
        near = distance_to_border(wanted)
        inner = 0.0
        for band, radius in zip(self._bands, RADII, strict=True):
            outside = (near <= inner) | (near > radius)
            band += pixel_counts(guess, wanted.masked_fill(outside, IGNORED), len(self.classes), id)
            inner = radius
        return None

    def result(self) -> dict[str, float | None]:
        """``boundary_f1``; None where no picture has a border."""
        return {"boundary_f1": mean_defined([value for _, value in self._f1])}

    def sections(self) -> tuple[Section, ...]:
        """A trimap's accuracy and mean IoU against its radius."""
        counts = self._bands.cumsum(0)
        accuracy = [ratio(int(one.diagonal().sum()), int(one.sum())) for one in counts]
        shared = self._shared()
        table = Table(
            rows=tuple(f"within {radius}" for radius in RADII),
            columns=(
                Column(name="pixels", values=counts.sum((1, 2)).tolist(), form="count"),
                Column(name="pixel_accuracy", values=accuracy),
                Column(name="miou", values=shared, telling=True),
            ),
            head="Pixels from a border",
            sortable=False,
            aloud="Near borders",
        )
        named = (("pixel accuracy", accuracy), ("mean IoU", shared))
        curves = [curve for name, values in named if (curve := _curve(name, values)).x]
        chart = Curves(
            title="Near borders",
            curves=tuple(curves),
            x="pixels from a true border, at most",
            y="score of these pixels",
            area="",
            reach=RADII[-1],
            lead="How a segmenter does near the borders of segments, where most of its errors lie.",
            empty="No curve: no picture shows two classes.",
        )
        return (Section("Borders", (chart, table)),)

    def miou_curve(self) -> Curve:
        """Mean IoU of the pixels within each radius."""
        return _curve("mean IoU", self._shared())

    def _shared(self) -> list[float | None]:
        return [mean_defined(overlaps(one)) for one in self._bands.cumsum(0)]

    def headline(self) -> Headline:
        """``boundary_f1``."""
        values = np.array([np.nan if value is None else value for _, value in self._f1])
        resampling = Resampling(len(values), lambda counts: weighted_mean(values, counts), work=len(values))
        return Headline(("boundary_f1",), resampling=resampling)

    def by_picture(self) -> PictureScores:
        """Boundary F1 of each picture."""
        return PictureScores([id for id, _ in self._f1], {"boundary_f1": [value for _, value in self._f1]})

    def state(self) -> State:
        """(R, C, C + 1) counts of pixels, and the F1 of each picture."""
        return self._bands, self._f1

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pixels of other processes."""
        for bands, scores in states:
            self._bands += bands
            self._f1.extend(scores)


def distance_to_border(classes: Tensor) -> Tensor:
    """(H, W) float, how many pixels away the nearest neighbour of another class is; unknown counts as a class.

    Args:
        classes: (H, W) int. Where all are of one class the distance is infinite.
    """
    inner = torch.ones_like(classes, dtype=torch.bool)
    for axis in (0, 1):
        ends = classes.shape[axis] - 1
        same = classes.narrow(axis, 0, ends) == classes.narrow(axis, 1, ends)
        for place in (0, 1):
            inner.narrow(axis, place, ends).logical_and_(same)
    if bool(inner.all()):
        return torch.full(classes.shape, torch.inf)
    # A pixel beside a border is one away from it.
    return torch.from_numpy(distance_transform_edt(inner.numpy())).float() + 1


def _curve(name: str, values: Sequence[float | None]) -> Curve:
    """Defined values against the radii."""
    points = [(float(radius), value) for radius, value in zip(RADII, values, strict=True) if value is not None]
    return Curve(name, tuple(x for x, _ in points), tuple(y for _, y in points))
