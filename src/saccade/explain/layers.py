"""Layers of a network by name, what they give for a batch, and which of them a class score is best traced to.

Hooks stay in this file: no network knows that it is looked into.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from saccade.core.errors import ConfigError, UsageError
from saccade.network.head import Head
from saccade.network.maps import GUIDE, IMAGE, Maps
from saccade.network.system import System
from saccade.network.views import Evidence


def evidence_head(system: System) -> tuple[Head, Evidence] | None:
    """The head that speaks for classes, as both things that it is; None where no head does."""
    for name, head in system.each_head():
        if name not in system.silent and isinstance(head, Evidence):
            return head, head
    return None


def spatial_levels(system: System) -> list[str]:
    """Maps with more than one position, from the finest to the deepest; the picture itself is left out."""
    return [name for name, level in system.levels.items() if level.stride is not None and name not in (IMAGE, GUIDE)]


def deepest_map(system: System, head: Head, maps: Maps) -> str:
    """The map whose positions say most about where the evidence of a head lies.

    That is the last map with several positions on the way to the head. One that is only pooled gives way to the finer
    map that it was pooled from, as Grad-CAM takes the last convolution.
    """
    known = spatial_levels(system)
    last = head.reads[0] if head.reads[0] in known else [n for n in known if n in system.trunk.levels][-1]
    wide = [name for name in known[: known.index(last) + 1] if maps[name].shape[-2:].numel() > 1] or [last]
    stages = dict(system.trunk.named_children())
    convolved = [name for name in wide if not isinstance(stages.get(name), nn.MaxPool2d)]
    return (convolved or wide)[-1]


def check_layer(system: System, layer: str) -> None:
    """Refuse a layer that is neither a map with positions nor a module.

    Raises:
        UsageError: There is no such layer; the message lists the maps.
    """
    modules = dict(system.named_modules())
    if layer not in spatial_levels(system) and layer not in modules:
        path = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)][-1:]
        told = f"; a module's path such as {path[0]} does as well" if path else ""
        raise UsageError(
            "a layer with positions",
            repr(layer),
            cure=f"maps are {', '.join(spatial_levels(system))}{told}",
        )


@contextmanager
def kept_output(system: System, layer: str | None) -> Generator[list[Tensor]]:
    """Inside the block, what the module `layer` gives is put into the list, untouched by what runs after it.

    Maps need no hook and leave the list empty: `System.maps` returns them. So does None.
    """
    kept: list[Tensor] = []
    if layer is None or layer in spatial_levels(system):
        yield kept
        return

    def keep(_: nn.Module, __: Any, output: Any) -> Any:
        if not isinstance(output, Tensor):
            return output
        kept.append(output)
        return output.clone()  # a rectifier that works in place would change what is kept

    handle = system.get_submodule(layer).register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def check_finite(values: Tensor, what: str) -> Tensor:
    """The values as they are.

    Raises:
        ConfigError: Some are not finite.
    """
    if bool(values.isfinite().all()):
        return values
    count = int((~values.isfinite()).sum())
    raise ConfigError(
        f"finite {what}",
        f"{count} of {values.numel()} that are not",
        cure="the weights hold such numbers, or 16 bits are too few for them: look with --precision 32",
    )
