"""The trunks by name, and the one way to build them."""

from typing import Any

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean, nearest
from saccade.core.options.options import checked, options_in
from saccade.network.part import Trunk
from saccade.trunks.card import TrunkFunction
from saccade.trunks.networks.alexnet import alexnet
from saccade.trunks.networks.caffenet import caffenet
from saccade.trunks.networks.cifar_resnet import resnet20, resnet32, resnet44, resnet56, resnet110
from saccade.trunks.networks.efficientnet_lite import efficientnet_lite0
from saccade.trunks.networks.googlenet import googlenet
from saccade.trunks.networks.inception import inception_v3
from saccade.trunks.networks.lecture_cnn import lecture_cnn
from saccade.trunks.networks.lenet import lenet5
from saccade.trunks.networks.overfeat import overfeat
from saccade.trunks.networks.patch_cnn import patch_cnn
from saccade.trunks.networks.renet import renet
from saccade.trunks.networks.resnet import resnet18, resnet34, resnet50, resnet101, resnet152
from saccade.trunks.networks.segnet_basic import segnet_basic
from saccade.trunks.networks.unet import unet
from saccade.trunks.networks.vgg import vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg16c, vgg19, vgg19_bn
from saccade.trunks.networks.yolo24 import yolo24
from saccade.trunks.networks.yolo_tiny import yolo_tiny
from saccade.trunks.networks.zfnet import zfnet
from saccade.trunks.timm_names import knows, names
from saccade.trunks.timm_trunk import timm_trunk

TRUNKS: dict[str, TrunkFunction] = {
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
    "efficientnet_lite0": efficientnet_lite0,
    "unet": unet,
    "segnet_basic": segnet_basic,
    "patch_cnn": patch_cnn,
}


def trunk(name: str, **options: Any) -> Trunk:
    """Build a trunk by name.

    Args:
        name: One of `TRUNKS`, or any name of timm's.
        **options: The trunk's own options, such as ``width=0.5``.

    Raises:
        UsageError: The name or an option is unknown, or a value is none of its option's; the message lists those known.
    """
    function = TRUNKS.get(name)
    if function is None:
        return timm_trunk(_of_timm(name), **checked(f"trunk {name}", options_in(timm_trunk), options))
    if not function.card.pretrained:
        options = _without_pretrained(name, options)
    return function(**checked(f"trunk {name}", options_in(function), options))


def ends_fully_connected(name: str) -> bool:
    """Whether a trunk of this name ends in fully connected layers, which it can be built without."""
    return name in TRUNKS and TRUNKS[name].card.fully_connected


def _of_timm(name: str) -> str:
    if not knows(name):
        listed = f"choose one of {', '.join(TRUNKS)}, or a name of timm's"
        raise UsageError(
            "a trunk", repr(name), cure=did_you_mean(nearest(name, TRUNKS) or name, [*TRUNKS, *names()], listed)
        )
    return name


def _without_pretrained(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options less ``pretrained=False``, for a trunk of which nobody offers weights."""
    if options.get("pretrained"):
        raise UsageError(
            f"no pretrained weights for {name}, since nobody offers any",
            "pretrained=True",
            cure="build it with pretrained=False",
        )
    return {option: value for option, value in options.items() if option != "pretrained"}
