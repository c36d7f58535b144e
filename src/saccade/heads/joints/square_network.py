"""A trunk and what stands on it, for squares cut out of pictures."""

from torch import Tensor, nn

from saccade.network.part import Trunk


class SquareNetwork(nn.Module):
    """Squares to vectors, by one map of a trunk.

    Args:
        trunk: Squares to maps.
        reads: The map.
        body: That map to vectors.
    """

    def __init__(self, trunk: Trunk, reads: str, body: nn.Module) -> None:
        super().__init__()
        self.trunk, self.reads, self.body = trunk, reads, body

    def forward(self, squares: Tensor) -> Tensor:
        """(n, C, s, s) to (n, numbers)."""
        return self.body(self.trunk(squares)[self.reads])
