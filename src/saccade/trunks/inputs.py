"""How pictures get into trunks whose weights expect another scale than ImageNet's mean and deviation."""

from dataclasses import replace

from saccade.core.input_spec import InputSpec


def minus_one_to_one(spec: InputSpec) -> InputSpec:
    """The same way in, on the scale -1..1, which torchvision's GoogLeNet and Inception v3 learnt on."""
    return replace(spec, mean=(0.5,) * spec.channels, std=(0.5,) * spec.channels)
