"""What in a picture made a unit fire: its activation led back to pixels, layer by layer.

Paper: Zeiler, Fergus 2013, Visualizing and understanding convolutional networks, arXiv 1311.2901, section 2.1. A
pooling is undone by its switches (the places of its maxima), a rectifier by the same rectifier, a convolution by its
transposed filters. All but the rectifier are what the layer's own backward pass does to a gradient, so that every
linear layer of ours goes back without a word about its strides and groups.

Legend: K channels, (h, w) positions of a layer.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.explain.layers import check_finite
from saccade.layers.blocks.lenet import ScaledTanh, Subsample, TableConv2d
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain

RECTIFIERS = (nn.ReLU, nn.LeakyReLU, ScaledTanh)
# The paper's deconvnet has no inverse of contrast normalisation, and dropout rests.
UNCHANGED = (nn.LocalResponseNorm, nn.Dropout, nn.Identity)
BACKWARD = (
    *(nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
    *(nn.Flatten, nn.Unflatten, Subsample, TableConv2d),
)


@dataclass(frozen=True)
class Step:
    """A layer, and what it was given on the way up."""

    layer: nn.Module
    entry: Tensor


@dataclass(frozen=True)
class Unit:
    """One position of one channel of a layer.

    Attributes:
        channel: The channel.
        row: Row of the position.
        column: Its column.
        value: How strongly it fires.
    """

    channel: int
    row: int
    column: int
    value: float


def why_not(trunk: Trunk) -> str | None:
    """What keeps a trunk from being led back through; None where nothing does."""
    if not isinstance(trunk, Chain):
        return f"its trunk, {type(trunk).__name__}, is no chain of layers"
    for name, stage in trunk.named_children():
        for layer in in_a_row(stage):
            if not isinstance(layer, RECTIFIERS + UNCHANGED + BACKWARD):
                return f"its trunk's layers do not run in a row: {name} holds a {type(layer).__name__}"
    return None


def in_a_row(stage: nn.Module) -> list[nn.Module]:
    """The layers of a stage, sequences opened."""
    if not isinstance(stage, nn.Sequential):
        return [stage]
    return [layer for child in stage for layer in in_a_row(child)]


class Deconvnet:
    """The way back from a layer of a trunk to one picture.

    Args:
        trunk: The trunk, in evaluation mode.
        images: (1, C, H, W) the normalised picture.
        layer: Name of the map to begin at.

    Attributes:
        values: (1, K, h, w) the map.

    Raises:
        UsageError: The trunk's layers do not run in a row, or it has no such map.
    """

    def __init__(self, trunk: Trunk, images: Tensor, layer: str) -> None:
        reason = why_not(trunk)
        if reason is not None:
            raise UsageError("a trunk whose layers run in a row", f"that {reason}")
        names = [name for name, _ in trunk.named_children()]
        if layer not in names:
            raise UsageError("a map of the trunk", repr(layer), cure=f"maps are {', '.join(names)}")
        self.steps: list[Step] = []
        self.values = images.detach()
        with torch.no_grad():
            for name in names[: names.index(layer) + 1]:
                for step in in_a_row(trunk.get_submodule(name)):
                    self.steps.append(Step(step, self.values))
                    self.values = step(self.values.clone())  # rectifiers work in place
        check_finite(self.values, f"values of {layer}")

    def strongest(self, count: int) -> list[Unit]:
        """The strongest position of each of the channels that fire most, the strongest channel first."""
        values = self.values[0].float()
        peaks, places = values.flatten(1).max(1)
        width = values.shape[2]
        chosen = peaks.argsort(descending=True, stable=True)[:count].tolist()
        return [Unit(k, int(places[k]) // width, int(places[k]) % width, float(peaks[k])) for k in chosen]

    def project(self, unit: Unit) -> Tensor:
        """(C, H, W) float32: the unit's activation alone, all others set to 0, led back to the picture's pixels."""
        signal = torch.zeros_like(self.values)
        place = (0, unit.channel, unit.row, unit.column)
        signal[place] = self.values[place]
        for step in reversed(self.steps):
            signal = _back(step, signal)
        return signal[0].float()


def _back(step: Step, signal: Tensor) -> Tensor:
    """What reaches a layer's input when its output is `signal`."""
    if isinstance(step.layer, UNCHANGED):
        return signal
    if isinstance(step.layer, RECTIFIERS):
        return step.layer(signal.clone())
    with torch.enable_grad():
        entry = step.entry.detach().requires_grad_()
        return torch.autograd.grad(step.layer(entry), entry, signal)[0]
