"""The systems by name."""

from saccade.core.installed import entry_points
from saccade.systems.lazy import LazySystems

# Each name is that of a function, in the module after it. To look one up loads it; to read this table loads no torch.
SYSTEMS = LazySystems(
    {
        "lenet5": "classify.lenet",
        "lecture_cnn": "classify.lecture_cnn",
        "alexnet": "classify.alexnet",
        "caffenet": "classify.caffenet",
        "zfnet": "classify.zfnet",
        "overfeat": "classify.overfeat",
        "yolo24": "classify.yolo24",
        "vgg11": "classify.vgg",
        "vgg13": "classify.vgg",
        "vgg16": "classify.vgg",
        "vgg16c": "classify.vgg",
        "vgg19": "classify.vgg",
        "googlenet": "classify.googlenet",
        "inception_v3": "classify.inception",
        "resnet18": "classify.resnet",
        "resnet34": "classify.resnet",
        "resnet50": "classify.resnet",
        "resnet101": "classify.resnet",
        "resnet152": "classify.resnet",
        "resnet20": "classify.cifar_resnet",
        "resnet32": "classify.cifar_resnet",
        "resnet44": "classify.cifar_resnet",
        "resnet56": "classify.cifar_resnet",
        "resnet110": "classify.cifar_resnet",
        "renet": "classify.renet",
        "classifier": "classify.classifier",
        "svm": "classify.svm",
        "localizer": "localize.localizer",
        "overfeat_localizer": "localize.overfeat_localizer",
        "sliding_window": "detect.sliding_window",
        "overfeat_detector": "detect.overfeat_detector",
        "rpn": "detect.rpn",
        "rcnn": "detect.rcnn",
        "spp_net": "detect.spp_net",
        "fast_rcnn": "detect.fast_rcnn",
        "faster_rcnn": "detect.faster_rcnn",
        "rfcn": "detect.rfcn",
        "ion": "detect.ion",
        "multipath": "detect.multipath",
        "yolo1": "detect.yolo1",
        "ssd300": "detect.ssd",
        "ssd512": "detect.ssd",
        "retinanet": "detect.retinanet",
        "fcn32s": "segment.fcn",
        "fcn16s": "segment.fcn",
        "fcn8s": "segment.fcn",
        "crf_rnn": "segment.crf_rnn",
        "segnet": "segment.segnet",
        "segnet_basic": "segment.segnet_basic",
        "unet": "segment.unet",
        "deeplab1": "segment.deeplab1",
        "deeplab2": "segment.deeplab2",
        "dilated": "segment.dilated",
        "parsenet": "segment.parsenet",
        "dt_edgenet": "segment.dt_edgenet",
        "fcn_basic": "segment.segnet_basic",
        "fcn_basic_noaddition": "segment.segnet_basic",
        "fcn_basic_nodimreduction": "segment.segnet_basic",
        "fcn_basic_noaddition_nodimreduction": "segment.segnet_basic",
        "segnet_basic_encoder_addition": "segment.segnet_basic",
        "segnet_basic_single_channel": "segment.segnet_basic",
        "bilinear_interpolation": "segment.segnet_basic",
        "deconvnet": "segment.deconvnet",
        "patch_pixels": "segment.patch_pixels",
        "superpixels": "segment.superpixels",
        "reseg": "segment.reseg",
        "deepmask": "instances.deepmask",
        "sharpmask": "instances.sharpmask",
        "mask_rcnn": "instances.mask_rcnn",
        "edgenet": "contours.edgenet",
        "semantic_edges": "contours.semantic_edges",
        "keypoint_rcnn": "pose.keypoint_rcnn",
        "deeppose": "pose.deeppose",
        "hourglass": "pose.hourglass",
    }
)

# What to begin with where nothing speaks for another: cheap for its task, and good in a few minutes (docs/results.md).
IF_UNSURE = {
    "classify": "classifier",
    "localize": "localizer",
    "detect": "retinanet",
    "segment": "fcn8s",
    "instances": "mask_rcnn",
    "contours": "edgenet",
    "pose": "hourglass",
}


def every_system() -> LazySystems:
    """Our systems and those that installed packages offer under the entry point group ``saccade.systems``."""
    offered = {point.name: point for point in entry_points(group="saccade.systems")}
    return LazySystems({**SYSTEMS.entries, **{name: offered[name] for name in offered if name not in SYSTEMS}})
