"""ReNet's layer: recurrent networks that sweep a map in four directions.

Paper: Visin, Kastner, Cho, Matteucci, Courville, Bengio 2015, ReNet, arXiv 1505.00393, section 2.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.ops.exporting import exporting

Cell = Literal["gru", "lstm"]
# Which lines are swept first; the others are swept on what these found.
First = Literal["columns", "rows"]


class ReNetLayer(nn.Module):
    """Sweeps down and up each column of patches, then right and left along each row of what they found.

    Every position of the result has seen the whole map.

    Args:
        entry: Channels that it reads.
        hidden: State of each of the four recurrent networks; the layer makes twice as many channels.
        patch: Side of the patches, which do not overlap; a border that fills none is completed with zeros.
        cell: Kind of the recurrent networks.
        first: ``columns``, as ReNet's paper; ``rows``: the other way round, as ReSeg's released code.
    """

    def __init__(
        self, entry: int, hidden: int, *, patch: int = 1, cell: Cell = "gru", first: First = "columns"
    ) -> None:
        super().__init__()
        network = nn.GRU if cell == "gru" else nn.LSTM
        sizes = {"columns": 2 * hidden, "rows": 2 * hidden} | {first: entry * patch * patch}
        self.vertical = network(sizes["columns"], hidden, batch_first=True, bidirectional=True)
        self.horizontal = network(sizes["rows"], hidden, batch_first=True, bidirectional=True)
        self.stride, self.out_channels, self.first = patch, 2 * hidden, first

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, H, W) to (B, 2 hidden, H / patch, W / patch)."""
        height, width = maps.shape[-2:]
        maps = F.pixel_unshuffle(F.pad(maps, (0, -width % self.stride, 0, -height % self.stride)), self.stride)
        if self.first == "rows":
            return self._along_columns(self._along_rows(maps))
        return self._along_rows(self._along_columns(maps))

    def _along_columns(self, maps: Tensor) -> Tensor:
        return sweep(self.vertical, maps.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)

    def _along_rows(self, maps: Tensor) -> Tensor:
        return sweep(self.horizontal, maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def sweep(network: nn.GRU | nn.LSTM, lines: Tensor) -> Tensor:
    """States (B, lines, length, 2 hidden) of a network of two directions along each line (B, lines, length, C)."""
    each = lines.flatten(0, 1)
    if exporting():
        states = both_ways_at_once(each, list(network.parameters()), isinstance(network, nn.LSTM))
    else:
        states, _ = network(each)
    return states.unflatten(0, lines.shape[:2])


@torch.library.custom_op("saccade::both_ways", mutates_args=())
def both_ways_at_once(lines: Tensor, weights: list[Tensor], lstm: bool) -> Tensor:
    """A recurrent network of two directions as an operator by itself, without a gradient.

    In a graph it is one step, however long the lines are; else the graph would hold for lines of one length alone.

    Args:
        lines: (N, L, C).
        weights: Of one direction and then of the other: of the input, of the state, and the biases of both, as torch
            has them.
        lstm: Whether the network is an LSTM; else it is a GRU.

    Returns:
        (N, L, 2 hidden) states.
    """
    start = lines.new_zeros(2, lines.shape[0], weights[1].shape[1])
    how = (weights, True, 1, 0.0, False, True, True)
    states = torch.lstm(lines, (start, start), *how)[0] if lstm else torch.gru(lines, start, *how)[0]
    return states.contiguous()


@both_ways_at_once.register_fake
def _(lines: Tensor, weights: list[Tensor], lstm: bool) -> Tensor:
    del lstm
    return lines.new_empty(lines.shape[0], lines.shape[1], 2 * weights[1].shape[1])
