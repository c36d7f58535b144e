"""Random numbers that are a function of a name."""

from collections.abc import Generator
from contextlib import contextmanager

import torch

from saccade.data.loading.order import mixed


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
