"""Weights from elsewhere: downloaded once, checked by their hash, and plainly said where that fails."""

from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor

from saccade.core.errors import ConfigError


def fetch(url: str) -> dict[str, Tensor]:
    """Weights by name from torch's hub cache, or downloaded into it.

    torch writes a download to a temporary file and moves it into the cache when the hash in its name agrees, so that a
    broken download is never taken for weights. Tensors alone are read: no code of the file is run.

    Args:
        url: Address of a ``.pth`` file whose name ends in the start of its SHA-256.

    Raises:
        ConfigError: The download fails or is cut, or the file is damaged; the message names address, cache and cure.
    """
    cached = cache_path(url)
    try:
        return torch.hub.load_state_dict_from_url(url, map_location="cpu", check_hash=True, weights_only=True)
    except (OSError, HTTPException, RuntimeError) as error:
        raise ConfigError(
            f"the pretrained weights {url}",
            f"that they could not be had: {error}",
            path=cached,
            cure=f"download {url} on a machine with network, put it at {cached} (TORCH_HOME moves that folder), "
            "or build with pretrained=False",
        ) from error


def cache_path(url: str) -> Path:
    """Where torch keeps the file of an address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name
