"""Regions of the pictures of a batch, as many of each, as heads look at them.

Legend: B pictures, R regions of each (padded), n regions of all pictures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.export import register_dataclass

from saccade.ops.exporting import exporting

# Regions that a tower looks at together in use. Mask R-CNN holds 1.5 MiB of each meanwhile.
AT_ONCE = 32


@dataclass(frozen=True)
class Regions:
    """As many regions of each picture, of which some may be padding.

    What is made of single regions is made of those that are there: `flat`, `owners`, and back by `spread`. In a graph,
    where no size may depend on values, it is made of the padding too, and `spread` leaves 0 of it.

    Attributes:
        boxes: (B, R, 4) x1, y1, x2, y2 in input pixels; 0 where there is none.
        shown: (B, R) bool, whether there is one.
    """

    boxes: Tensor
    shown: Tensor

    @staticmethod
    def of(found: Sequence[Tensor], number: int | None = None) -> "Regions":
        """The first `number` boxes of each picture, (n, 4) each, and padding; by default all that there are."""
        number = max(map(len, found)) if number is None else number
        shape = (len(found), number)
        device = found[0].device
        boxes, shown = torch.zeros(*shape, 4, device=device), torch.zeros(shape, dtype=torch.bool, device=device)
        for row, mask, own in zip(boxes, shown, found, strict=True):
            row[: len(own)], mask[: len(own)] = own[:number], True
        return Regions(boxes, shown)

    def first(self, number: int) -> "Regions":
        """The first `number` of each picture, or all and padding."""
        boxes, shown = self.boxes[:, :number], self.shown[:, :number]
        lacking = number - shown.shape[1]
        return (
            Regions(F.pad(boxes, (0, 0, 0, lacking)), F.pad(shown, (0, lacking))) if lacking else Regions(boxes, shown)
        )

    def pick(self, pictures: Tensor) -> "Regions":
        """Those of some pictures, by their places (b,)."""
        return Regions(self.boxes[pictures], self.shown[pictures])

    def each(self) -> list[Tensor]:
        """(n, 4) boxes of each picture, without padding."""
        return [boxes[shown] for boxes, shown in zip(self.boxes, self.shown, strict=True)]

    @property
    def flat(self) -> Tensor:
        """(n, 4) boxes without padding, picture by picture."""
        return self.boxes.flatten(0, 1) if exporting() else self.boxes[self.shown]

    @property
    def owners(self) -> Tensor:
        """(n,) the picture of each of them."""
        if exporting():
            pictures = torch.arange(self.shown.shape[0], device=self.shown.device)
            return pictures[:, None].expand(self.shown.shape).flatten()
        return self.shown.nonzero()[:, 0]

    def told(self, tower: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """(B, R, …) what a tower says of each region; 0 where there is none.

        Where no gradients are asked for it looks at `AT_ONCE` of them at a time: the maps within a tower are many times
        as large as what it says.

        Args:
            tower: Makes, of regions (n, 4) and owners (n,), values (n, …).
        """
        if exporting() or torch.is_grad_enabled():
            return self.spread(tower(self.flat, self.owners))
        parts = zip(self.flat.split(AT_ONCE), self.owners.split(AT_ONCE), strict=True)
        return self.spread(torch.cat([tower(boxes, owners) for boxes, owners in parts]))

    def spread(self, values: Tensor) -> Tensor:
        """(B, R, …) of values (n, …); 0 where there is no region."""
        if exporting():
            whole = values.unflatten(0, tuple(self.shown.shape))
            return whole.masked_fill(~self.shown.view(*self.shown.shape, *[1] * (values.dim() - 1)), 0)
        places = self.shown.flatten().nonzero()[:, 0]
        whole = values.new_zeros(self.shown.numel(), *values.shape[1:]).index_copy(0, places, values)
        return whole.unflatten(0, tuple(self.shown.shape))


register_dataclass(Regions, serialized_type_name="saccade.Regions")
