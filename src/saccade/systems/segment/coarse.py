"""What segmenters share that score positions a few pixels apart: where these stand, how pictures get in, a recipe."""

from dataclasses import dataclass

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.preprocessing import Preprocessing
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import meets_corners
from saccade.trunks.surgery.dilated_vgg import POOLS, deeplab_vgg
from saccade.trunks.surgery.spread_fc import SpreadFc, spread_fc

STRIDE = 8
# Channels of VGG's last pool.
LAST_CHANNELS = 512

OF_OTHER_TRUNKS = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=1e-4,
    schedule="cosine",
    warmup=0.05,
    epochs=40,
    batch=8,
    augmentation=Augmentation(flip=0.5, scale=(0.75, 1.33), translate=0.1, brightness=0.2, contrast=0.2),
    best="miou",
    note="No paper's: batches of 8 for trunks that normalise by batch, AdamW, the rate falling to 0 by a cosine.",
)


@dataclass(frozen=True)
class Grid:
    """Where positions stand.

    Attributes:
        stride: Pixels between two of them.
        corners: Whether the first and last stand on the picture's corner pixels; else each in the middle of its cell.
    """

    stride: int
    corners: bool

    def input(self, preprocessing: Preprocessing, size: int, parts: int = 1) -> InputSpec:
        """Pictures whose longer side is `size` pixels, padded so that positions cover them.

        Args:
            preprocessing: What the trunk's weights want.
            size: Pixels.
            parts: By which the sides, less the last pixel where corners meet, can be divided besides.

        Raises:
            UsageError: There is no pixel.
        """
        if size < 1:
            raise UsageError("size from 1", size)
        multiple = self.stride * parts
        remainder = int(self.corners and multiple > 1)
        spec = InputSpec("shorter", shorter=size, longest=size, multiple=multiple, remainder=remainder)
        return preprocessing.onto(spec)


def large_field_vgg(vgg: Chain, fc: SpreadFc, *, averaged: bool) -> Chain:
    """DeepLab's VGG of stride 8, ``fc6`` and ``fc7`` among its maps.

    Args:
        vgg: The VGG, of whose fully connected layers, where it has some, the two hold a share of the weights.
        fc: What the two are like.
        averaged: Whether ``pool5a`` stands before them.
    """
    body = deeplab_vgg(vgg, averaged=averaged)
    layers = spread_fc(body.levels[POOLS[-1]].channels, fc, vgg if "fc6" in vgg.levels else None)
    return Chain({**dict(body.named_children()), **layers}, preprocessing=vgg.preprocessing)


def width_of(options: TrunkOptions, vgg: Chain | None) -> float:
    """Factor of the channels of layers after the trunk: its own width; a built VGG's is told by its last pool."""
    return options.width if vgg is None else vgg.levels[POOLS[-1]].channels / LAST_CHANNELS


def grid_of(trunk: Trunk) -> Grid:
    """Where the positions of a trunk's deepest map stand."""
    name, level = list(trunk.levels.items())[-1]
    return Grid(level.stride or 1, meets_corners(trunk, name))
