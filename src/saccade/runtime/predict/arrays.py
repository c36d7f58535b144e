"""Arrays as pictures: which axis holds the channels, and which numbers brightness can be.

Legend: C channels, (H, W) a picture's size.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.errors import DataError

Array = Tensor | np.ndarray[Any, Any]

# A cubic kernel overshoots 0..1 a little; pictures on the scale 0..255 overshoot it by far.
BRIGHTEST, DARKEST = 1.5, -0.5


def picture_of(array: Array, channels: int) -> Tensor:
    """(C, H, W), uint8 or float 0..1, on the CPU.

    An axis may be the channels' where it has 1, 3 or as many as the network takes: the first, or else the last. Where
    both may, a tensor is (C, H, W), as torch's pictures are; a NumPy array, whose pictures are either, is refused.

    Args:
        array: (C, H, W) or (H, W, C), uint8, uint16, or float 0..1.
        channels: Those of the network.

    Raises:
        DataError: It is not what a picture can be, or could be two.
    """
    image = _tensor(array)
    if image.ndim != 3 or not image.numel():
        cure = "give a grey picture as array[None]" if image.ndim == 2 and image.numel() else None
        raise DataError("a picture (C, H, W) or (H, W, C)", _shape(image), cure=cure)
    return _brightness(_channels_first(image, channels, isinstance(array, Tensor)))


def _tensor(array: Array) -> Tensor:
    if isinstance(array, Tensor):
        return array.detach().cpu()
    try:
        # torch shares the memory of whatever lies as it would lay it itself; all else is copied.
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        return torch.from_numpy(np.require(native, requirements=["C", "W"]))
    except TypeError as error:
        raise DataError("a picture in uint8, uint16 or float", array.dtype) from error


def _channels_first(image: Tensor, channels: int, by_torch: bool) -> Tensor:
    """(C, H, W); nothing else tells the axes of an array apart than their lengths."""
    likely = (1, 3, channels)
    first, last = image.shape[0] in likely, image.shape[2] in likely
    if first and last and not by_torch:
        cure = "give a tensor (C, H, W), or Image.fromarray(array)"
        raise DataError("a picture (C, H, W) or (H, W, C), but not one that could be either", _shape(image), cure=cure)
    if not first and not last and 4 in (image.shape[0], image.shape[2]):
        cure = "where the fourth is opacity, leave it out: " + (
            "array[:3]" if image.shape[0] == 4 else "array[..., :3]"
        )
        raise DataError(f"a picture of {channels} channel(s)", f"4: {_shape(image)}", cure=cure)
    # Of two axes that cannot be, the shorter one is meant; who fits channels says what is wrong with it.
    return image.permute(2, 0, 1) if not first and (last or image.shape[2] < image.shape[0]) else image


def _brightness(image: Tensor) -> Tensor:
    if image.dtype == torch.uint16:
        image = image.float() / 65535
    if image.dtype != torch.uint8 and not image.is_floating_point():
        raise DataError("a picture in uint8, uint16 or float", image.dtype)
    if image.is_floating_point() and not bool(((image >= DARKEST) & (image <= BRIGHTEST)).all()):
        low, high = float(image.min()), float(image.max())
        raise DataError("floats 0..1", f"{low:g}..{high:g}", cure="divide by 255, or give uint8")
    return image


def _shape(image: Tensor) -> str:
    return f"an array of shape {tuple(image.shape)}"
