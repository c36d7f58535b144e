"""Tensors from PyTorch's pickled files (.pth, .pt): only on the user's word, and even then never with code."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saccade.core.errors import ConfigError, DataError
from saccade.safe_io.files import readable

SUFFIXES = frozenset({".pth", ".pt", ".ckpt", ".pkl", ".pickle", ".bin", ".tar"})
# Under which name other people's checkpoints keep the weights beside optimiser and epoch.
_WEIGHTS = ("state_dict", "model", "model_state_dict", "weights")

_log = logging.getLogger("saccade")


def looks_pickled(path: Path) -> bool:
    """Whether a file's name or first bytes say that it is a pickle or a zip of one."""
    with readable(path), path.open("rb") as file:
        head = file.read(4)
    return (
        path.suffix.lower() in SUFFIXES or head[:2] in {b"\x80\x02", b"\x80\x03", b"\x80\x04"} or head == b"PK\x03\x04"
    )


def read_pickled_tensors(path: Path, trusted: bool) -> dict[str, Tensor]:
    """The weights of a pickled file, read by PyTorch's reader of plain tensors, which refuses all else.

    Args:
        path: The file.
        trusted: Whether the user said that the file may be read.

    Raises:
        ConfigError: The user did not say so.
        DataError: The file is damaged, or holds more than tensors and plain values.
    """
    if not trusted:
        raise ConfigError(
            "a safetensors file",
            "a pickle, which can hold code",
            path=path,
            cure="if you trust where it is from, say so with --trust-pickle (trust_pickle=True)",
        )
    _log.warning("%s: reading a pickle because --trust-pickle was given; only tensors and plain values are taken", path)
    try:
        with readable(path):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except DataError:
        raise
    except Exception as error:  # Bytes that anybody made fail in ways that no list of errors foresees.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            "a file of tensors",
            f"one that cannot be read as such: {reason}",
            path=path,
            cure="the file is damaged, or holds objects with code, which are never read: save its state_dict anew",
        ) from error
    return _weights(path, found)


def _weights(path: Path, found: Any) -> dict[str, Tensor]:
    for name in _WEIGHTS:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping) or not found or not all(isinstance(value, Tensor) for value in found.values()):
        raise DataError(
            f"a state dict (names to tensors, or such a dict under one of {', '.join(_WEIGHTS)})",
            type(found).__name__,
            path=path,
        )
    return {str(name): value for name, value in found.items()}
