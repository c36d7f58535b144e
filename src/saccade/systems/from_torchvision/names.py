"""Under which names torchvision keeps the weights of our systems."""

import torch
import torchvision.models as tv

from saccade.network.system import System
from saccade.systems.from_torchvision import from_torchvision
from saccade.trunks import TRUNKS

# Models that else begin their weights anew, slowly, and warn of it.
BEGINNERS = frozenset({"googlenet", "inception_v3"})


def torchvision_names(system: System) -> dict[str, str]:
    """A system's names of weights, each with torchvision's name of the same weight.

    Two models without memory share their layers here, so that no list of names is kept.

    Args:
        system: A system that `build` made; its trunk decides.

    Returns:
        The names, or none where torchvision has no such model.
    """
    origin = system.origin or {"system": "", "options": {}}
    name = str(origin["options"].get("trunk", origin["system"]))
    if name not in TRUNKS or name not in tv.list_models(module=tv):
        return {}
    with torch.device("meta"):
        module = tv.get_model(name, weights=None, **({"init_weights": False} if name in BEGINNERS else {}))
        twin = from_torchvision(module)
    theirs = {id(tensor): key for key, tensor in module.state_dict(keep_vars=True).items()}
    own = twin.state_dict(keep_vars=True)
    return {key: theirs[id(tensor)] for key, tensor in own.items() if id(tensor) in theirs}
