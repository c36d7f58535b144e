"""Random numbers inside the network (dropout, sampled regions) as a function of seed, step and process.

Seeding every step anew, rather than keeping the state of a generator, makes a resumed run draw what the unbroken run
drew, whatever ran between: validation, a report, another number of reading processes.
"""

import random

import numpy as np
import torch

from saccade.data.loading.order import mixed


def seed_step(seed: int, step: int, part: int = 0, rank: int = 0) -> None:
    """Seed torch, NumPy and Python for one forward pass.

    Args:
        seed: The run's seed.
        step: Optimiser steps done before.
        part: Position among the batches that make up the step.
        rank: Position of this process.
    """
    number = mixed(seed, step, part, rank)
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)
