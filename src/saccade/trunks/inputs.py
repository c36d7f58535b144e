"""How pictures get into trunks whose weights expect another scale than ImageNet's mean and deviation."""

from dataclasses import replace

from saccade.core.input_spec import InputSpec


def minus_one_to_one(spec: InputSpec) -> InputSpec:
    """The same way in, on the scale -1..1, which torchvision's GoogLeNet and Inception v3 learnt on."""
    return replace(spec, mean=(0.5,) * spec.channels, std=(0.5,) * spec.channels)


def zero_to_one(spec: InputSpec) -> InputSpec:
    """The same way in, on the scale 0..1 as it is, which Darknet's networks learn on."""
    return replace(spec, mean=(0.0,) * spec.channels, std=(1.0,) * spec.channels)


def raw_pixels(spec: InputSpec) -> InputSpec:
    """The spec for pictures of 0 to 255 less their mean, of no set deviation.

    AlexNet and those who followed it read such values: weights that begin at N(0, .01), and response normalisation of
    their constants, are meant for them. Divided by the deviation, pictures leave answers that vary by 1e-4.
    """
    return replace(spec, std=(1 / 255,) * spec.channels)
