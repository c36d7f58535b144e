"""lightning-fabric, without torchmetrics: it brings all of that, wherever it is installed, to compare its version.

With it come matplotlib and scikit-learn: seconds at the beginning and 90 MiB of every process of a training. Fabric's
answer serves a part of it that no training here uses.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import cast

__all__ = ["DDPStrategy", "Fabric"]


@contextmanager
def _hidden(name: str) -> Generator[None]:
    """Let a library that nobody has imported yet seem absent."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = cast("ModuleType", None)  # what Python's import takes for absence
    try:
        yield
    finally:
        del sys.modules[name]


with _hidden("torchmetrics"):
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy
