"""The systems by name, and the one way to build them."""

import inspect
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any, Literal, get_args, get_origin, get_type_hints

from saccade.core.errors import UsageError
from saccade.network.card import SystemFunction
from saccade.network.system import System
from saccade.systems.alexnet import alexnet
from saccade.systems.caffenet import caffenet
from saccade.systems.cifar_resnet import resnet20, resnet32, resnet44, resnet56, resnet110
from saccade.systems.classifier import classifier
from saccade.systems.fast_rcnn import fast_rcnn
from saccade.systems.faster_rcnn import faster_rcnn
from saccade.systems.googlenet import googlenet
from saccade.systems.inception import inception_v3
from saccade.systems.ion import ion
from saccade.systems.lecture_cnn import lecture_cnn
from saccade.systems.lenet import lenet5
from saccade.systems.localizer import localizer
from saccade.systems.multipath import multipath
from saccade.systems.overfeat import overfeat
from saccade.systems.overfeat_detector import overfeat_detector
from saccade.systems.overfeat_localizer import overfeat_localizer
from saccade.systems.rcnn import rcnn
from saccade.systems.renet import renet
from saccade.systems.resnet import resnet18, resnet34, resnet50, resnet101, resnet152
from saccade.systems.retinanet import retinanet
from saccade.systems.rfcn import rfcn
from saccade.systems.rpn import rpn
from saccade.systems.sliding_window import sliding_window
from saccade.systems.spp_net import spp_net
from saccade.systems.ssd import ssd300, ssd512
from saccade.systems.statistics import with_statistics
from saccade.systems.svm import svm
from saccade.systems.vgg import vgg11, vgg13, vgg16, vgg16c, vgg19
from saccade.systems.yolo1 import yolo1
from saccade.systems.yolo24 import yolo24
from saccade.systems.zfnet import zfnet

SYSTEMS: dict[str, SystemFunction] = {
    "lenet5": lenet5,
    "lecture_cnn": lecture_cnn,
    "alexnet": alexnet,
    "caffenet": caffenet,
    "zfnet": zfnet,
    "overfeat": overfeat,
    "yolo24": yolo24,
    "vgg11": vgg11,
    "vgg13": vgg13,
    "vgg16": vgg16,
    "vgg16c": vgg16c,
    "vgg19": vgg19,
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
    "classifier": classifier,
    "svm": svm,
    "localizer": localizer,
    "overfeat_localizer": overfeat_localizer,
    "sliding_window": sliding_window,
    "overfeat_detector": overfeat_detector,
    "rpn": rpn,
    "rcnn": rcnn,
    "spp_net": spp_net,
    "fast_rcnn": fast_rcnn,
    "faster_rcnn": faster_rcnn,
    "rfcn": rfcn,
    "ion": ion,
    "multipath": multipath,
    "yolo1": yolo1,
    "ssd300": ssd300,
    "ssd512": ssd512,
    "retinanet": retinanet,
}


_COMMON = {name: p for name, p in inspect.signature(with_statistics).parameters.items() if name != "system"}


def every_system() -> dict[str, SystemFunction]:
    """Our systems and those that installed packages offer under the entry point group ``saccade.systems``."""
    offered = {point.name: point for point in entry_points(group="saccade.systems")}
    return SYSTEMS | {name: point.load() for name, point in offered.items() if name not in SYSTEMS}


def options_of(function: SystemFunction) -> dict[str, inspect.Parameter]:
    """The options of a system by name, besides its classes: its own, and those that all have."""
    own = {name: p for name, p in inspect.signature(function).parameters.items() if name != "classes"}
    return own | {name: p for name, p in _COMMON.items() if name not in own}


def words_of(function: SystemFunction) -> dict[str, tuple[str, ...]]:
    """The options of a system that take one of a few words, by name."""
    hints = {name: getattr(kind, "__value__", kind) for name, kind in get_type_hints(function).items()}
    return {name: get_args(kind) for name, kind in hints.items() if name != "return" and get_origin(kind) is Literal}


def build(name: str, classes: Sequence[str] | int, **options: Any) -> System:
    """Build a system by name.

    Args:
        name: One of `SYSTEMS`, or of an installed package's entry points ``saccade.systems``.
        classes: Names of the classes, or their number.
        **options: The system's own options, such as ``trunk="resnet18"`` or ``width=0.5``, and `mean` and `std` of each
            channel, which all systems take (see `statistics.with_statistics`).

    Raises:
        UsageError: The name or an option is unknown; the message lists the known ones.
        ConfigError: Options do not fit together.
    """
    known = every_system()
    if name not in known:
        raise UsageError("a system", repr(name), cure=f"choose one of {', '.join(sorted(known))}")
    parameters = options_of(known[name])
    unknown = sorted(set(options) - set(parameters))
    if unknown:
        raise UsageError(f"options of {name}", ", ".join(unknown), cure=f"its options are {', '.join(parameters)}")
    names = class_names(classes)
    own = inspect.signature(known[name]).parameters
    common = {key: value for key, value in options.items() if key not in own}
    system = known[name](names, **{key: value for key, value in options.items() if key in own})
    system = with_statistics(system, **common)
    system.origin = {"system": name, "classes": list(names), "options": dict(options)}
    return system


def class_names(classes: Sequence[str] | int) -> tuple[str, ...]:
    """Names of classes: those given, or ``class 0`` … for a count.

    Raises:
        UsageError: There is no class, a count is below 1, or a name stands twice.
    """
    names = tuple(f"class {i}" for i in range(classes)) if isinstance(classes, int) else tuple(classes)
    if not names or len(set(names)) != len(names):
        raise UsageError("one or more distinct class names", list(names))
    return names
