"""Pictures on their way in: files and arrays become what an `InputSpec` makes of them, a few ahead, in threads.

Legend: C channels, (H, W) a picture's own size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.errors import DataError, SaccadeError
from saccade.core.frame import Frame
from saccade.core.input_spec import InputSpec
from saccade.network.system import Search
from saccade.runtime.buckets import ahead
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.picture_views import Views
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
        view: Which view of the picture it is.
    """

    place: int
    image: Tensor
    frame: Frame
    regions: Tensor | None = None
    view: int = 0


@dataclass(frozen=True)
class Refused:
    """A picture that cannot be read, and why."""

    place: int
    error: SaccadeError


@dataclass(frozen=True)
class Intake:
    """How pictures get into a network.

    Attributes:
        spec: Size, interpolation, channels.
        search: Proposes regions for systems that read some which they do not propose themselves.
        views: Which views of each picture the network is shown.
    """

    spec: InputSpec
    search: Search | None = None
    views: Views = field(default_factory=Views)

    def each(self, pictures: Iterable[Picture]) -> Iterator[Incoming | Refused]:
        """The views of each picture, or what is wrong with it, in their order; a few are read ahead, in threads."""
        for taken in ahead(lambda item: self.take(*item), enumerate(pictures)):
            yield from taken

    def take(self, place: int, picture: Picture, regions: Tensor | None = None) -> list[Incoming | Refused]:
        """The views of the picture at a position, or the one thing that is wrong with it.

        Args:
            place: The position.
            picture: A file or an array.
            regions: (r, 4) boxes in the picture's own pixels, where they were sought before.
        """
        try:
            image = read_picture(picture, self.spec.channels)
            if regions is None and self.search is not None:
                regions = self.search(image)
            return [
                Incoming(place, seen, frame, None if regions is None else frame.boxes(regions), view)
                for view, (seen, frame) in enumerate(self.views.of(image, self.spec))
            ]
        except SaccadeError as error:
            return [Refused(place, _named(error, picture))]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return [Refused(place, _named(out_of_memory("the decoded picture", "the machine"), picture))]


def read_picture(picture: Picture, channels: int) -> Tensor:
    """A picture (C, H, W), uint8 or float 0..1, of a file or an array.

    Raises:
        DataError: The file cannot be read, or the array is not what a picture can be.
    """
    if isinstance(picture, str | Path):
        return decode_picture(picture, channels)
    image = torch.as_tensor(picture)
    if image.ndim != 3 or not image.numel():
        raise DataError("a picture (C, H, W)", f"an array of shape {tuple(image.shape)}")
    if image.shape[0] not in (1, 3, channels) and image.shape[-1] in (1, 3, channels):
        shape = tuple(image.shape)
        raise DataError("a picture (C, H, W)", shape, cure="use array.transpose(2, 0, 1)")
    if image.dtype == torch.uint16:
        image = image.float() / 65535
    if image.dtype != torch.uint8 and not image.is_floating_point():
        raise DataError("a picture in uint8, uint16 or float", image.dtype)
    if image.is_floating_point() and not bool(((image >= DARKEST) & (image <= BRIGHTEST)).all()):
        low, high = float(image.min()), float(image.max())
        raise DataError("floats 0..1", f"{low:g}..{high:g}", cure="divide by 255, or give uint8")
    return image.cpu()


def _named(error: SaccadeError, picture: Picture) -> SaccadeError:
    if error.path is None and isinstance(picture, str | Path):
        error.path = str(picture)
    return error
