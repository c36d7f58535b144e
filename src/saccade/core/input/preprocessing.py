"""What the weights of a network want of a picture: the scale of its values, how it is resized, how much is cut away."""

from dataclasses import dataclass, replace

from saccade.core.input.channels import IMAGENET_MEAN, IMAGENET_STD
from saccade.core.input.input_spec import InputSpec, Interpolation


@dataclass(frozen=True)
class Preprocessing:
    """How pictures were prepared that a trunk's weights are from, or are meant for as they begin.

    Attributes:
        mean: Mean of each channel on the scale 0..1.
        std: Standard deviation of each channel on the scale 0..1.
        interpolation: How pictures are resized that are cut to a square or stretched to one.
        crop: Share of the shorter side that the central square of a picture keeps, 0..1.
    """

    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: Interpolation = "bilinear"
    crop: float = 224 / 256

    @property
    def channels(self) -> int:
        """Channels of the pictures."""
        return len(self.mean)

    def onto(self, spec: InputSpec) -> InputSpec:
        """The spec's sizes and resizing, with these statistics."""
        return replace(spec, mean=self.mean, std=self.std)

    def centre_crop(self, size: int, shorter: int | None = None) -> InputSpec:
        """The central square of `size` pixels, once the shorter side has `shorter`; by default as `crop` says."""
        shorter = round(size / self.crop) if shorter is None else shorter
        return self.onto(InputSpec("crop", (size, size), shorter=shorter, interpolation=self.interpolation))

    def stretch(self, size: int) -> InputSpec:
        """Squares of `size` pixels, whatever the picture's shape."""
        return self.onto(InputSpec("stretch", (size, size), interpolation=self.interpolation))

    def pad(self, inner: int, size: int) -> InputSpec:
        """Squares of `inner` pixels, whatever the picture's shape, in the middle of black ones of `size`."""
        spec = InputSpec("pad", (size, size), shorter=inner, interpolation=self.interpolation)
        return self.onto(spec)
