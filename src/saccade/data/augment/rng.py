"""Random numbers for one picture, all from one generator: the same seed, epoch and index give the same picture."""

import math

import numpy as np
import torch
from torch import Tensor


def generator_for(seed: int, epoch: int, index: int) -> torch.Generator:
    """The generator of one picture in one epoch, whatever process draws it and in whatever order."""
    (number,) = np.random.SeedSequence([seed, epoch, index]).generate_state(1, np.uint64).tolist()
    return torch.Generator().manual_seed(number >> 1)


class RandomDraws:
    """Draws from a torch generator.

    Args:
        generator: The one source of all draws.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + (high - low) * float(torch.rand((), generator=self.generator, dtype=torch.float64))

    def log_uniform(self, low: float, high: float) -> float:
        """A number whose logarithm is uniform: halving is as likely as doubling."""
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def spread(self, greatest: float) -> float:
        """A number from -`greatest` to `greatest`."""
        return self.uniform(-greatest, greatest) if greatest else 0.0

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return probability > 0 and self.uniform(0, 1) < probability

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers of this shape."""
        return torch.randn(*shape, generator=self.generator)

    def clipped_normal(self) -> float:
        """A normal number with a standard deviation of one half, clipped to -1..1."""
        return min(max(float(self.normal(1)) / 2, -1.0), 1.0)

    def beta(self, parameter: float) -> float:
        """A number from the symmetric beta distribution."""
        return float(np.random.default_rng(self.whole(0, 2**62)).beta(parameter, parameter))
