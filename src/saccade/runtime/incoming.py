"""Pictures on their way in: files and arrays become what an `InputSpec` makes of them, a few ahead, in threads.

Legend: C channels, (H, W) a picture's own size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError, SaccadeError
from saccade.core.frame import Frame
from saccade.core.input_spec import InputSpec
from saccade.network.system import Search
from saccade.runtime.buckets import ahead
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.trust.pictures import decode_picture

Picture = str | Path | Tensor | np.ndarray[Any, Any]

# A cubic kernel overshoots 0..1 a little; pictures on the scale 0..255 overshoot it by far.
BRIGHTEST, DARKEST = 1.5, -0.5


@dataclass(frozen=True)
class Incoming:
    """A picture as a network takes it, before normalising and padding.

    Attributes:
        place: Its position among those that were given.
        image: (C, h, w) float32 0..1.
        frame: Where its own pixels went.
        regions: (r, 4) boxes that a search proposed, in pixels of `image`, or None.
    """

    place: int
    image: Tensor
    frame: Frame
    regions: Tensor | None = None


@dataclass(frozen=True)
class Refused:
    """A picture that cannot be read, and why."""

    place: int
    error: SaccadeError


def incoming(
    pictures: Iterable[Picture], spec: InputSpec, search: Search | None = None
) -> Iterator[Incoming | Refused]:
    """Each picture resized, or what is wrong with it, in their order; with the regions that `search` proposes."""
    return ahead(lambda item: take(item[0], item[1], spec, search), enumerate(pictures))


def take(place: int, picture: Picture, spec: InputSpec, search: Search | None = None) -> Incoming | Refused:
    """The picture at a position, resized, or what is wrong with it."""
    try:
        image = read_picture(picture, spec.channels)
        resized, frame = spec.resize(image)
        found = None if search is None else frame.apply(Annotation(regions=search(image))).regions
        return Incoming(place, resized, frame, found)
    except SaccadeError as error:
        return Refused(place, _named(error, picture))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return Refused(place, _named(out_of_memory("the decoded picture", "the machine"), picture))


def read_picture(picture: Picture, channels: int) -> Tensor:
    """A picture (C, H, W), uint8 or float 0..1, of a file or an array.

    Raises:
        DataError: The file cannot be read, or the array is not what a picture can be.
    """
    if isinstance(picture, str | Path):
        return decode_picture(picture, channels)
    image = torch.as_tensor(picture)
    if image.ndim != 3 or not image.numel():
        raise DataError(f"a picture (C, H, W) is expected, found an array of shape {tuple(image.shape)}")
    if image.shape[0] not in (1, 3, channels) and image.shape[-1] in (1, 3, channels):
        shape = tuple(image.shape)
        raise DataError(f"a picture (C, H, W) is expected, found {shape}", hint="use array.transpose(2, 0, 1)")
    if image.dtype == torch.uint16:
        image = image.float() / 65535
    if image.dtype != torch.uint8 and not image.is_floating_point():
        raise DataError(f"a picture in uint8, uint16 or float is expected, found {image.dtype}")
    if image.is_floating_point() and not bool(((image >= DARKEST) & (image <= BRIGHTEST)).all()):
        low, high = float(image.min()), float(image.max())
        raise DataError(f"floats 0..1 are expected, found {low:g}..{high:g}", hint="divide by 255, or give uint8")
    return image.cpu()


def _named(error: SaccadeError, picture: Picture) -> SaccadeError:
    if error.path is None and isinstance(picture, str | Path):
        error.path = str(picture)
    return error
