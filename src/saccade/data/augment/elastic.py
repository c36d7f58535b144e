"""Random elastic displacements: smooth fields from shifts of coarse control points (U-Net, section 3.1)."""

import torch.nn.functional as F
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.data.augment.rng import RandomDraws


def draw_displacement(elastic: tuple[float, float], size: tuple[int, int], rng: RandomDraws) -> Tensor:
    """A field that bends a picture of `size` (H, W).

    Args:
        elastic: Standard deviation of the shifts and distance of the control points, both in pixels.
        size: (H, W) of the picture that is bent.
        rng: Where the numbers come from.

    Returns:
        (2, H, W) float32 shifts x and y, pixels; see `core.geometry.displacement`.

    Raises:
        ConfigError: The shifts are so large that the picture would fold.
    """
    deviation, distance = elastic
    if deviation < 0 or distance <= 0 or deviation > distance / 4:
        raise ConfigError(
            "elastic shifts up to a quarter of their points' distance",
            f"{deviation} of {distance}",
            cure="set elastic=(shift, distance), both in pixels, such as (4, 32)",
        )
    points = [max(round(length / distance), 1) + 1 for length in size]
    shifts = rng.normal(1, 2, *points) * deviation
    return F.interpolate(shifts, size, mode="bicubic", align_corners=True)[0]
