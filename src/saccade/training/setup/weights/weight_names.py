"""Weights that others have saved, under a system's own names."""

from collections.abc import Mapping

from torch import Tensor

from saccade.network.system import System
from saccade.systems.from_torchvision.names import torchvision_names


def under_own_names(system: System, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a file under the names that the system gives them.

    Args:
        system: The system that is to begin with them.
        found: Weights of a system of ours, of a shallower relative of its trunk, or of torchvision's or timm's network
            that its trunk is made of.
    """
    own = system.state_dict()
    relative = _from_relative(system.trunk.names_in_relative, found)
    if relative:
        return relative
    if any(name in own for name in found):
        return _with_bodies(own, found)
    theirs = {name: found[other] for name, other in torchvision_names(system).items() if other in found}
    renamed = {name: value for name, value in _with_bodies(own, theirs).items() if name in own}
    return renamed or {f"trunk.network.{name}": value for name, value in found.items()}


def _with_bodies(own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of which those of a trunk's last layers go to the heads that have taken these layers over.

    Region detectors run the trunk's last layers for each region, in the body of a head.
    """
    taken = dict(found)
    for name, value in own.items():
        before, _, layer = name.partition(".body.")
        theirs = found.get(f"trunk.{layer}") if before.startswith("heads.") and name not in found else None
        if theirs is not None and theirs.shape == value.shape:
            taken[name] = theirs
    return taken


def _from_relative(names_in_relative: Mapping[str, str], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a relative lends, and its heads; nothing where the weights are not a relative's."""
    lent = {f"trunk.{own}": f"trunk.{theirs}" for own, theirs in names_in_relative.items()}
    moved = {own: theirs for own, theirs in lent.items() if own != theirs}
    if not moved or any(own in found or theirs not in found for own, theirs in moved.items()):
        return {}
    heads = {name: value for name, value in found.items() if name.startswith("heads.")}
    return {own: found[theirs] for own, theirs in lent.items() if theirs in found} | heads
