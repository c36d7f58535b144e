"""torchvision's models as systems: the same layers, the same predictions, and torchvision's preprocessing."""

from collections.abc import Callable

from torch import nn
from torchvision.models import WeightsEnum

from saccade.core.errors import UsageError
from saccade.network.system import System
from saccade.systems.from_torchvision.classifiers import CLASSIFIERS
from saccade.systems.from_torchvision.dense_detectors import DENSE_DETECTORS
from saccade.systems.from_torchvision.instances import INSTANCES
from saccade.systems.from_torchvision.keypoints import KEYPOINTS
from saccade.systems.from_torchvision.region_detectors import REGION_DETECTORS
from saccade.systems.from_torchvision.segmenters import SEGMENTERS

Converter = Callable[[nn.Module, WeightsEnum | None], System]

# What finds instances stands before the detector that it is a kind of.
FAMILIES: dict[type[nn.Module], Converter] = {
    **CLASSIFIERS,
    **DENSE_DETECTORS,
    **INSTANCES,
    **KEYPOINTS,
    **REGION_DETECTORS,
    **SEGMENTERS,
}


def from_torchvision(module: nn.Module, *, weights: WeightsEnum | None = None) -> System:
    """A system of the layers of one of torchvision's models, shared with it.

    The system takes pictures as they were read, and prepares them as torchvision does for the model's weights: the
    first that torchvision published, unless `weights` says others. Segmenters without
    `weights` take pictures as they are.

    Args:
        module: An AlexNet, VGG, GoogLeNet, Inception v3 or ResNet (ResNeXt and wide ones too) of torchvision's, or a
            RetinaNet on a ResNet, an SSD on VGG-16, a Faster, Mask or Keypoint R-CNN on a ResNet or MobileNet, or an
            FCN or DeepLabV3 on a ResNet.
        weights: The weights that it holds, such as ``ResNet50_Weights.IMAGENET1K_V2``; names of classes and the
            preprocessing are theirs. Without them a model of 1000 classes is taken for one of ImageNet's, and
            a detector of 91 for one of COCO's.

    Raises:
        UsageError: The module is none of these.
    """
    for kind, convert in FAMILIES.items():
        if isinstance(module, kind):
            return convert(module, weights).train(module.training)
    names = ", ".join(kind.__name__ for kind in FAMILIES)
    raise UsageError(f"a model of torchvision's (one of {names})", type(module).__name__)
