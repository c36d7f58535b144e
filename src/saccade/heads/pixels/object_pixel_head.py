"""The class of every pixel, learnt from objects: from their masks, or weakly from their boxes."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.losses.pixels import IGNORE
from saccade.network.maps import Maps
from saccade.ops.regions.paint import painted


class ObjectPixelHead(PixelHead):
    """A head for pixels that needs what a detector needs, and no map of classes.

    Its classes are those of the objects, and background as the last. What it learns from is painted of each picture's
    objects (`ops.regions.paint`). In a picture in which some classes were not sought the background is unknown.

    Papers: Bell et al. 2015, Inside-Outside Net, arXiv 1512.04143, which teaches a detector's features so; Dai, He, Sun
    2015, BoxSup, arXiv 1503.01640, whose rounds begin with boxes in place of masks.

    Args:
        reads: Name of the map.
        body: Makes (B, C + 1, h, w) scores of it.
        classes: C, classes of objects.

    Raises:
        UsageError: There are more classes than a map of classes can hold.
    """

    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(self, reads: str, body: nn.Module, classes: int) -> None:
        if classes >= IGNORE:
            cure = "leave the pixels' loss out, with a weight of 0"
            raise UsageError(f"up to {IGNORE - 1} classes whose pixels are learnt", classes, cure=cure)
        super().__init__(reads, body, classes + 1)
        self.uses = frozenset({"instances.masks"})

    @property
    def background(self) -> int:
        """The class of pixels of no object."""
        return self.classes - 1

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the pixels cost of which a class is known (`PixelLoss`)."""
        sizes = maps.sizes.tolist()
        return super().loss(maps, [self._shown(*pair) for pair in zip(truth, sizes, strict=True)])

    def _shown(self, truth: Annotation, size: Sequence[int]) -> Annotation:
        """The picture's annotation with the map of classes that its objects say."""
        partly = truth.sought is not None and not bool(truth.sought.all())
        background = IGNORE if partly else self.background
        return replace(truth, semantic=painted(truth.get("instances"), (size[0], size[1]), background, IGNORE))
