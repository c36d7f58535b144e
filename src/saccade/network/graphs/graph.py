"""A system's way from pictures to raw output as tensors in, tensors out: what is exported.

What comes before it, `InputSpec` and a search for regions, and what comes after, `System.predictions`, stays outside.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.utils import _pytree as pytree

from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.network.regions import Regions
from saccade.network.system import System

PICTURES, SCALES, REGIONS = ("images", "sizes"), ("scales",), ("regions", "shown")


class TensorForward(nn.Module):
    """The heads that are not silent, on plain tensors.

    Args:
        system: The system, whose layers are shared.
        inputs: Names of the arguments of `raw` that `forward` takes, in order.
    """

    def __init__(self, system: System, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.system, self.inputs = system, inputs

    def raw(
        self,
        images: Tensor,
        sizes: Tensor,
        scales: Tensor | None = None,
        regions: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> dict[str, Any]:
        """Each head's raw output.

        Args:
            images: (B, C, H, W), normalised and padded.
            sizes: (B, 2) int64, height and width of each picture inside the padding.
            scales: (B,) float32, input pixels to one of each picture's own, for systems that ask for them.
            regions: (B, R, 4) x1, y1, x2, y2 in input pixels, for systems that look at regions from outside.
            shown: (B, R) bool, which of them are none of padding.
        """
        maps = replace(self.system.maps(Batch(images, sizes, ())), scales=scales)
        if regions is not None and shown is not None:
            maps = replace(maps, regions=Regions(regions, shown))
        return {name: head(maps) for name, head in self.system.speaking().items()}

    def forward(self, *tensors: Tensor) -> list[Tensor]:
        """The tensors of `raw`, in the order of its fields."""
        raw = self.raw(**dict(zip(self.inputs, tensors, strict=True)))
        return [leaf for leaf in pytree.tree_leaves(raw) if isinstance(leaf, Tensor)]


@dataclass(frozen=True)
class Graph:
    """All that an exporter asks for.

    ``torch.export.export(graph.module, graph.example, dynamic_shapes=graph.dynamic)`` takes it as it is;
    ``torch.onnx.export`` wants the operators of `saccade.network.graphs.onnx` besides.

    Attributes:
        module: Tensors to a list of tensors.
        inputs: Names of those that go in: ``images``, ``sizes``, for systems that ask for them ``scales``, and for
            those that look at regions from outside ``regions`` and ``shown``; see `TensorForward.raw`.
        example: What goes in, of two pictures.
        dynamic: What of its shapes may change: the number of pictures, and, where pictures are not all brought to one
            size, height and width.
        outputs: Names of the tensors that come out: where each stands in the raw output, such as ``boxes.logits.0``.
        layout: The raw output of each head, with the place of each tensor that comes out in place of the tensor.
    """

    module: nn.Module
    inputs: tuple[str, ...]
    example: tuple[Tensor, ...]
    dynamic: tuple[Any, ...]
    outputs: tuple[str, ...]
    layout: dict[str, Any]

    def tensors(self, batch: Batch) -> tuple[Tensor, ...]:
        """What goes in of a batch; of its regions as many as the example has."""
        example = dict(zip(self.inputs, self.example, strict=True))
        number = example["regions"].shape[1] if "regions" in example else None
        return tensors_of(batch, number, scales="scales" in example)

    def raw(self, found: Sequence[Tensor]) -> dict[str, Any]:
        """The raw output of each head, which `System.predictions` understands, of the tensors that came out."""
        return pytree.tree_map(lambda place: None if place is None else found[place], self.layout)


def graph_of(system: System, batch: Batch) -> Graph:
    """A system in use as a graph; its parameters are shared, and it is to be in evaluation mode.

    Args:
        system: The system.
        batch: An example, as the system takes it; where it looks at regions from outside, with as many of a picture as
            there can be in use.

    Raises:
        ConfigError: No graph can hold a part of the system; the message tells which and why. Or its numbers are not of
            32 bits, as those of a network that was trained in bf16 are in use.
    """
    if system.not_exportable:
        told = "; ".join(f"{path}: {reason}" for path, reason in system.not_exportable.items())
        raise ConfigError("a system that a graph can hold", told)
    _check_numbers(system, batch)
    # A size of 1 would be taken for a constant.
    scales = system.reads_scales and batch.scales is not None
    inputs = (*PICTURES, *(SCALES if scales else ()), *(() if batch.regions is None else REGIONS))
    given = tensors_of(batch, scales=scales)
    example = tuple(torch.cat([tensor] * 2)[: max(len(tensor), 2)] for tensor in given)
    module, count = TensorForward(system, inputs), itertools.count()
    with torch.no_grad():
        raw = module.raw(**dict(zip(inputs, example, strict=True)))
    paths = (path for path, leaf in pytree.tree_leaves_with_path(raw) if isinstance(leaf, Tensor))
    return Graph(
        module=module,
        inputs=inputs,
        example=example,
        dynamic=_dynamic(system.input, len(example)),
        outputs=tuple(".".join(re.findall(r"\w+", pytree.keystr(path))) for path in paths),
        layout=pytree.tree_map(lambda leaf: next(count) if isinstance(leaf, Tensor) else None, raw),
    )


def _check_numbers(system: System, batch: Batch) -> None:
    """Check that the system's numbers are of as many bits as its pictures'.

    A copy in 32 bits would keep what rounding took from the weights; in the run's checkpoint they are whole.

    Raises:
        ConfigError: They are of fewer.
    """
    kinds = {tensor.dtype for tensor in system.parameters() if tensor.is_floating_point()} - {batch.images.dtype}
    if kinds:
        wanted, found = (str(kind).removeprefix("torch.") for kind in (batch.images.dtype, min(kinds, key=str)))
        cure = "load the run in 32 bits: saccade.load(path, precision='32')"
        raise ConfigError(f"a system in {wanted}, as its pictures are", found, cure=cure)


def tensors_of(batch: Batch, number: int | None = None, *, scales: bool = False) -> tuple[Tensor, ...]:
    """Pictures, sizes and regions of a batch.

    Args:
        batch: The batch.
        number: Regions of a picture; by default as many as one picture has.
        scales: Whether the pictures' scales stand before the regions, where the batch knows them.
    """
    known = batch.scales
    found = (batch.images, batch.sizes, *((known,) if scales and known is not None else ()))
    if batch.regions is None:
        return found
    regions = Regions.of(batch.regions, number)
    return *found, regions.boxes, regions.shown


def _dynamic(spec: InputSpec, inputs: int) -> tuple[Any, ...]:
    """Which sizes of each input may change; all inputs are one argument, of any length."""
    pictures = {0: Dim.DYNAMIC}
    if spec.size is not None:
        return ((pictures,) * inputs,)
    sides = (Dim.DYNAMIC, Dim.DYNAMIC)
    if spec.multiple > 1:
        sides = tuple(spec.multiple * Dim(name) + spec.remainder for name in ("height", "width"))
    return ((pictures | dict(zip((2, 3), sides, strict=True)), *(pictures,) * (inputs - 1)),)
