"""What one position of a layer sees of the picture: the whole window, and how much each of its pixels counts.

Paper: Luo, Li, Urtasun, Zemel 2016, Understanding the effective receptive field in deep convolutional neural networks,
arXiv 1701.04128: the window that kernels and strides span, and the gradient within it, which falls towards its edges.

Legend: C channels, (h, w) positions of a layer, (H, W) the batch's pixels.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.analysis.footprint import Footprint
from saccade.analysis.layers import Recorder
from saccade.analysis.trace import Trace
from saccade.core.batch import Batch
from saccade.core.errors import UsageError
from saccade.explain.layers import check_finite, check_layer, kept_output, spatial_levels
from saccade.network.system import System


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of one position.

    Attributes:
        layer: The layer.
        place: Row and column of the position.
        positions: Rows and columns of the layer.
        seen: What its positions see of the batch's pictures.
        counts: (H, W) float32, how much a change of each pixel changes the position, over all channels.
    """

    layer: str
    place: tuple[int, int]
    positions: tuple[int, int]
    seen: Footprint
    counts: Tensor

    @property
    def step(self) -> float:
        """Pixels between two positions."""
        return max(reach.step for reach in self.seen.reaches)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels of what a position sees; where it has no end, those of the batch's picture."""
        whole = self.counts.shape
        height, width = (
            length if reach.is_whole else round(reach.size)
            for reach, length in zip(self.seen.reaches, whole, strict=True)
        )
        return height, width

    def box(self, row: int, column: int) -> Tensor:
        """(4,) x1, y1, x2, y2 of what a position sees, in the batch's pixels; it may reach into the padding."""
        edges = [
            (0.0, float(length)) if reach.is_whole else (reach.low + at * reach.step, reach.high + at * reach.step + 1)
            for reach, at, length in zip(self.seen.reaches, (row, column), self.counts.shape, strict=True)
        ]
        (top, bottom), (left, right) = edges
        return torch.tensor([left, top, right, bottom])

    @property
    def half(self) -> float:
        """Share of the field's pixels that, taken from the most counting one on, make up half of all that counts."""
        sorted_counts = self.counts.flatten().sort(descending=True).values.cumsum(0)
        needed = int((sorted_counts < sorted_counts[-1] / 2).sum()) + 1
        return needed / (self.size[0] * self.size[1])


def receptive_field(system: System, batch: Batch, layer: str | None = None) -> ReceptiveField:
    """The receptive field of the middle position of a layer, with the picture that is shown.

    Args:
        system: The network, in evaluation mode.
        batch: One picture on its device, in its precision.
        layer: A map's name, or a module's path; by default the trunk's deepest map with several positions.

    Raises:
        UsageError: The layer is unknown, or keeps no rows and columns of the picture.
        ConfigError: A gradient is not finite.
    """
    layer = layer or _deepest(system, batch)
    check_layer(system, layer)
    seen = _footprint(system, batch, layer)
    with torch.enable_grad():
        images = batch.images.detach().requires_grad_()
        values = _values(system, replace(batch, images=images), layer)
        if values is None or values.ndim != 4 or seen is None or not seen.placed or not values.requires_grad:
            cure = f"take a convolution, or one of {', '.join(spatial_levels(system))}"
            raise UsageError("a layer (B, C, h, w) that sees the picture", repr(layer), cure=cure)
        rows, columns = values.shape[-2:]
        row, column = rows // 2, columns // 2
        gradient = torch.autograd.grad(values[0, :, row, column].float().sum(), images)[0]
    counts = check_finite(gradient, f"gradients of {layer}").float()[0].abs().sum(0).cpu()
    return ReceptiveField(layer, (row, column), (rows, columns), seen, counts)


def _deepest(system: System, batch: Batch) -> str:
    """The trunk's last map with several positions; places of maxima, whole numbers, are none."""
    with torch.no_grad():
        maps = system.maps(batch)
    names = [name for name in spatial_levels(system) if name in system.trunk.levels and maps[name].is_floating_point()]
    return ([name for name in names if maps[name].shape[-2:].numel() > 1] or names)[-1]


def _footprint(system: System, batch: Batch, layer: str) -> Footprint | None:
    trace = Trace()
    recorder = Recorder(system, trace, max(batch.images.shape[-2:]))
    # What is followed are tensors, which gradients would wrap anew.
    with torch.no_grad(), recorder.watching(), trace:
        trace.begin(batch.images)
        values = _values(system, batch, layer)
    return None if values is None else trace.get(values)


def _values(system: System, batch: Batch, layer: str) -> Tensor | None:
    """(B, C, h, w) what a layer makes of a batch; the heads run where no map is meant."""
    with kept_output(system, layer) as kept:
        maps = system.maps(batch)
        if layer in maps:
            return maps[layer]
        if not kept:
            system.raw(maps)
    return kept[0] if kept else None
