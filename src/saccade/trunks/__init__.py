"""The trunks by name, and the one way to build them."""

import inspect
from collections.abc import Callable
from typing import Any

from saccade.core.errors import UsageError
from saccade.core.input_spec import InputSpec
from saccade.network.part import Trunk
from saccade.trunks.alexnet import alexnet
from saccade.trunks.caffenet import caffenet
from saccade.trunks.cifar_resnet import resnet20, resnet32, resnet44, resnet56, resnet110
from saccade.trunks.googlenet import googlenet
from saccade.trunks.inception import inception_v3
from saccade.trunks.inputs import minus_one_to_one, raw_pixels, zero_to_one
from saccade.trunks.lecture_cnn import lecture_cnn
from saccade.trunks.lenet import lenet5
from saccade.trunks.overfeat import overfeat
from saccade.trunks.renet import renet
from saccade.trunks.resnet import resnet18, resnet34, resnet50, resnet101, resnet152
from saccade.trunks.timm_adapter import knows, timm_input, timm_trunk
from saccade.trunks.vgg import vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg16c, vgg19, vgg19_bn
from saccade.trunks.yolo24 import yolo24
from saccade.trunks.yolo_tiny import yolo_tiny
from saccade.trunks.zfnet import zfnet

TRUNKS: dict[str, Callable[..., Trunk]] = {
    "lenet5": lenet5,
    "lecture_cnn": lecture_cnn,
    "alexnet": alexnet,
    "caffenet": caffenet,
    "zfnet": zfnet,
    "overfeat": overfeat,
    "yolo24": yolo24,
    "yolo_tiny": yolo_tiny,
    "vgg11": vgg11,
    "vgg13": vgg13,
    "vgg16": vgg16,
    "vgg16c": vgg16c,
    "vgg19": vgg19,
    "vgg11_bn": vgg11_bn,
    "vgg13_bn": vgg13_bn,
    "vgg16_bn": vgg16_bn,
    "vgg19_bn": vgg19_bn,
    "googlenet": googlenet,
    "inception_v3": inception_v3,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet101": resnet101,
    "resnet152": resnet152,
    "resnet20": resnet20,
    "resnet32": resnet32,
    "resnet44": resnet44,
    "resnet56": resnet56,
    "resnet110": resnet110,
    "renet": renet,
}

# Of trunks that do not read pictures by ImageNet's mean and deviation.
RANGES: dict[str, Callable[[InputSpec], InputSpec]] = {
    "inception_v3": minus_one_to_one,
    **dict.fromkeys(("alexnet", "caffenet", "zfnet", "overfeat"), raw_pixels),
    **dict.fromkeys(("yolo24", "yolo_tiny"), zero_to_one),
}


def trunk(name: str, **options: Any) -> Trunk:
    """Build a trunk by name.

    Args:
        name: One of `TRUNKS`, or any name of timm's.
        **options: The trunk's own options, such as ``width=0.5``.

    Raises:
        UsageError: The name or an option is unknown; the message lists the known ones.
    """
    function = TRUNKS.get(name)
    if function is None:
        if not knows(name):
            listed = ", ".join(TRUNKS)
            raise UsageError("a trunk", repr(name), cure=f"choose one of {listed}, or a name of timm's")
        return timm_trunk(name, **_checked(name, timm_trunk, options))
    return function(**_checked(name, function, _without_pretrained(name, function, options)))


def trunk_input(name: str, size: int, channels: int = 3) -> InputSpec:
    """How a picture gets into the trunk `name` when it classifies: at `size` pixels, cut from a little more."""
    if name not in TRUNKS and knows(name):
        return timm_input(name, size, channels)
    spec = InputSpec.centre_crop(size, round(size * 256 / 224), channels)
    return in_range(name, spec)


def in_range(name: str, spec: InputSpec) -> InputSpec:
    """The spec, with the scale of values that the weights of the trunk `name` are meant for as they begin."""
    return RANGES[name](spec) if name in RANGES else spec


def _without_pretrained(name: str, function: Callable[..., Trunk], options: dict[str, Any]) -> dict[str, Any]:
    """The options less ``pretrained=False``, for a trunk of which nobody offers weights."""
    if "pretrained" not in options or "pretrained" in inspect.signature(function).parameters:
        return options
    if options["pretrained"]:
        raise UsageError(
            f"no pretrained weights for {name}, since nobody offers any",
            "pretrained=True",
            cure="build it with pretrained=False",
        )
    return {option: value for option, value in options.items() if option != "pretrained"}


def _checked(name: str, function: Callable[..., Trunk], options: dict[str, Any]) -> dict[str, Any]:
    known = [option for option in inspect.signature(function).parameters if option != "name"]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"options of trunk {name}", ", ".join(unknown), cure=f"its options are {', '.join(known)}")
    return options
