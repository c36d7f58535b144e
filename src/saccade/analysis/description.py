"""What `describe` finds of a network."""

from dataclasses import asdict, dataclass
from typing import Any

from saccade.analysis.layers import Layer


@dataclass(frozen=True)
class NamedMap:
    """One named map of a network.

    Attributes:
        name: Its name.
        part: ``trunk`` or ``neck``, whichever makes it; ``image`` for the picture itself.
        shape: Channels, height and width for the picture that was looked at.
        stride: Pixels between two positions, or None where it has one position.
        readers: The neck and the heads that read it.
    """

    name: str
    part: str
    shape: tuple[int, ...]
    stride: int | None
    readers: tuple[str, ...]


@dataclass(frozen=True)
class NamedHead:
    """One head of a network.

    Attributes:
        name: Its name.
        kind: Its class.
        reads: Names of the maps that it reads.
        gives: Fields of the prediction that it fills.
        is_silent: Whether it is passed over in use.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    gives: tuple[str, ...]
    is_silent: bool


@dataclass(frozen=True)
class Description:
    """A network in numbers, for one picture.

    Attributes:
        name: Name of the system.
        input: Channels, height and width of the picture.
        layers: The layers in the order in which they run.
        maps: The named maps: the picture's, the trunk's, the neck's.
        heads: The heads.
    """

    name: str
    input: tuple[int, int, int]
    layers: tuple[Layer, ...]
    maps: tuple[NamedMap, ...]
    heads: tuple[NamedHead, ...]

    @property
    def parameters(self) -> int:
        """All that may be learnt, frozen kernels too; buffers do not count."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def weights(self) -> int:
        """Parameters without biases and those of normalisation."""
        return sum(layer.weights for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition for one picture."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def memory(self) -> int:
        """Bytes of all layers' outputs for one picture, in 32-bit numbers."""
        return sum(layer.memory for layer in self.layers)

    @property
    def shares(self) -> dict[str, float]:
        """Share of the weights in convolutions, in dense layers and in others; 0 each where there are no weights."""
        total = max(self.weights, 1)
        groups = ("convolution", "dense", "other")
        return {g: sum(layer.weights for layer in self.layers if layer.group == g) / total for g in groups}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as ``saccade describe --json`` prints them."""
        return {
            "name": self.name,
            "input": self.input,
            "parameters": self.parameters,
            "weights": self.weights,
            "multiply_adds": self.multiply_adds,
            "memory": self.memory,
            "shares": self.shares,
            "layers": [layer.as_dict() for layer in self.layers],
            "maps": [asdict(map) for map in self.maps],
            "heads": [asdict(head) for head in self.heads],
        }
