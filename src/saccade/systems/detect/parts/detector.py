"""What detectors share in putting parts together."""

from collections.abc import Sequence

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.scale import scaled
from saccade.network.part import Neck, Trunk
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides


def trunk_to(trunk: TrunkOptions, strides: Sequence[int]) -> tuple[Trunk, tuple[str, ...]]:
    """A trunk that ends at its map of the last of `strides`, and the names of its maps of all of them.

    Args:
        trunk: How it is built.
        strides: Rising strides of the maps that are read.

    Raises:
        UsageError: There is no such trunk, or it lacks a map of a stride.
    """
    whole = trunk.built(fc=False)
    names = last_of_strides(whole, strides)
    return cut(whole, names[-1]), names


def pyramid_channels(asked: int | None, width: float) -> int:
    """Channels of a feature pyramid: those asked for, or 256 (Lin et al. 2017, arXiv 1612.03144) times a width.

    Raises:
        UsageError: None are asked for.
    """
    if asked is not None and asked < 1:
        raise UsageError("at least 1 channel of the neck", f"neck_channels={asked}")
    return scaled(256, width) if asked is None else asked


def no_neck(asked: int | None, what: str) -> None:
    """Says that there is no pyramid above a trunk.

    Args:
        asked: Channels of one that are asked for.
        what: The trunk, such as one that ends in fully connected layers, or the way that does without.

    Raises:
        UsageError: Channels of one are asked for.
    """
    if asked is not None:
        cure = "leave neck_channels out, or choose a trunk such as resnet50 and its pyramid"
        raise UsageError("a trunk with a neck for neck_channels", what, cure=cure)


def strides_of(neck: Neck) -> tuple[int, ...]:
    """Stride of each of a pyramid's maps, from which its anchors stand apart.

    Weights of torchvision's have learnt on another distance: the picture's side over the map's, rounded down.
    """
    return tuple(level.stride or 1 for level in neck.levels.values())


def longest(size: int) -> int:
    """Pixels of the longer side at most of pictures whose shorter is `size`: 5/3 of it, as Fast R-CNN began it."""
    return round(size * 5 / 3)


def shorter_side(size: int, preprocessing: Preprocessing, multiple: int = 1) -> InputSpec:
    """Pictures whose shorter side is `size` pixels and whose longer is at most 5/3 of it.

    Args:
        size: Shorter side in pixels.
        preprocessing: What the trunk wants of a picture.
        multiple: Batches are padded to a multiple of it.
    """
    return preprocessing.onto(InputSpec("shorter", shorter=size, longest=longest(size), multiple=multiple))
