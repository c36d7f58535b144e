"""The channels of a picture: how many, on which scale, and their statistics."""

import torch
from torch import Tensor

from saccade.core.errors import ConfigError

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def statistics(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation for pictures of unknown origin: ImageNet's for RGB, their average for grey.

    More channels take them in turn, as pretrained filters are (`layers.initialise.fit_channels`), so that a network
    of other channels sees its pictures as the one that it comes from did.
    """
    if channels == 1:
        return (round(sum(IMAGENET_MEAN) / 3, 6),), (round(sum(IMAGENET_STD) / 3, 6),)
    turn = [channel % 3 for channel in range(channels)]
    return tuple(IMAGENET_MEAN[channel] for channel in turn), tuple(IMAGENET_STD[channel] for channel in turn)


def as_float(image: Tensor) -> Tensor:
    """A picture on the scale 0..1: uint8 is divided by 255, float is taken as it is."""
    return image.float().div_(255) if image.dtype == torch.uint8 else image.float()


def fit_channels(image: Tensor, channels: int) -> Tensor:
    """(channels, h, w): grey repeated to any number, RGB weighed to grey (ITU-R 601); anything else is refused.

    Bytes stay bytes.

    Raises:
        ConfigError: The picture has another number of channels than the network.
    """
    found = image.shape[0]
    if found == channels:
        return image
    if found == 1:
        return image.expand(channels, -1, -1)
    if found == 3 and channels == 1:
        return _grey(image)
    raise ConfigError(
        f"pictures of {channels} channel(s)",
        found,
        cure=f"build the system with channels={found} (--channels {found}), or convert the pictures",
    )


def _grey(image: Tensor) -> Tensor:
    """RGB (3, h, w) weighed to (1, h, w); bytes in whole numbers, rounded as Pillow does."""
    if image.is_floating_point():
        return (image * image.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
    red, green, blue = image.int()
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).to(image.dtype)[None]
