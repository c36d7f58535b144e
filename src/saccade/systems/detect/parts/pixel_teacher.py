"""Pixels' classes as a further teacher of a detector's features: a head that is trained and silent in use.

Paper: Bell, Zitnick, Bala, Girshick 2015, Inside-Outside Net, arXiv 1512.04143: about one point of mAP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.object_pixel_head import ObjectPixelHead
from saccade.layers.initialise import normal
from saccade.network.head import Head

HEAD, STRIDE = "pixels", 16


class Taught(NamedTuple):
    """What stands beside a detector's own heads; nothing where pixels do not teach.

    Attributes:
        heads: The head for pixels.
        loss_weights: Its weight.
        silent: Its name.
    """

    heads: Mapping[str, Head]
    loss_weights: Mapping[str, float]
    silent: tuple[str, ...]


@dataclass(frozen=True)
class TeacherOptions(OptionGroup):
    """Whether pixels' classes teach the features too.

    Attributes:
        segmentation_loss: Weight of a further loss that teaches the features the class of every pixel, of masks where
            objects have some, and else of boxes; what makes it is silent in use. 0: there is none; the paper's is 1.
    """

    segmentation_loss: float = 0.0

    def taught(self, levels: Mapping[str, Level], classes: int, reads: str | None = None) -> Taught:
        """The head for pixels beside a detector's own.

        It needs no truth but theirs, so that whatever trains the detector trains it with the same list of classes.

        Args:
            levels: The maps of the trunk, or those that may be read.
            classes: Classes of objects.
            reads: Name of the map that is taught; by default the last map that is no coarser than stride 16.

        Raises:
            UsageError: The weight is below 0, or there are too many classes.
        """
        if not 0 <= self.segmentation_loss < float("inf"):
            raise UsageError("a weight of the pixels' loss from 0", f"segmentation_loss={self.segmentation_loss}")
        if self.segmentation_loss == 0:
            return Taught({}, {}, ())
        name = reads or fine_enough(levels)
        scores = nn.Conv2d(levels[name].channels, classes + 1, 1)
        normal(scores)
        head = ObjectPixelHead(name, scores, classes)
        return Taught({HEAD: head}, {HEAD: self.segmentation_loss}, (HEAD,))


def fine_enough(levels: Mapping[str, Level]) -> str:
    """The last map of stride 16 or finer, which has seen most; where there is none, the finest."""
    placed = {name: level.stride for name, level in levels.items() if level.stride is not None}
    fine: Sequence[str] = [name for name, stride in placed.items() if stride <= STRIDE]
    return fine[-1] if fine else min(placed, key=lambda name: placed[name])
