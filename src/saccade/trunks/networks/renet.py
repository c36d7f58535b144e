"""ReNet's trunk: recurrent sweeps instead of convolutions.

Paper: Visin, Kastner, Cho, Matteucci, Courville, Bengio 2015, ReNet, arXiv 1505.00393, table 1.
"""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from saccade.layers.recurrent.renet import Cell, ReNetLayer
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage, named
from saccade.trunks.inputs import imagenet

Variant = Literal["cifar10", "mnist", "svhn"]
PATCH, DENSE = 2, 4096


@dataclass(frozen=True)
class Column:
    """A column of the paper's table: one network for one data set.

    Attributes:
        side: Side of the picture.
        layers: Number of recurrent layers, each of which halves.
        hidden: State of each of a layer's four recurrent networks.
        dense: Number of fully connected layers.
    """

    side: int
    layers: int
    hidden: int
    dense: int


COLUMNS: dict[Variant, Column] = {
    "cifar10": Column(side=32, layers=3, hidden=320, dense=1),
    "mnist": Column(side=28, layers=2, hidden=256, dense=2),
    "svhn": Column(side=32, layers=3, hidden=256, dense=2),
}


@declared(TrunkCard(fully_connected=True))
def renet(
    *, variant: Variant = "cifar10", cell: Cell = "gru", width: float = 1.0, channels: int = 3, fc: bool = True
) -> Chain:
    """Layers of four recurrent sweeps over patches of 2 × 2 positions, then fully connected layers.

    Maps: ``renet1`` (stride 2), ``renet2`` (4), and ``renet3`` (8) but for MNIST; with one position ``fc1``, and
    ``fc2`` but for CIFAR-10.

    Args:
        variant: The data set whose network it is.
        cell: ``gru`` or ``lstm``.
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there.
    """
    column = COLUMNS[variant]
    hidden, dense = scaled(column.hidden, width), scaled(DENSE, width)
    stages: dict[str, nn.Module] = {}
    entry = channels
    for number in range(1, column.layers + 1):
        layer = ReNetLayer(entry, hidden, patch=PATCH, cell=cell)
        stages[f"renet{number}"] = named(sweeps=layer, dropout=nn.Dropout(0.2))
        entry = layer.out_channels
    grid = column.side // PATCH**column.layers
    for number in range(1, column.dense + 1 if fc else 1):
        first = number == 1
        linear = nn.Linear(entry * grid * grid if first else dense, dense)
        stages[f"fc{number}"] = dense_stage(linear, grid=grid if first else None, after=0.5)
    return Chain(stages, preprocessing=imagenet(channels))
