"""Whether a segmenter is as sure of pixels as it is right.

Source: Guo et al. 2017, On calibration of modern neural networks, arXiv 1706.04599, section 2, on pixels.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.metrics.headline import Headline
from saccade.metrics.sections import Curve, Curves, Section
from saccade.metrics.segment.segmentation import IGNORED

BINS = 15


class PixelCalibration:
    """Score ``pixel_ece``: how far confidence and accuracy are apart, a mean over pixels in bins of equal width.

    The confidence of a pixel is the probability of its likeliest class. It is measured in the picture's own pixels,
    where the truth is known.

    Args:
        classes: Names of the classes.
    """

    needs = frozenset({"semantic"})
    reads = frozenset({"semantic_scores"})

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        # Pixels, right ones, and the sum of confidences of each bin.
        self._bins = torch.zeros(3, BINS, dtype=torch.float64)

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture."""
        self.add_part(prediction, truth, id)
        return self.end_picture(id)

    def add_part(self, prediction: Annotation, truth: Annotation, id: str) -> None:
        """Takes a part of a picture."""
        wanted = truth.get("semantic")
        confidence, guess = prediction.get("semantic_scores").max(0)
        # Where the network was shown nothing all scores are 0.
        known = (wanted != IGNORED) & (confidence > 0)
        sure, right = confidence[known].double(), (guess == wanted)[known].double()
        place = (sure * BINS).long().clamp(0, BINS - 1)
        for row, values in zip(self._bins, (torch.ones_like(sure), right, sure), strict=True):
            row += torch.bincount(place, values, minlength=BINS)

    def end_picture(self, id: str) -> float | None:
        """Pictures are not told apart: None."""
        return None

    def result(self) -> dict[str, float | None]:
        """``pixel_ece``; None without pixels."""
        count, right, sure = self._bins
        total = float(count.sum())
        return {"pixel_ece": float((right - sure).abs().sum()) / total if total else None}

    def sections(self) -> tuple[Section, ...]:
        """Accuracy against confidence."""
        count, right, sure = self._bins
        some = count > 0
        confidence, accuracy = ((of[some] / count[some]).tolist() for of in (sure, right))
        chart = Curves(
            title="Reliability of pixels",
            curves=(Curve("pixels", tuple(confidence), tuple(accuracy)),) if bool(some.any()) else (),
            x="confidence, the probability of the likeliest class",
            y="share of these pixels that are right",
            area="",
            lead="On the diagonal a segmenter is as sure as it is right; below it, too sure.",
            diagonal=True,
            empty="No curve: no pixel has scores and a known class.",
        )
        return (Section("Calibration", (chart,)),)

    def headline(self) -> Headline:
        """``pixel_ece``."""
        return Headline(("pixel_ece",))

    def state(self) -> Tensor:
        """(3, bins) pixels, right ones, and sums of confidences."""
        return self._bins

    def merge(self, states: Iterable[Tensor]) -> None:
        """Adds the pixels of other processes."""
        for bins in states:
            self._bins += bins
