"""ReNet's layer: recurrent networks that sweep a map in four directions.

Paper: Visin, Kastner, Cho, Matteucci, Courville, Bengio 2015, ReNet, arXiv 1505.00393, section 2.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

Cell = Literal["gru", "lstm"]


class ReNetLayer(nn.Module):
    """Sweeps down and up each column of patches, then right and left along each row of what they found.

    Every position of the result has seen the whole map.

    Args:
        entry: Channels that it reads.
        hidden: State of each of the four recurrent networks; the layer makes twice as many channels.
        patch: Side of the patches, which do not overlap; a border that fills none is completed with zeros.
        cell: Kind of the recurrent networks.
    """

    def __init__(self, entry: int, hidden: int, *, patch: int = 1, cell: Cell = "gru") -> None:
        super().__init__()
        network = nn.GRU if cell == "gru" else nn.LSTM
        self.vertical = network(entry * patch * patch, hidden, batch_first=True, bidirectional=True)
        self.horizontal = network(2 * hidden, hidden, batch_first=True, bidirectional=True)
        self.stride, self.out_channels = patch, 2 * hidden

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, H, W) to (B, 2 hidden, H / patch, W / patch)."""
        height, width = maps.shape[-2:]
        maps = F.pixel_unshuffle(F.pad(maps, (0, -width % self.stride, 0, -height % self.stride)), self.stride)
        columns = sweep(self.vertical, maps.permute(0, 3, 2, 1))  # B, w, h, 2 hidden
        rows = sweep(self.horizontal, columns.transpose(1, 2))  # B, h, w, 2 hidden
        return rows.permute(0, 3, 1, 2)


def sweep(network: nn.GRU | nn.LSTM, lines: Tensor) -> Tensor:
    """States (B, lines, length, 2 hidden) of a network of two directions along each line (B, lines, length, C)."""
    states, _ = network(lines.flatten(0, 1))
    return states.unflatten(0, lines.shape[:2])
