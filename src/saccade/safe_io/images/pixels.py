"""Pixels as a file holds them, before they are fitted to the channels that are wanted."""

from typing import NamedTuple

from torch import Tensor

from saccade.core.errors import ConfigError, DataError
from saccade.core.input.channels import fit_channels


class Pixels(NamedTuple):
    """What a file holds.

    Attributes:
        values: (C, H, W), uint8 or float32 0..1.
        alpha: Whether the last channel is opacity.
    """

    values: Tensor
    alpha: bool = False

    def fitted(self, channels: int | None, name: str) -> Tensor:
        """(channels, H, W): opacity dropped unless it makes the number right, grey repeated, RGB weighed to grey.

        Args:
            channels: Wanted channels; None for RGB where the file is grey or coloured, else for all that it has.
            name: What errors call the picture.

        Raises:
            DataError: The file has another number of channels.
        """
        values = self.values[:-1] if self.alpha and len(self.values) != channels else self.values
        if channels is None:
            channels = 3 if len(values) == 1 else len(values)
        try:
            fitted = fit_channels(values, channels)
        except ConfigError as error:
            raise DataError(error.expected, error.found, path=name, cure=error.cure) from error
        return fitted.contiguous() if len(values) == 1 else fitted  # repeated grey shares its memory
