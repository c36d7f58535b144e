"""A data set whose pictures are disturbed by a known amount, and whose truth moves along: how robust is a network?

Each picture has a direction of its own, a function of (seed, kind, index) that is the same at every strength, so that a
curve over strengths follows the same pictures all along.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.core.frame import Frame
from saccade.core.geometry import warp
from saccade.core.geometry.affine import is_upright
from saccade.core.input.channels import fit_channels
from saccade.core.sample import Sample
from saccade.data.augment.disturbances import DISTURBANCES, Size
from saccade.data.augment.rng import RandomDraws, generator_for
from saccade.data.augment.visibility import keep_visible, visible_boxes
from saccade.data.datasets.picture import size_of
from saccade.data.datasets.wrapper import DatasetWrapper


class DisturbedDataset(DatasetWrapper):
    """A data set, each picture disturbed in one way.

    Pictures keep their size. What leaves them is dropped from the truth as in training; at strength 0 pictures and
    truth are the very ones of the data set.

    Args:
        dataset: The pictures.
        kind: One of `DISTURBANCES`.
        strength: 0 for nothing, 1 for the kind's full amount; more is possible.
        fill: Colour of what comes in from outside, C values 0..1, and then pictures get C channels: a network's mean
            tells it least. Middle grey by default.
        seed: Of each picture's direction.

    Raises:
        UsageError: The kind is unknown, or the strength is no number from 0.
    """

    def __init__(
        self, dataset: Dataset, kind: str, strength: float, fill: Sequence[float] | None = None, seed: int = 0
    ) -> None:
        if kind not in DISTURBANCES:
            raise UsageError("a disturbance", repr(kind), cure=f"there are {', '.join(DISTURBANCES)}")
        if not (math.isfinite(strength) and strength >= 0):
            raise UsageError("a strength from 0", strength)
        self.dataset, self.kind, self.strength, self.seed = dataset, kind, strength, seed
        self.fill = None if fill is None else tuple(fill)
        self._how = DISTURBANCES[kind]

    @property
    def amount(self) -> float:
        """Strength in the kind's unit."""
        return self.strength * self._how.full

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        if not self.strength:
            return sample
        image = sample.image if self.fill is None else fit_channels(sample.image, len(self.fill))
        if self._how.change is not None:
            return replace(sample, image=self._how.change(image, self.amount, self._rng(index)))
        frame = self.frame(index, (image.shape[-2], image.shape[-1]))
        white = 1.0 if image.is_floating_point() else 255.0
        fill = [white * value for value in self.fill or (0.5,)]
        moved = warp.image(image, frame.matrix, frame.target, fill=fill)
        regions = None if sample.regions is None else visible_boxes(frame.boxes(sample.regions), frame.target)
        return replace(sample, image=moved, truth=_moved(sample.truth, frame), regions=regions)

    def truth(self, index: int) -> Annotation:
        """What one picture shows, where it shows it after the disturbance."""
        truth = self.dataset.truth(index)
        if not self.strength or self._how.move is None:
            return truth
        return _moved(truth, self.frame(index, self.size(index)))

    def frame(self, index: int, size: Size) -> Frame:
        """Where the pixels of a picture of `size` (H, W) go."""
        move = self._how.move
        matrix = torch.eye(3, dtype=torch.float64) if move is None else move(self.amount, size, self._rng(index))
        return Frame(matrix, size, size)

    def size(self, index: int) -> Size:
        """(H, W) of one picture."""
        return size_of(self.dataset, index)

    def _rng(self, index: int) -> RandomDraws:
        return RandomDraws(generator_for(self.seed, list(DISTURBANCES).index(self.kind), index))


def _moved(truth: Annotation, frame: Frame) -> Annotation:
    tilted = not is_upright(frame.matrix)
    return keep_visible(frame.apply(truth), frame.target, tighten=tilted)
