"""The generators of random numbers: seeded, kept and put back."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from saccade.data.order import mixed


def seed_everything(seed: int) -> None:
    """Seeds the generators of Python, NumPy and PyTorch, on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@contextmanager
def seeded(*names: str) -> Generator[None]:
    """While it is entered, PyTorch draws on the CPU what it always draws under some names; afterwards it goes on.

    Samplers of boxes and windows draw there, on whichever device the network is.
    """
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(mixed(*names))
    try:
        yield
    finally:
        torch.set_rng_state(before)


def capture() -> dict[str, Any]:
    """The states of all generators, as plain values and tensors."""
    name, key, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (str(name), [int(word) for word in key], int(position), int(has_gauss), float(gauss)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(tree: dict[str, Any]) -> None:
    """Puts back what `capture` gave; states of devices that this machine lacks are left out."""
    random.setstate(tree["python"])
    name, key, position, has_gauss, gauss = tree["numpy"]
    np.random.set_state((name, np.array(key, dtype=np.uint32), position, has_gauss, gauss))
    torch.set_rng_state(tree["torch"])
    if torch.cuda.is_available():
        for device, state in enumerate(tree["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(state, device)
