"""Layers that two parts run and one of them owns."""

from torch import Tensor, nn


class Borrowed(nn.Module):
    """Runs layers whose weights, mode and place in a saved file are another module's.

    Args:
        layers: What is run; who owns them must be part of the same network.
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.owned_elsewhere = (layers,)  # within a tuple, where torch takes nothing for a part

    def forward(self, values: Tensor) -> Tensor:
        """What the layers make of it."""
        return self.owned_elsewhere[0](values)
