"""What torchvision's weights say besides numbers: preprocessing and names of classes."""

from dataclasses import replace
from typing import Any

import torchvision.models as tv
from torch import nn
from torchvision.models import WeightsEnum

from saccade.core.errors import UsageError
from saccade.core.input_spec import IMAGENET_MEAN, IMAGENET_STD, InputSpec
from saccade.systems import class_names


def crop_input(module: nn.Module, weights: WeightsEnum) -> InputSpec:
    """How torchvision's classifiers take a picture: the shorter side to a length, then the central square.

    Args:
        module: The classifier; where it moves the normalisation itself (`transform_input`), the spec does so.
        weights: Whose preprocessing it is.

    Raises:
        UsageError: The weights are not a classifier's.
    """
    preset: Any = weights.transforms()
    if not hasattr(preset, "crop_size"):
        raise UsageError(f"weights of a classifier are expected, found {weights}")
    first = next(layer for layer in module.modules() if isinstance(layer, nn.Conv2d))
    size, shorter = preset.crop_size[0], preset.resize_size[0]
    if first.in_channels != len(preset.mean):
        return InputSpec.centre_crop(size, shorter, first.in_channels)
    spec = InputSpec.centre_crop(size, shorter)
    spec = replace(spec, interpolation=preset.interpolation.value, mean=tuple(preset.mean), std=tuple(preset.std))
    return moved(spec) if getattr(module, "transform_input", False) else spec


def moved(spec: InputSpec) -> InputSpec:
    """The spec that also does what `transform_input` does: from ImageNet's mean and deviation to .5 and .5."""
    shift = zip(spec.mean, spec.std, IMAGENET_MEAN, IMAGENET_STD, strict=True)
    mean = tuple(round(m - s * (other - 0.5) / deviation, 12) for m, s, other, deviation in shift)
    std = tuple(round(0.5 * s / deviation, 12) for s, deviation in zip(spec.std, IMAGENET_STD, strict=True))
    return replace(spec, mean=mean, std=std)


def names_of_classes(count: int, weights: WeightsEnum | None) -> tuple[str, ...]:
    """Names from the weights' metadata; without weights ImageNet's for its number of classes, and else numbers."""
    known: list[str] = (weights or tv.ResNet18_Weights.IMAGENET1K_V1).meta.get("categories", [])
    if len(known) != count:
        return class_names(count)
    return tuple(known)
