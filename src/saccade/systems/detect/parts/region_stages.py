"""In which stages detectors learn that look at regions: what stands still, and what learns in turn."""

from typing import Literal

from torch import nn

from saccade.network.part import Trunk
from saccade.network.recipe import Stage

# Whether proposals and regions learn together or in turn.
Schedule = Literal["joint", "alternate"]

# What torchvision and timm call the first blocks of a residual network.
FIRST_STAGE = "layer1"


def stages_of(schedule: Schedule, trunk: Trunk, pretrained: bool, *, pyramid: bool) -> tuple[Stage, ...]:
    """The stages of a detector that proposes its regions itself.

    Args:
        schedule: Whether proposals and regions learn together or in turn.
        trunk: The detector's trunk.
        pretrained: Whether it knows ImageNet.
        pyramid: Whether there is a neck.
    """
    if schedule == "joint":
        return one_stage(trunk, pretrained)
    return alternate(first_layers(trunk, pretrained), pyramid)


def first_layers(trunk: Trunk, pretrained: bool) -> tuple[str, ...]:
    """What detectors leave as ImageNet taught it: the first layers, and all normalisation.

    Of a residual network these are the stem and the first stage of blocks, as in Detectron and torchvision; of others
    the layers of strides below 4, such as VGG's first four convolutions (Girshick 2015, section 4.5). Other networks of
    timm's name maps and no layers after strides: of them all normalisation. From scratch nothing stands still.
    """
    if not pretrained:
        return ()
    parts = {path: module for path, module in trunk.named_modules() if path}
    early = _up_to_first_stage(trunk) or [
        name for name, level in trunk.levels.items() if name in parts and (level.stride or 99) < 4
    ]
    kinds = nn.modules.batchnorm._BatchNorm  # pyright: ignore[reportPrivateUsage]
    norms = [path for path, module in parts.items() if isinstance(module, kinds)]
    return tuple(f"trunk.{path}" for path in (*early, *norms))


def _up_to_first_stage(trunk: Trunk) -> list[str]:
    """Paths of a residual network's layers up to its first stage; none of any other network."""
    for holder, module in (("", trunk), *((f"{name}.", child) for name, child in trunk.named_children())):
        names = [name for name, _ in module.named_children()]
        if FIRST_STAGE in names:
            until = names[: names.index(FIRST_STAGE) + 1]
            return [f"{holder}{name}" for name in until if any(True for _ in module.get_submodule(name).parameters())]
    return []


def one_stage(trunk: Trunk, pretrained: bool) -> tuple[Stage, ...]:
    """All learns together, but for what `first_layers` names."""
    return (Stage(freeze=first_layers(trunk, pretrained)),)


def alternate(standing: tuple[str, ...], pyramid: bool) -> tuple[Stage, ...]:
    """Four steps (section 3.2), of lengths 80 : 40 : 80 : 40.

    The second begins the trunk anew and learns from proposals of the first one's network, which then is done with; the
    third goes on with the first one's proposing layers, on the second one's trunk.

    Args:
        standing: What stands still throughout.
        pyramid: Whether there is a neck, which stands still with the trunk.
    """
    proposals = ("regions/class", "regions/box")
    regions = ("regions/propose_class", "regions/propose_box")
    shared = ("trunk", "neck") if pyramid else ("trunk",)
    return (
        Stage(1 / 3, freeze=(*standing, "regions.tops"), silent=proposals),
        Stage(1 / 6, freeze=(*standing, "regions.propose"), silent=regions, reinitialise=True),
        Stage(1 / 3, freeze=(*shared, "regions.tops"), silent=proposals),
        Stage(1 / 6, freeze=(*shared, "regions.propose"), silent=regions),
    )
