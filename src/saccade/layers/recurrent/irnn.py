"""Sweeps over a map in four directions by rectified recurrent networks that begin as sums.

Papers: Bell, Zitnick, Bala, Girshick 2015, Inside-Outside Net, arXiv 1512.04143, section 3.2; Le, Jaitly, Hinton 2015,
A simple way to initialize recurrent networks of rectified linear units, arXiv 1504.00941.
"""

import torch
from torch import Tensor, nn

from saccade.layers.initialise import xavier
from saccade.ops.exporting import exporting


class Irnn(nn.Module):
    """Four sweeps that share what they read of each position, and a layer that mixes what they carry.

    A sweep's state at a position is relu(W · its state at the position before + what is read there), and W begins as
    the identity; so every position of the result has seen its row and its column, and after two layers the whole map.

    Args:
        entry: Channels that it reads.
        hidden: State of each sweep.
        size: Channels that it makes.
        fixed: Whether W stays the identity, so that a sweep only adds up and rectifies.
    """

    def __init__(self, entry: int, hidden: int, size: int, *, fixed: bool = False) -> None:
        super().__init__()
        self.enter, self.mix = nn.Conv2d(entry, hidden, 1), nn.Conv2d(4 * hidden, size, 1)
        xavier(self)
        # Of the sweeps down, up, right and left.
        self.recur = None if fixed else nn.Parameter(torch.eye(hidden).repeat(4, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, H, W) to (B, size, H, W), not rectified."""
        seen = self.enter(maps)
        vertical = self._both_ways(seen.permute(2, 0, 3, 1), 0).permute(1, 3, 0, 2)
        horizontal = self._both_ways(seen.permute(3, 0, 2, 1), 2).permute(1, 3, 2, 0)
        return self.mix(torch.cat([vertical, horizontal], 1))

    def _both_ways(self, seen: Tensor, first: int) -> Tensor:
        """(L, B, M, 2 hidden) states of M lines (L, B, M, hidden), forward by weights `first`, backward by the next."""
        weights = None if self.recur is None else self.recur[first : first + 2]
        lines = seen.flatten(1, 2)
        run = sweep_at_once if exporting() else sweep
        states = run(torch.stack([lines, lines.flip(0)]), weights)
        both = torch.cat([states[0], states[1].flip(0)], -1)
        return both.unflatten(1, seen.shape[1:3])


def stacked_irnns(size: int, *, fixed: bool = False) -> nn.Sequential:
    """Two layers of four sweeps each, rectified, of `size` channels throughout (Inside-Outside Net, section 3.2)."""
    layers = (Irnn(size, size, size, fixed=fixed), nn.ReLU(), Irnn(size, size, size, fixed=fixed), nn.ReLU())
    return nn.Sequential(*layers)


def sweep(lines: Tensor, weights: Tensor | None) -> Tensor:
    """States (S, L, N, C) of S networks along their N lines of L positions (S, L, N, C), all lines at once.

    Args:
        lines: What is added at each position.
        weights: (S, C, C), from each channel of the state before (last) to each of the new one; None: the identity.
    """
    states: list[Tensor] = []
    for seen in lines.unbind(1):
        if not states:
            carried = seen
        elif weights is None:
            carried = seen + states[-1]
        else:
            carried = seen + states[-1] @ weights.transpose(1, 2)
        states.append(carried.relu())
    return torch.stack(states, 1)


@torch.library.custom_op("saccade::sweep", mutates_args=())
def sweep_at_once(lines: Tensor, weights: Tensor | None) -> Tensor:
    """`sweep` as an operator by itself, without a gradient: in a graph it is one step, however long the lines are."""
    return sweep(lines, weights)


@sweep_at_once.register_fake
def _(lines: Tensor, weights: Tensor | None) -> Tensor:
    return torch.empty_like(lines)
