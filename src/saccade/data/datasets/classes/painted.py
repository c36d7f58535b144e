"""Classes of pixels of data that outline objects alone: their masks, painted over each other.

torchvision's reference script for COCO (`references/segmentation/coco_utils.py`) ignores what two objects cover, and
COCO-Stuff's helper refuses it, or lets the later one win. Here the smaller object lies on the larger one, as in
``data convert --to masks``: in COCO a table's outline holds all that stands on it, which would never be learnt.
"""

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.core.score_maps import IGNORE
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.layered import Layered
from saccade.data.datasets.picture import picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.data.formats.voc.pixels import BACKGROUND

NOTE = (
    "classes of pixels are painted from the objects' masks, smaller objects on larger ones; crowds, and boxes of "
    "objects without a mask, are ignored; all else is background"
)


class Painted(DatasetWrapper):
    """The pictures of a data set with ``semantic``, painted from the masks of their objects.

    Classes are those of the objects, and ``background`` as the last one, unless an object's class is called so. Pixels
    are ignored (255) where a crowd or a region to ignore is, or the box of an object without a mask, unless another
    object covers them; and, where not all classes were looked for, what would be background.

    Args:
        dataset: Where the pictures come from; it has ``instances.masks`` and ``instances.labels``.

    Raises:
        ConfigError: There are more classes than pixels can tell from 255.
    """

    note = NOTE

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        names = tuple(dataset.vocabularies["instances"])
        pixels = names if BACKGROUND in names else (*names, BACKGROUND)
        if len(pixels) > IGNORE:
            raise ConfigError(
                f"at most {IGNORE - 1} classes of objects to paint", len(names), cure="choose some with --class-subset"
            )
        self._background = pixels.index(BACKGROUND)
        self._vocabularies = Vocabularies({**dataset.vocabularies, "semantic": pixels})

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field, pixels among them."""
        return self._vocabularies

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.dataset.fields | {"semantic"}

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        return replace(sample, truth=self._with_pixels(sample.truth, (sample.image.shape[1], sample.image.shape[2])))

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        truth = self.dataset.truth(index)
        masks = None if truth.instances is None else truth.instances.masks
        return self._with_pixels(truth, size_of(self.dataset, index) if masks is None else masks.size)

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, index, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, channels)

    def _with_pixels(self, truth: Annotation, size: tuple[int, int]) -> Annotation:
        if truth.instances is None:
            return truth
        known = truth.sought is None or bool(truth.sought.all())
        return replace(truth, semantic=paint(truth.instances, size, self._background if known else IGNORE))


def paint(rows: Instances, size: tuple[int, int], background: int) -> Tensor:
    """(H, W) int64 classes of pixels by the masks of objects, the smaller on the larger.

    Args:
        rows: The objects, with labels.
        size: (H, W).
        background: The class of pixels of no object.
    """
    canvas = torch.full(size, background, dtype=torch.int64)
    if rows.labels is None or not len(rows):
        return canvas
    outlined = rows.has_mask
    ignored = rows.labels < 0 if rows.crowd is None else rows.crowd | (rows.labels < 0)
    if rows.boxes is not None:
        for x1, y1, x2, y2 in rows.boxes[~outlined].tolist():
            canvas[max(int(y1), 0) : -int(-y2 // 1), max(int(x1), 0) : -int(-x2 // 1)] = IGNORE
    if rows.masks is None:
        return canvas
    areas = rows.masks.areas().masked_fill(ignored, torch.inf)  # these lie below all others
    crops, windows, labels = rows.masks.crops(), rows.masks.windows.tolist(), rows.labels.tolist()
    for row in areas.argsort(descending=True, stable=True).tolist():
        x1, y1, x2, y2 = windows[row]
        canvas[y1:y2, x1:x2][crops[row]] = IGNORE if ignored[row] else labels[row]
    return canvas


def with_pixels(dataset: Dataset, needs: Iterable[str]) -> Dataset:
    """The data with classes of pixels, or masks of them, where these are needed and can be made; else itself.

    One class a pixel is painted of objects' masks; masks of several are made of one class a pixel, or of objects.

    Args:
        dataset: The data.
        needs: Dotted fields that are needed.
    """
    lacking, outlined = set(needs) - dataset.fields, {"instances.masks", "instances.labels"} <= dataset.fields
    if "semantic_masks" in lacking and (outlined or "semantic" in dataset.fields):
        return Layered(dataset)
    return Painted(dataset) if "semantic" in lacking and outlined else dataset
