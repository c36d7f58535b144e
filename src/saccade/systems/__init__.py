"""The systems by name."""

from importlib.metadata import entry_points

from saccade.systems.lazy import LazySystems

# Each name is that of a function, in the module beside it. To look one up loads it; to read this table loads no torch.
SYSTEMS = LazySystems(
    {
        "lenet5": "lenet",
        "lecture_cnn": "lecture_cnn",
        "alexnet": "alexnet",
        "caffenet": "caffenet",
        "zfnet": "zfnet",
        "overfeat": "overfeat",
        "yolo24": "yolo24",
        "vgg11": "vgg",
        "vgg13": "vgg",
        "vgg16": "vgg",
        "vgg16c": "vgg",
        "vgg19": "vgg",
        "googlenet": "googlenet",
        "inception_v3": "inception",
        "resnet18": "resnet",
        "resnet34": "resnet",
        "resnet50": "resnet",
        "resnet101": "resnet",
        "resnet152": "resnet",
        "resnet20": "cifar_resnet",
        "resnet32": "cifar_resnet",
        "resnet44": "cifar_resnet",
        "resnet56": "cifar_resnet",
        "resnet110": "cifar_resnet",
        "renet": "renet",
        "classifier": "classifier",
        "svm": "svm",
        "localizer": "localizer",
        "overfeat_localizer": "overfeat_localizer",
        "sliding_window": "sliding_window",
        "overfeat_detector": "overfeat_detector",
        "rpn": "rpn",
        "rcnn": "rcnn",
        "spp_net": "spp_net",
        "fast_rcnn": "fast_rcnn",
        "faster_rcnn": "faster_rcnn",
        "rfcn": "rfcn",
        "ion": "ion",
        "multipath": "multipath",
        "yolo1": "yolo1",
        "ssd300": "ssd",
        "ssd512": "ssd",
        "retinanet": "retinanet",
    }
)


def every_system() -> LazySystems:
    """Our systems and those that installed packages offer under the entry point group ``saccade.systems``."""
    offered = {point.name: point for point in entry_points(group="saccade.systems")}
    return LazySystems({**SYSTEMS.entries, **{name: offered[name] for name in offered if name not in SYSTEMS}})
