"""Any of timm's networks as a trunk."""

from dataclasses import replace
from http.client import HTTPException
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.preprocessing import Preprocessing
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.trunks.inputs import imagenet


class TimmTrunk(Trunk):
    """A network that timm built with ``features_only=True``.

    Maps are named by their stride, ``stride4`` or ``stride16``; where several share one, the later get a further
    number, as in ``stride16_2``.

    Args:
        network: The network.
        preprocessing: What its weights want of a picture.
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing = Trunk.preprocessing) -> None:
        super().__init__()
        self.network, self.preprocessing = network, preprocessing
        info: Any = network.feature_info
        self.levels = {
            name: Level(channels, stride)
            for name, channels, stride in zip(_names(info.reduction()), info.channels(), info.reduction(), strict=True)
        }
        # A few networks, such as Swin, keep channels last.
        self.channels_last = str(getattr(network, "output_fmt", "")).endswith("NHWC")

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W)."""
        maps = self.network(images)
        if self.channels_last:
            maps = [map.permute(0, 3, 1, 2) for map in maps]
        return dict(zip(self.levels, maps, strict=True))


def timm_trunk(
    name: str,
    *,
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    output_stride: int | None = None,
) -> TimmTrunk:
    """A network of timm's as a trunk.

    Args:
        name: A name of timm's, such as ``convnext_tiny``.
        pretrained: Take the weights that timm offers.
        width: 1; timm's networks are not scaled.
        channels: Channels of the picture.
        output_stride: Pixels that positions of the deepest map lie apart at most, 8 or 16, by dilation; None: as many
            as the network has.

    Raises:
        UsageError: A width is asked for, or a stride of a network that timm cannot dilate.
        ConfigError: timm cannot make maps of this network, or its weights cannot be had.
    """
    import timm  # it takes a second, which nobody pays who does not ask for it

    if width != 1:
        raise UsageError(f"width=1 for timm's {name}", f"width={width}", cure="choose a smaller network of timm's")
    dilated: dict[str, Any] = {} if output_stride is None else {"output_stride": output_stride}
    if dilated and not _can_be_dilated(name, output_stride):
        raise UsageError(
            f"a network of timm's that can be dilated to stride {output_stride}",
            name,
            cure="choose a convolutional one, such as resnet26d or mobilenetv3_large_100",
        )
    try:
        network = timm.create_model(name, pretrained=pretrained, features_only=True, in_chans=channels, **dilated)
    except (OSError, HTTPException) as error:
        raise ConfigError(
            f"the pretrained weights of timm's {name}",
            f"that they could not be had: {error}",
            cure="fetch them on a machine with network into the Hugging Face cache (HF_HOME moves it), "
            "or build with pretrained=False",
        ) from error
    except (RuntimeError, ValueError, AttributeError) as error:
        raise ConfigError(
            "a network of timm's that makes maps",
            f"{name}: {error}",
            cure="choose another network of timm.list_models()",
        ) from error
    return TimmTrunk(network, timm_preprocessing(name, channels))


def _can_be_dilated(name: str, stride: int | None) -> bool:
    """Whether timm builds the network so that no map has a greater stride, tried without memory."""
    import timm

    try:
        with torch.device("meta"):
            network = timm.create_model(name, features_only=True, output_stride=stride)
    except (TypeError, ValueError, NotImplementedError, AssertionError, RuntimeError, AttributeError):
        return False
    info: Any = network.feature_info
    return max(info.reduction()) == stride


def timm_preprocessing(name: str, channels: int = 3) -> Preprocessing:
    """What timm's network `name` wants of a picture: its own statistics, interpolation and crop.

    Of other channels than three nobody knows: they get ImageNet's statistics.
    """
    import timm
    from timm.data.config import resolve_data_config

    known = timm.get_pretrained_cfg(name)
    settings: dict[str, Any] = resolve_data_config(pretrained_cfg=known.to_dict() if known else {}, verbose=False)
    if channels != 3:
        return replace(imagenet(channels), crop=settings["crop_pct"])
    return Preprocessing(
        mean=tuple(settings["mean"]),
        std=tuple(settings["std"]),
        interpolation="bicubic" if settings["interpolation"] == "bicubic" else "bilinear",
        crop=settings["crop_pct"],
    )


def _names(strides: list[int]) -> list[str]:
    return [
        f"stride{stride}" + (f"_{strides[: place + 1].count(stride)}" if stride in strides[:place] else "")
        for place, stride in enumerate(strides)
    ]
