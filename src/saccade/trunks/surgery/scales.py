"""One trunk at several sizes of the same picture.

Sources: Sermanet et al. 2013, OverFeat, arXiv 1312.6229, section 3.3; Chen et al. 2016, DeepLab, arXiv 1606.00915,
section 4.1.2 (multi-scale inputs).
"""

from collections.abc import Sequence
from fractions import Fraction

import torch.nn.functional as F
from torch import Tensor

from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.ops.windows.dense import scaled_sides
from saccade.ops.windows.scales import resized


class Scales(Trunk):
    """A trunk's deepest map at each scale, as ``scale1``, ``scale2`` …, the smallest picture first.

    Args:
        body: The trunk; its weights serve all scales.
        factors: Sizes over that of the picture that comes in, rising, at most 1.
        corners: Whether the corner pixels of all sizes are the same points of the picture, so that of 321 pixels 161
            and 241 are the half and three quarters (DeepLab); shrinking then takes values between pixels, and averages
            nothing.
    """

    def __init__(self, body: Trunk, factors: Sequence[float], *, corners: bool = False) -> None:
        super().__init__()
        self.corners = corners
        self.body, self.factors, self.preprocessing = body, tuple(factors), body.preprocessing
        self.deepest, level = list(body.levels.items())[-1]
        # A scaled picture's stride is no whole number of the input's pixels; what needs it exactly goes by the sizes.
        strides = [round((level.stride or 1) / factor) for factor in self.factors]
        self.levels = {f"scale{place}": Level(level.channels, stride) for place, stride in enumerate(strides, 1)}
        # Weights of the trunk by itself, such as a classifier's, may begin it.
        self.names_in_relative = {f"body.{name}": name for name in body.state_dict()}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of pictures (B, channels, H, W)."""
        shape = (images.shape[-2], images.shape[-1])
        maps: dict[str, Tensor] = {}
        for name, factor in zip(self.levels, self.factors, strict=True):
            maps[name] = self.body(images if factor == 1 else self._resized(images, shape, factor))[self.deepest]
        return maps

    def _resized(self, images: Tensor, shape: tuple[int, int], factor: float) -> Tensor:
        if not self.corners:
            sides = scaled_sides(shape, factor)
            return images if sides == shape else resized(images, sides)
        share = Fraction(factor).limit_denominator(100)
        sides = [(side - 1) * share.numerator // share.denominator + 1 for side in shape]
        # No device has this kernel in 16 bits.
        return F.interpolate(images.float(), sides, mode="bilinear", align_corners=True).to(images.dtype)
