"""Train, compare and ship every classic convolutional vision system on your own pictures.

    import saccade as sc
    run = sc.train("resnet18", "photos", out="runs/a", epochs=10)
    prediction = sc.load(run)("cat.jpg")
    scores = sc.evaluate(run, "photos")

Everything is loaded when it is first asked for: to import the package costs milliseconds, and no torch.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saccade import core, data, metrics, ops, view
    from saccade.analysis.describe import describe
    from saccade.comparison.compare import compare
    from saccade.data.check import check_data
    from saccade.data.open import open_data
    from saccade.network.system import System
    from saccade.runtime.evaluate.disturb import disturb
    from saccade.runtime.evaluate.evaluate import evaluate
    from saccade.runtime.inspect.features import features
    from saccade.runtime.inspect.look import look
    from saccade.runtime.predict.predictor import Predictor
    from saccade.runtime.runs.load import load
    from saccade.systems import SYSTEMS
    from saccade.systems.build import build
    from saccade.systems.from_torchvision import from_torchvision
    from saccade.training.train import train

__version__ = "0.1.0"

# Threads of arithmetic that wait for each other sleep rather than spin. Spinning is the default of torch's OpenMP, and
# where a reading process shares the cores with them it takes the very core that the others wait for: a step of .08 s
# took .9 s on two cores. It is read once, when torch is loaded, and what a user has set stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = [
    "SYSTEMS",
    "Predictor",
    "System",
    "__version__",
    "build",
    "check_data",
    "compare",
    "core",
    "data",
    "describe",
    "disturb",
    "evaluate",
    "features",
    "from_torchvision",
    "load",
    "look",
    "metrics",
    "open_data",
    "ops",
    "train",
    "view",
]

_HOMES = {
    "SYSTEMS": "saccade.systems",
    "Predictor": "saccade.runtime.predict.predictor",
    "System": "saccade.network.system",
    "build": "saccade.systems.build",
    "check_data": "saccade.data.check",
    "compare": "saccade.comparison.compare",
    "describe": "saccade.analysis.describe",
    "disturb": "saccade.runtime.evaluate.disturb",
    "evaluate": "saccade.runtime.evaluate.evaluate",
    "features": "saccade.runtime.inspect.features",
    "from_torchvision": "saccade.systems.from_torchvision",
    "load": "saccade.runtime.runs.load",
    "look": "saccade.runtime.inspect.look",
    "open_data": "saccade.data.open",
    "train": "saccade.training.train",
}
_FOLDERS = ("core", "data", "metrics", "ops", "view")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _FOLDERS:
        return import_module(f"saccade.{name}")
    raise AttributeError(f"module 'saccade' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
