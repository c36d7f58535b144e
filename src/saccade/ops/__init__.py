"""Pure functions on tensors: boxes, matching, pooling, the dense CRF, the domain transform. No layers here."""

from importlib import import_module
from typing import Any

# Modules that users meet as attributes, loaded when they are first asked for.
SHOWN = ("crf", "domain_transform")


def __getattr__(name: str) -> Any:
    if name in SHOWN:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
