"""How one box stands as four numbers between 0 and 1, and what missing it costs.

Legend: … any leading axes. Boxes here are relative to the picture: x1, y1, x2, y2 over width and height.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from saccade.losses.localization import half_squared, smooth_l1

BoxName = Literal["corner", "centre"]
LossName = Literal["l2", "mse_sigmoid", "smooth_l1"]


@dataclass(frozen=True)
class BoxForm:
    """A form of four numbers and a loss.

    Attributes:
        box: ``corner``: x and y of the upper left corner, height, width. ``centre``: x and y of the centre, width,
            height.
        loss: ``l2``: half the squared distance. ``mse_sigmoid``: the same, of numbers that passed a sigmoid.
            ``smooth_l1``: quadratic near 0, else linear.
    """

    box: BoxName = "corner"
    loss: LossName = "l2"

    def activate(self, values: Tensor) -> Tensor:
        """The last layer's values (…, 4) as the form's four numbers."""
        return values.sigmoid() if self.loss == "mse_sigmoid" else values

    def encode(self, boxes: Tensor) -> Tensor:
        """Relative boxes (…, 4) as the form's four numbers."""
        x1, y1, x2, y2 = boxes.unbind(-1)
        width, height = x2 - x1, y2 - y1
        if self.box == "corner":
            return torch.stack([x1, y1, height, width], -1)
        return torch.stack([x1 + width / 2, y1 + height / 2, width, height], -1)

    def decode(self, code: Tensor) -> Tensor:
        """The form's four numbers (…, 4) as relative boxes; a negative side is taken for none."""
        x, y, third, fourth = code.unbind(-1)
        width, height = (fourth, third) if self.box == "corner" else (third, fourth)
        width, height = width.clamp(min=0), height.clamp(min=0)
        if self.box == "centre":
            x, y = x - width / 2, y - height / 2
        return torch.stack([x, y, x + width, y + height], -1)

    def cost(self, prediction: Tensor, target: Tensor) -> Tensor:
        """(…) loss of each box, both in the form's four numbers."""
        measure: Callable[[Tensor, Tensor], Tensor] = smooth_l1 if self.loss == "smooth_l1" else half_squared
        return measure(prediction, target)


def relative(boxes: Tensor, size: Tensor) -> Tensor:
    """Boxes (n, 4) in pixels over the (2,) height and width of their picture."""
    return boxes / size.flip(0).repeat(2)


def absolute(boxes: Tensor, size: Tensor) -> Tensor:
    """Relative boxes (…, n, 4) in pixels of pictures of the (…, 2) heights and widths, clipped to them."""
    return boxes.clamp(0, 1) * torch.cat([size.flip(-1)] * 2, -1)[..., None, :]
