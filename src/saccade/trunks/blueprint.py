"""torchvision's classifiers as raw material: built without memory, scaled, then filled with weights."""

from collections.abc import Callable
from typing import Any

import torch
import torchvision.models as tv
from torch import nn

from saccade.core.errors import ConfigError
from saccade.layers.initialise import fit_channels
from saccade.layers.scale import SizesAlone, materialise, rescale, rescale_by_running
from saccade.trunks.pretrained import fetch


def blueprint(name: str, width: float, channels: int, *, side: int | None = None, **options: Any) -> nn.Module:
    """A model of torchvision's with scaled channels, on the ``meta`` device: sizes, but no memory yet.

    Args:
        name: torchvision's name.
        width: Factor of all channels.
        channels: Channels of the picture.
        side: Side of a picture to run it on, for models that concatenate branches; others do without.
        **options: The model's own options.
    """
    with torch.device("meta"), SizesAlone():
        module = tv.get_model(name, weights=None, **options)
    return rescale(module, width, channels) if side is None else rescale_by_running(module, width, channels, side)


def fill(
    module: nn.Module, initialise: Callable[[nn.Module], None], *, pretrained: str | None, width: float, channels: int
) -> None:
    """Give a blueprint memory and weights, in place.

    Args:
        module: What is left of the blueprint; weights of layers that were taken away are not missed.
        initialise: How its weights begin.
        pretrained: Name of torchvision's model whose ImageNet weights it takes instead, or None.
        width: The blueprint's width.
        channels: The blueprint's input channels.

    Raises:
        ConfigError: There are no weights of this width, or they cannot be had.
    """
    if pretrained is not None and width != 1:
        raise ConfigError(
            "width=1 with pretrained weights",
            f"width={width}",
            cure="leave pretrained out, or the width",
        )
    materialise(module)
    if pretrained is None:
        if torch.get_default_device().type != "meta":  # where there are no values, only sizes
            initialise(module)
        return
    # The first weights that torchvision published: their preprocessing is the papers', the later ones' is not.
    state = fetch(tv.get_model_weights(pretrained)["IMAGENET1K_V1"].url)
    wanted = module.state_dict()
    state = {name: weight for name, weight in state.items() if name in wanted}
    first = next(iter(wanted))
    state[first] = fit_channels(state[first], channels)
    module.load_state_dict(state)
