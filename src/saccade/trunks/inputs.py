"""The preprocessings that trunks declare, for a number of channels."""

from dataclasses import replace

from saccade.core.input.channels import statistics
from saccade.core.input.preprocessing import Preprocessing


def imagenet(channels: int = 3) -> Preprocessing:
    """Less ImageNet's mean, over its deviation; other channels than three have them in turn, or their average."""
    mean, std = statistics(channels)
    return Preprocessing(mean, std)


def minus_one_to_one(channels: int = 3) -> Preprocessing:
    """The scale -1..1, which torchvision's GoogLeNet and Inception v3 learnt on."""
    return Preprocessing((0.5,) * channels, (0.5,) * channels)


def zero_to_one(channels: int = 3) -> Preprocessing:
    """The scale 0..1 as it is, which Darknet's networks learn on."""
    return Preprocessing((0.0,) * channels, (1.0,) * channels)


def raw_pixels(channels: int = 3) -> Preprocessing:
    """The scale 0..255 less ImageNet's mean, of no set deviation.

    AlexNet and those who followed it read such values: weights that begin at N(0, .01), and response normalisation of
    their constants, are meant for them. Divided by the deviation, pictures leave answers that vary by 1e-4.
    """
    return replace(imagenet(channels), std=(1 / 255,) * channels)


def bytes_as_they_are(channels: int = 3) -> Preprocessing:
    """The scale 0..255 as it is, for networks that normalise it themselves."""
    return Preprocessing((0.0,) * channels, (1 / 255,) * channels)


def imagenet_of_tensorflow(channels: int = 3) -> Preprocessing:
    """(pixel - 127) / 128 of bytes, as TensorFlow's EfficientNet-Lite learnt on, resized bicubically."""
    return Preprocessing((127 / 255,) * channels, (128 / 255,) * channels, interpolation="bicubic")
