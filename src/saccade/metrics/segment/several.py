"""Segmentation where a pixel may be of several classes, or of none: each class's mask is judged by itself.

Sources: Everingham et al. 2010, The PASCAL VOC challenge, IJCV 88, section 4.1.3 (IoU over the pixels of all pictures);
Dice 1945, Measures of the amount of ecologic association between species, Ecology 26.

Legend: C classes, (H, W) a picture, N pictures.
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
from saccade.metrics.sections import Bars, Column, Section, Table, class_section, mistake_section
from saccade.metrics.segment.by_picture import PixelsByPicture

State = tuple[Tensor, PixelsByPicture]


class SeveralSegmentation:
    """Scores ``miou dice``, means over classes of the overlap of each class's masks, pixels of all pictures together.

    Pixels of which truth says nothing, and classes that nobody looked for in a picture, count neither way. Of all
    pictures together three numbers a class are kept, and of each, 12 bytes a class, since scores are resampled.

    Args:
        classes: C names.
    """

    needs = frozenset({"semantic_masks"})
    reads = frozenset({"semantic_masks"})
    nearness = "the mean IoU of the masks of classes"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._counts = torch.zeros(len(self.classes), 3, dtype=torch.int64)
        self._pictures = PixelsByPicture(len(self.classes), accuracy=False)

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - the mean IoU over the classes that truth or prediction show in it."""
        counts = mask_counts(prediction, truth, len(self.classes), id)
        self._counts += counts
        self._pictures.add_counts(counts.T.numpy(), id)
        agreement = mean_defined(ious(counts))
        return None if agreement is None else 1 - agreement

    def result(self) -> dict[str, float | None]:
        """Both scores; None where neither truth nor prediction shows a pixel."""
        return {"miou": mean_defined(ious(self._counts)), "dice": mean_defined(dices(self._counts))}

    def sections(self) -> tuple[Section, ...]:
        """Pixels, precision, recall, IoU and Dice of each class's masks."""
        right, true, told = self._counts.T.tolist()
        shared = ious(self._counts)
        columns = (
            Column(name="pixels", values=true, form="count"),
            Column(name="precision", values=[ratio(r, g) for r, g in zip(right, told, strict=True)]),
            Column(name="recall", values=[ratio(r, t) for r, t in zip(right, true, strict=True)]),
            Column(name="dice", values=dices(self._counts)),
            Column(name="pixel_iou", values=shared, title="IoU", telling=True),
        )
        weakest = Bars(rows=self.classes, values=shared, label="IoU", lead="By IoU.")
        return (
            class_section(Table(rows=self.classes, columns=columns, title="Pixels")),
            mistake_section(weakest),
        )

    def headline(self) -> Headline:
        """``miou``."""
        return Headline(("miou",), resampling=self._pictures.resampling())

    def by_picture(self) -> PictureScores:
        """Mean IoU of the masks of each picture."""
        return self._pictures.scores()

    def state(self) -> State:
        """(C, 3) counts of pixels, and the counts of each picture."""
        return self._counts, self._pictures

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pixels of other processes."""
        for counts, pictures in states:
            self._counts += counts
            self._pictures.extend(pictures)


def mask_counts(prediction: Annotation, truth: Annotation, classes: int, id: str = "") -> Tensor:
    """(C, 3) int64 pixels of each class: right ones, true ones and predicted ones, of those that truth speaks of.

    Args:
        prediction: With masks of C classes.
        truth: With masks of C classes.
        classes: C.
        id: The picture's name, for the error.

    Raises:
        DataError: Truth has masks of other classes, or of another size than the prediction.
    """
    guess, wanted = prediction.get("semantic_masks"), truth.get("semantic_masks")
    if guess.size != wanted.size or len(guess) != len(wanted) or len(wanted) != classes:
        raise DataError(
            f"masks of {classes} classes of {wanted.size} pixels",
            f"{len(guess)} of {guess.size}, held against {len(wanted)}, for picture {id}",
            cure="masks must be as large as their pictures, and of the classes that the system was trained on",
        )
    unknown, sought = truth.semantic_masks_unknown, truth.semantic_sought
    counts = torch.zeros(classes, 3, dtype=torch.int64)
    for label in range(classes) if sought is None else sought.nonzero()[:, 0].tolist():
        # One class after the other: the masks of all classes of a large picture take gigabytes.
        told, true = (masks[[label]].dense()[0] for masks in (guess, wanted))
        if unknown is not None:
            told, true = told & ~unknown, true & ~unknown
        counts[label] = torch.stack([(told & true).sum(), true.sum(), told.sum()])
    return counts


def ious(counts: Tensor) -> Values:
    """C values of IoU; None for a class that neither truth nor prediction shows.

    Args:
        counts: (C, 3) as `mask_counts` gives them.
    """
    return [ratio(right, true + told - right) for right, true, told in counts.tolist()]


def dices(counts: Tensor) -> Values:
    """C values of Dice, twice the shared part over the sum of both; None for a class that neither shows.

    Args:
        counts: (C, 3) as `mask_counts` gives them.
    """
    return [ratio(2 * right, true + told) for right, true, told in counts.tolist()]
