"""Segmentation: the class of every pixel.

Source: Long, Shelhamer, Darrell 2015, Fully convolutional networks for semantic segmentation, section 5. Pixels of all
pictures count together, so that large pictures weigh more than small ones, and a class is judged once.

Legend: C classes, (H, W) a picture, n_ij pixels of class i that are taken for class j, t_i = Σ_j n_ij.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.metrics.classify.confusion import Column as Values
from saccade.metrics.classify.confusion import mean_defined, ratio
from saccade.metrics.headline import Headline
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Bars, Column, Matrix, Section, Table, class_section, mistake_section
from saccade.metrics.segment.by_picture import PixelsByPicture

State = tuple[Tensor, PixelsByPicture]
IGNORED = 255
NOWHERE = "(no class)"


class Segmentation:
    """Scores ``pixel_accuracy mean_accuracy miou fwiou dice``; pixels whose truth is 255 count neither way.

    Of all pictures together the confusion is kept; of each, 12 bytes a class, since scores are resampled over pictures.

    Args:
        classes: C names.
    """

    needs = frozenset({"semantic"})
    reads = frozenset({"semantic"})
    nearness = "the mean IoU of the classes of pixels"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._counts = torch.zeros(len(self.classes), len(self.classes) + 1, dtype=torch.int64)
        self._pictures = PixelsByPicture(len(self.classes))
        self._picture = torch.zeros_like(self._counts)  # of the picture whose parts are coming

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - the mean IoU over the classes that truth or prediction show in it."""
        self.add_part(prediction, truth, id)
        return self.end_picture(id)

    def add_part(self, prediction: Annotation, truth: Annotation, id: str) -> None:
        """Takes a part of a picture."""
        self._picture += pixel_counts(prediction.get("semantic"), truth.get("semantic"), len(self.classes), id)

    def end_picture(self, id: str) -> float | None:
        """Says that all parts of a picture have come; its badness, as of `update`."""
        counts, self._picture = self._picture, torch.zeros_like(self._counts)
        self._counts += counts
        self._pictures.add(counts, id)
        agreement = mean_defined(overlaps(counts))
        return None if agreement is None else 1 - agreement

    def result(self) -> dict[str, float | None]:
        """The five scores; None without annotated pixels."""
        counts = self._counts
        right, true = int(counts.diagonal().sum()), counts.sum(1).tolist()
        shared = overlaps(counts)
        weighed = [t * overlap for t, overlap in zip(true, shared, strict=True) if overlap is not None]
        return {
            "pixel_accuracy": ratio(right, sum(true)),
            "mean_accuracy": mean_defined(accuracies(counts)),
            "miou": mean_defined(shared),
            "fwiou": ratio(sum(weighed), sum(true)),
            # Twice the shared part over the sum of both: 2 IoU / (1 + IoU).
            "dice": mean_defined([None if overlap is None else 2 * overlap / (1 + overlap) for overlap in shared]),
        }

    def sections(self) -> tuple[Section, ...]:
        """Pixels, accuracy and IoU of each class; what its pixels are taken for."""
        counts = self._counts
        shared = overlaps(counts)
        columns = (
            Column(name="pixels", values=counts.sum(1).tolist(), form="count"),
            Column(name="accuracy", values=accuracies(counts)),
            Column(name="pixel_iou", values=shared, title="IoU", telling=True),
        )
        unsaid = bool(counts[:, -1].any())
        confusion = Matrix(
            counts=counts if unsaid else counts[:, :-1],
            rows=self.classes,
            columns=(*self.classes, NOWHERE) if unsaid else self.classes,
            title="Confusion of pixels",
            what="pixels",
        )
        weakest = Bars(rows=self.classes, values=shared, label="IoU", lead="By IoU.")
        return (
            class_section(Table(rows=self.classes, columns=columns, title="Pixels")),
            mistake_section(confusion, weakest),
        )

    def headline(self) -> Headline:
        """``miou``."""
        return Headline(("miou",), resampling=self._pictures.resampling())

    def by_picture(self) -> PictureScores:
        """Mean IoU and accuracy of the pixels of each picture."""
        return self._pictures.scores()

    def state(self) -> State:
        """(C, C + 1) counts of pixels, and the counts of each picture."""
        return self._counts, self._pictures

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pixels of other processes."""
        for counts, pictures in states:
            self._counts += counts
            self._pictures.extend(pictures)


def pixel_counts(prediction: Tensor, truth: Tensor, classes: int, id: str = "") -> Tensor:
    """(C, C + 1) int64 counts of pixels: rows by truth, columns by prediction; the last counts predictions of no class.

    Args:
        prediction: (H, W) int64; values beyond the classes, such as 255, say no class.
        truth: (H, W) int64, 255 where the class is unknown.
        classes: C.
        id: The picture's name, for the error.

    Raises:
        DataError: Truth has other labels, or another shape than the prediction.
    """
    if prediction.shape != truth.shape:
        raise DataError(
            f"classes of {tuple(truth.shape)} pixels",
            f"{tuple(prediction.shape)} for picture {id}",
            cure="masks must be as large as their pictures",
        )
    known = truth != IGNORED
    true, predicted = truth[known].long(), prediction[known].long()
    strange = true[(true < 0) | (true >= classes)]
    if len(strange):
        raise DataError(
            f"labels 0..{classes - 1} and {IGNORED}",
            f"{int(strange[0])} in picture {id}",
            cure="evaluate on data whose classes are those that the system was trained on",
        )
    predicted = torch.where((predicted >= 0) & (predicted < classes), predicted, classes)
    return torch.bincount(true * (classes + 1) + predicted, minlength=classes * (classes + 1)).view(
        classes, classes + 1
    )


def accuracies(counts: Tensor) -> Values:
    """C shares n_ii / t_i; None for a class without pixels.

    Args:
        counts: (C, C + 1) as `pixel_counts` gives them.
    """
    return [ratio(right, true) for right, true in zip(counts.diagonal().tolist(), counts.sum(1).tolist(), strict=True)]


def overlaps(counts: Tensor) -> Values:
    """C values of IoU, n_ii / (t_i + Σ_j n_ji - n_ii); None for a class that neither truth nor prediction shows.

    Args:
        counts: (C, C + 1) as `pixel_counts` gives them.
    """
    right, true, predicted = (part.tolist() for part in (counts.diagonal(), counts.sum(1), counts[:, :-1].sum(0)))
    return [ratio(r, t + g - r) for r, t, g in zip(right, true, predicted, strict=True)]
