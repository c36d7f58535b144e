"""The exponential moving average of the weights, evaluated and saved in their place."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """A decaying average of a network's weights and floating-point buffers.

    Args:
        network: Whose state is averaged.
        decay: Weight of the past at each step; it starts lower, at (1 + t) / (10 + t), so that the first steps count.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay, self.updates = network, decay, 0
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take one step of the network in."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value.to(self.state[name]), 1 - decay)
            else:
                self.state[name].copy_(value)

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Let the network hold the average for a while."""
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.state)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

    def load(self, state: dict[str, Tensor], updates: int) -> None:
        """Go on from a stored average."""
        self.updates = updates
        for name, value in state.items():
            self.state[name].copy_(value)
