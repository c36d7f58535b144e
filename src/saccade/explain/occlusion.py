"""What a class's probability becomes when a part of the picture is hidden.

Paper: Zeiler, Fergus 2013, Visualizing and understanding convolutional networks, arXiv 1311.2901, section 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.explain.layers import check_finite
from saccade.network.system import System

SHARE = 5  # squares along the shorter side, where nobody says how large they are


@dataclass(frozen=True)
class Occlusion:
    """Probabilities of one class while a grey square hides one place after the other.

    Attributes:
        probability: (rows, columns) with the square at each place.
        whole: The same with nothing hidden.
        tops: Upper edges of the squares, in pixels of the batch.
        lefts: Left edges.
        side: Side of the square.
        size: (H, W) of the picture inside the padding.
    """

    probability: Tensor
    whole: float
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    side: int
    size: tuple[int, int]

    def fall(self) -> Tensor:
        """(H, W) by how much the probability falls, mean over the squares that cover a pixel; below 0 it rises."""
        total, count = torch.zeros(self.size), torch.zeros(self.size)
        places = product(self.tops, self.lefts)
        for (top, left), probability in zip(places, self.probability.flatten().tolist(), strict=True):
            window = (slice(top, top + self.side), slice(left, left + self.side))
            total[window] += self.whole - probability
            count[window] += 1
        return total / count


def occlude(
    system: System, batch: Batch, label: int, side: int | None = None, stride: int | None = None, group: int = 16
) -> Occlusion:
    """Slide a grey square over a picture. It has each channel's mean colour, which normalising makes 0.

    Args:
        system: The network, in evaluation mode.
        batch: One picture on its device, in its precision.
        label: The class.
        side: Side of the square in pixels of the batch; by default a fifth of the shorter side.
        stride: Pixels between two squares; by default half the side. The last ones end at the border.
        group: Hidden pictures that go through the network together.

    Raises:
        ConfigError: A probability is not finite.
    """
    height, width = (int(value) for value in batch.sizes[0])
    side = min(side or max(min(height, width) // SHARE, 1), height, width)
    tops, lefts = (_places(length, side, stride or max(side // 2, 1)) for length in (height, width))
    places = list(product(tops, lefts))
    found: list[float] = []
    for start in range(0, len(places), group):
        predictions = system.predict(_hidden(batch, places[start : start + group], side))
        found += [probability_of(prediction, label) for prediction in predictions]
    whole = probability_of(system.predict(batch)[0], label)
    probability = check_finite(torch.tensor(found), "probabilities").view(len(tops), len(lefts))
    return Occlusion(probability, whole, tops, lefts, side, (height, width))


def probability_of(prediction: Annotation, label: int) -> float:
    """The probability that a prediction gives a class: the picture's, or that of the surest object of the class."""
    if prediction.label_scores is not None:
        return float(prediction.label_scores[label])
    rows = prediction.instances
    if rows is None or rows.scores is None:
        return 0.0
    scores = rows.scores if rows.labels is None else rows.scores[rows.labels == label]
    return float(scores.max()) if len(scores) else 0.0


def _places(length: int, side: int, stride: int) -> tuple[int, ...]:
    """Where squares begin so that they cover a whole length."""
    return tuple(sorted({*range(0, length - side + 1, stride), length - side}))


def _hidden(batch: Batch, places: Sequence[tuple[int, int]], side: int) -> Batch:
    """The one picture of a batch as often as there are places, each copy with a square at its (top, left)."""
    images = batch.images.repeat(len(places), 1, 1, 1)
    for image, (top, left) in zip(images, places, strict=True):
        image[:, top : top + side, left : left + side] = 0
    sizes, frames = batch.sizes[:1].expand(len(places), -1), batch.frames * len(places)
    regions = None if batch.regions is None else batch.regions * len(places)
    return replace(batch, images=images, sizes=sizes, frames=frames, regions=regions, truth=None, ids=())
