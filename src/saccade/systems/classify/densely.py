"""A classifier that answers for every place of a whole picture, and says the average.

Papers: Simonyan and Zisserman 2014, arXiv 1409.1556, section 3.2; Sermanet et al. 2013, arXiv 1312.6229, section 3.3.
"""

from dataclasses import replace

from torch import nn

from saccade.core.errors import ConfigError
from saccade.heads.classify.classify import ClassifyHead
from saccade.network.system import System
from saccade.trunks.surgery.fc_to_conv import convolutional, dense

CURE = "leave --dense away"


def densely(system: System) -> System:
    """The classifier on whole pictures, its fully connected layers as convolutions with the same weights.

    The shorter side of a picture becomes as long as before its centre was cut out; nothing is cut out. Each position
    of the last map scores the classes, scores are averaged over all positions, and the softmax, or sigmoid, follows.
    Where the trunk ends in an average over all positions anyway, such as ResNets, that is the whole picture's.

    Args:
        system: A classifier that sees the centre of pictures; it stays as it is.

    Raises:
        ConfigError: It says more than a picture's class, or does not cut pictures out.
        UsageError: Its trunk has fully connected layers, but is none of stages in a row.
    """
    spec, heads = system.input, system.speaking()
    (name, head), *others = heads.items()
    if others or not isinstance(head, ClassifyHead):
        said = ", ".join(f"{name} ({type(head).__name__})" for name, head in heads.items())
        raise ConfigError("a classifier with one linear class head", f"heads {said}", cure=CURE)
    if spec.rule != "crop" or spec.shorter is None:
        found = f"one whose pictures get in by {spec.rule}"
        raise ConfigError("a classifier that sees the centre of each picture", found, cure=CURE)
    whole = replace(spec, rule="shorter", size=None)
    level = system.trunk.levels.get(head.reads[0])
    if level is None or level.stride is not None:
        return system.with_input(whole)
    # `dense` itself refuses a trunk of another kind.
    trunk = dense(system.trunk)  # pyright: ignore[reportArgumentType]
    averaging = _averaging(head, trunk.levels[head.reads[0]].channels)
    made = System(trunk, {name: averaging}, classes=system.classes, input=whole, recipe=system.recipe)
    made.origin = system.origin
    return made.train(system.training)


def _averaging(head: ClassifyHead, channels: int) -> ClassifyHead:
    """The head's scores of each position of a map of so many channels, averaged."""
    body = nn.Sequential(convolutional(head.body, channels), nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    loss = "sigmoid" if head.many else "softmax"
    return ClassifyHead(head.reads[0], body, head.classes, loss=loss, smoothing=head.smoothing)
