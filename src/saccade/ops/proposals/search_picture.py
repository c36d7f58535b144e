"""A picture as searches look at it: three colours, of a size that the search knows."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.input.channels import as_float, fit_channels


def colours_at(image: Tensor, size: tuple[int, int]) -> tuple[np.ndarray[Any, Any], Tensor]:
    """A picture in another size.

    Args:
        image: (C, H, W), uint8 or float 0..1; grey becomes three colours, channels after the third are left out.
        size: (h, w) wanted.

    Returns:
        (h, w, 3) float32 0..1, and the four factors by which boxes in it grow back.
    """
    colours = as_float(fit_channels(image[:3] if image.shape[0] > 3 else image, 3))
    height, width = colours.shape[-2:]
    if size != (height, width):
        colours = torch.nn.functional.interpolate(colours[None], size, mode="bilinear", antialias=True)[0]
    back = torch.tensor([width / size[1], height / size[0]] * 2)
    return colours.clamp(0, 1).permute(1, 2, 0).numpy(), back
