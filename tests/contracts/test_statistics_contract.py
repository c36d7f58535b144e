"""Every system takes pictures as the weights of its trunk want them, whatever trunk it stands on."""

from typing import Any

import pytest
import torch

from saccade.layers.scale import SizesAlone
from saccade.network.system import System
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.trunks import TRUNKS, trunk

# Trunks of other statistics than ImageNet's, one of them timm's without weights; and those that each system can read.
EVERYWHERE = ("zfnet", "inception_v3", "yolo24", "tf_efficientnet_lite0", "lenet5")
FITTING: dict[str, tuple[str, ...]] = {
    "classifier": EVERYWHERE,
    "svm": EVERYWHERE,
    "localizer": EVERYWHERE,
    "sliding_window": ("yolo24", "lenet5"),
    "overfeat_detector": ("yolo24", "lenet5"),
    "rpn": ("zfnet", "inception_v3", "yolo24"),
    "rcnn": ("zfnet", "alexnet"),
    "spp_net": ("zfnet", "inception_v3", "yolo24"),
    "fast_rcnn": ("zfnet", "alexnet"),
    "faster_rcnn": ("zfnet", "inception_v3", "yolo24", "tf_efficientnet_lite0"),
    "mask_rcnn": ("zfnet", "inception_v3", "yolo24", "tf_efficientnet_lite0"),
    "keypoint_rcnn": ("inception_v3", "yolo24", "tf_efficientnet_lite0"),
    "deepmask": ("zfnet", "yolo24"),
    "sharpmask": ("yolo24",),
    "rfcn": ("zfnet", "yolo24"),
    "ion": ("zfnet",),
    "multipath": ("zfnet",),
    "yolo1": EVERYWHERE,
    "fcn32s": ("yolo24", "tf_efficientnet_lite0"),
    "fcn16s": ("yolo24", "tf_efficientnet_lite0"),
    "fcn8s": ("yolo24", "tf_efficientnet_lite0"),
    "crf_rnn": ("yolo24", "tf_efficientnet_lite0"),
    "superpixels": ("yolo24",),
    "reseg": ("yolo24",),
    "unet": ("yolo24", "tf_efficientnet_lite0"),
    "deeplab1": ("yolo24", "tf_efficientnet_lite0"),
    "deeplab2": ("yolo24", "tf_efficientnet_lite0"),
    "dilated": ("yolo24", "tf_efficientnet_lite0"),
    "parsenet": ("yolo24", "tf_efficientnet_lite0"),
    "dt_edgenet": ("yolo24", "tf_efficientnet_lite0"),
    "edgenet": ("yolo24", "tf_efficientnet_lite0"),
    "semantic_edges": ("yolo24", "tf_efficientnet_lite0"),
    "retinanet": ("zfnet", "inception_v3", "yolo24", "tf_efficientnet_lite0"),
    "deeppose": ("zfnet", "yolo24"),
}
IMAGENET = trunk("resnet18", width=1 / 16).preprocessing


def made(name: str, **options: Any) -> System:
    searched = {"search": "windows"} if "search" in options_of(SYSTEMS[name]) else {}
    with torch.device("meta"), SizesAlone():
        return build(name, 3, **searched, **options)


def test_every_system_that_takes_any_trunk_is_here() -> None:
    free = {name for name, function in SYSTEMS.items() if "trunk" in options_of(function)}
    assert free - {"ssd300", "ssd512", "segnet", "deconvnet"} == set(FITTING)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_usual_trunk_s_statistics_are_the_input_s(name: str) -> None:
    system = made(name)
    declared = system.trunk.preprocessing
    assert (system.input.mean, system.input.std) == (declared.mean, declared.std)


@pytest.mark.parametrize(("name", "chosen"), [(name, one) for name, known in FITTING.items() for one in known])
def test_another_trunk_s_statistics_are_the_input_s(name: str, chosen: str) -> None:
    with torch.device("meta"), SizesAlone():
        declared = trunk(chosen, channels=3).preprocessing
    assert (declared.mean, declared.std) != (IMAGENET.mean, IMAGENET.std)
    system = made(name, trunk=chosen)
    assert (system.input.mean, system.input.std) == (declared.mean, declared.std)
    assert system.trunk.preprocessing == declared


@pytest.mark.parametrize("name", SYSTEMS)
def test_statistics_that_are_given_are_the_trunk_s_and_the_input_s(name: str) -> None:
    channels = options_of(SYSTEMS[name])["channels"].default
    given = {"mean": (0.25,) * channels, "std": (0.5,) * channels}
    system = made(name, **given)
    assert (system.input.mean, system.input.std) == (given["mean"], given["std"])
    assert (system.trunk.preprocessing.mean, system.trunk.preprocessing.std) == (given["mean"], given["std"])


@pytest.mark.parametrize("name", sorted(TRUNKS))
def test_a_trunk_declares_as_many_channels_as_it_has(name: str) -> None:
    for channels in (1, 3, 5):
        assert trunk(name, width=1 / 16, channels=channels).preprocessing.channels == channels


def test_weights_of_a_variant_want_their_own_statistics() -> None:
    wanted = {("alexnet", "paper"): 1 / 255, ("alexnet", "torchvision"): 0.229, ("googlenet", "torchvision"): 0.5}
    for (name, variant), deviation in wanted.items():
        assert trunk(name, variant=variant, width=1 / 16).preprocessing.std[0] == deviation
        assert build(name, 2, variant=variant, width=1 / 16, size=96).input.std[0] == deviation
