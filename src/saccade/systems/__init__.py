"""The systems by name."""

from importlib.metadata import entry_points

from saccade.network.card import SystemFunction
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


def every_system() -> dict[str, SystemFunction]:
    """Our systems and those that installed packages offer under the entry point group ``saccade.systems``."""
    offered = {point.name: point for point in entry_points(group="saccade.systems")}
    return SYSTEMS | {name: point.load() for name, point in offered.items() if name not in SYSTEMS}
