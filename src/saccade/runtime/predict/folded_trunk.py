"""The trunk of a network in use: normalisation folded, weights packed for the CPU, in a copy that follows the original.

The system that a `Predictor` was given stays its owner's: it may be trained on, looked into and saved. So what is
folded is a copy of its trunk, which costs the memory of the convolutions' weights once more, and is made anew when the
original has changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.layers.blocks.packed_convolution import pack_convolutions
from saccade.layers.norms.fold import folded_copy

# Values of each tensor that are compared: what is written to `tensor.data` raises no count of versions.
PROBES = 4


class FoldedTrunk:
    """What a trunk computes now, in fewer steps.

    While somebody watches its layers by hooks, or has put a method of theirs in place, the trunk itself runs.

    Args:
        trunk: Pictures to maps; it stays as it is.

    Attributes:
        copy: What ran last; its module is the trunk itself where there is nothing to fold. None before the first run.
    """

    def __init__(self, trunk: nn.Module) -> None:
        self.trunk = trunk
        self.copy: FoldedCopy | None = None

    def __call__(self, images: Tensor) -> Mapping[str, Tensor]:
        """The trunk's maps of (B, C, H, W) pictures, up to rounding; the trunk is in evaluation mode, no gradients."""
        if self.copy is not None and self.copy.module is self.trunk:
            return self.trunk(images)  # nothing to fold
        layers = list(self.trunk.modules())
        if any(_is_watched(layer) for layer in layers):
            return self.trunk(images)
        tensors, copy = [t for layer in layers for t in _own(layer) if t is not None], self.copy
        if copy is None or not copy.is_of(layers, tensors):
            copy = self.copy = FoldedCopy.of(self.trunk, layers, tensors)
        return copy.module(images)


def _is_watched(layer: nn.Module) -> bool:
    own = vars(layer)  # torch has no public way to ask for hooks
    return bool(own["_forward_hooks"] or own["_forward_pre_hooks"] or "forward" in own)


def _own(layer: nn.Module) -> Iterator[Tensor | None]:
    """Parameters and buffers of a layer itself; `parameters()` takes six times as long, a tenth of a small network."""
    yield from vars(layer)["_parameters"].values()
    yield from vars(layer)["_buffers"].values()


@dataclass(frozen=True)
class FoldedCopy:
    """A folded copy, with what tells whether the original has changed since.

    Attributes:
        module: The copy.
        layers: The original's modules.
        written: Where its tensors lie, and how often each was written to.
        now: Views of some of its values.
        then: What these were when the copy was made.
    """

    module: nn.Module
    layers: Sequence[nn.Module]
    written: list[tuple[int, int]]
    now: Sequence[Tensor]
    then: Tensor

    @staticmethod
    def of(trunk: nn.Module, layers: Sequence[nn.Module], tensors: Sequence[Tensor]) -> "FoldedCopy":
        """The copy of a trunk, of its modules and tensors as they are."""
        probes = [_probe(t.detach()) for t in tensors if t.is_floating_point() and t.numel()]
        module = folded_copy(trunk).eval()
        module = module if module is trunk else pack_convolutions(module)
        return FoldedCopy(module, layers, _written(tensors), probes, _joined(probes))

    def is_of(self, layers: Sequence[nn.Module], tensors: Sequence[Tensor]) -> bool:
        """Whether these are the modules and tensors of which the copy was made, unchanged."""
        same = len(layers) == len(self.layers) and all(map(_is, layers, self.layers))
        return same and _written(tensors) == self.written and torch.equal(_joined(self.now), self.then)


def _is(one: object, other: object) -> bool:
    return one is other


def _written(tensors: Sequence[Tensor]) -> list[tuple[int, int]]:
    """Where tensors lie, and how often each was written to; those of inference mode count nothing."""
    return [(t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors]


def _joined(probes: Sequence[Tensor]) -> Tensor:
    return torch.cat([*probes]) if probes else torch.empty(0)


def _probe(tensor: Tensor) -> Tensor:
    """A view of up to `PROBES` values, spread over a tensor."""
    count = min(tensor.numel(), PROBES)
    return tensor.as_strided((count,), (tensor.numel() // count,), tensor.storage_offset())
