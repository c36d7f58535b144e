"""What torchvision's weights say besides numbers: preprocessing and names of classes."""

from dataclasses import replace
from typing import Any

import torchvision.models as tv
from torch import nn
from torchvision.models import WeightsEnum

from saccade.core.errors import UsageError
from saccade.core.input.channels import IMAGENET_MEAN, IMAGENET_STD
from saccade.core.input.input_spec import InputSpec
from saccade.systems.build import class_names


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
        raise UsageError("weights of a classifier", weights)
    first = next(layer for layer in module.modules() if isinstance(layer, nn.Conv2d))
    size, shorter = preset.crop_size[0], preset.resize_size[0]
    if first.in_channels != len(preset.mean):
        return InputSpec.centre_crop(size, shorter, first.in_channels, rounds=True)
    spec = InputSpec.centre_crop(size, shorter, rounds=True)
    spec = replace(spec, interpolation=preset.interpolation.value, mean=tuple(preset.mean), std=tuple(preset.std))
    return moved(spec) if getattr(module, "transform_input", False) else spec


def detector_input(module: nn.Module) -> InputSpec:
    """How torchvision's detectors take a picture: resized as floats without antialias, normalised, then padded."""
    theirs: Any = module.transform
    mean, std = tuple(map(float, theirs.image_mean)), tuple(map(float, theirs.image_std))
    if theirs.fixed_size is not None:
        width, height = theirs.fixed_size
        return InputSpec("stretch", (height, width), antialias=False, mean=mean, std=std)
    return InputSpec(
        "shorter",
        shorter=theirs.min_size[-1],
        longest=theirs.max_size,
        antialias=False,
        multiple=theirs.size_divisible,
        mean=mean,
        std=std,
    )


def names_of_objects(count: int, weights: WeightsEnum) -> tuple[str, ...]:
    """Names of a detector's classes, the first of them background, from the weights' metadata where the number fits.

    Of names that stand more than once, which numbers without a class share, each gets its number.
    """
    known: list[str] = weights.meta.get("categories", [])
    if len(known) != count:
        return ("__background__", *(f"class {label}" for label in range(1, count)))
    return tuple(name if known.count(name) == 1 else f"{name} {label}" for label, name in enumerate(known))


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
