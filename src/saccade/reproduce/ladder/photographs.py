"""Photographs that packages bring which saccade needs anyway, so that they are the same everywhere."""

from typing import Any

import torch
from torch import Tensor

MOST = 5


def photographs(count: int) -> list[Tensor]:
    """The first photographs of scikit-learn and scikit-image, (3, H, W) uint8, 400 to 512 pixels high.

    Args:
        count: How many, at most 5.

    Raises:
        ValueError: More are asked for than there are.
    """
    if count > MOST:
        raise ValueError(f"expected at most {MOST} photographs, found {count}")
    from skimage import data
    from sklearn.datasets import load_sample_images

    found: list[Any] = [*load_sample_images().images, data.coffee(), data.rocket(), data.astronaut()]
    return [torch.from_numpy(one.copy()).permute(2, 0, 1).contiguous() for one in found[:count]]
