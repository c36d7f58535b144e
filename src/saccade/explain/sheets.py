"""Views that are sheets of tiles: filters, strongest maps, projections of units beside what they saw."""

from typing import Any

import torch
from PIL import Image
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.explain.deconvnet import Deconvnet, Unit
from saccade.explain.filters import first_filters
from saccade.explain.layers import check_finite, spatial_levels
from saccade.explain.overlays import Drawn
from saccade.explain.subject import Subject
from saccade.network.system import System
from saccade.view.drawing.draw import to_picture
from saccade.view.drawing.heat import fitted_tile, heat_tile, signed_tile
from saccade.view.drawing.sheet import sheet

FILTER_SIDE, MAP_SIDE, PATCH_SIDE = 44, 110, 104
ACROSS, FEW, MANY = 12, 6, 24
UNITS, MANY_UNITS = 4, 12
SMALLEST_PATCH = 11


def filter_sheet(system: System) -> Drawn:
    """The first layer's filters on one scale, 0 in middle grey; channels other than RGB lie side by side.

    Raises:
        UsageError: The trunk has no convolution.
    """
    filters = first_filters(system)
    if filters is None:
        raise UsageError("a trunk with a convolution", "none")
    count, channels, height, width = filters.shape
    greatest, factor = float(filters.abs().max()), max(round(FILTER_SIDE / max(height, width)), 1)
    planes = filters if channels == 3 else filters.reshape(-1, 1, height, width)
    beside = 1 if channels == 3 else channels
    columns = beside * max(ACROSS // beside, 1)
    drawn = sheet([signed_tile(plane, greatest, factor) for plane in planes], columns=columns)
    facts = {"filters": count, "channels": channels, "size": [height, width], "greatest": greatest, "factor": factor}
    return drawn, facts


def activation_sheet(subject: Subject, layer: str | None) -> Drawn:
    """The strongest channels of every map, or more of one.

    Raises:
        UsageError: There is no such map.
    """
    names = _levels(subject.system, layer)
    tiles: list[Image.Image] = []
    captions: list[str] = []
    facts: dict[str, Any] = {}
    for name in names:
        maps = check_finite(subject.inner(subject.maps[name][0].float().cpu()), f"values of {name}")
        peaks = maps.flatten(1).amax(1)
        chosen = peaks.argsort(descending=True, stable=True)[: FEW if layer is None else MANY].tolist()
        tiles += [heat_tile(maps[channel], MAP_SIDE) for channel in chosen]
        captions += [f"{name} #{channel}" for channel in chosen]
        facts[name] = chosen
    return sheet(tiles, captions, FEW), {"channels": facts}


def projection_sheet(subject: Subject, layer: str | None) -> Drawn:
    """For the units that fire most, what they saw (left) and what of it made them fire (right).

    Raises:
        UsageError: The trunk's layers do not run in a row, or it has no such map.
    """
    names = _convolved(subject.system) if layer is None else [layer]
    tiles: list[Image.Image] = []
    captions: list[str] = []
    facts: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        way = Deconvnet(subject.system.trunk, subject.batch.images, name)
        units = way.strongest(UNITS if layer is None else MANY_UNITS)
        tiles += [_pair(subject.input_picture, way.project(unit).cpu()) for unit in units]
        captions += [f"{name} #{unit.channel}: {unit.value:.3g}" for unit in units]
        facts[name] = [_as_facts(unit) for unit in units]
    return sheet(tiles, captions, UNITS), {"units": facts}


def _levels(system: System, layer: str | None) -> list[str]:
    known = spatial_levels(system)
    if layer is not None and layer not in known:
        raise UsageError("a map with positions", repr(layer), cure=f"maps are {', '.join(known)}")
    return known if layer is None else [layer]


def _convolved(system: System) -> list[str]:
    """The trunk's maps with positions, less those that are only pooled."""
    stages = dict(system.trunk.named_children())
    names = [name for name in spatial_levels(system) if name in stages]
    return [name for name in names if not isinstance(stages[name], torch.nn.MaxPool2d)] or names


def _pair(picture: Tensor, projection: Tensor) -> Image.Image:
    """The part of the picture that a projection reaches, and the projection there, side by side."""
    height, width = picture.shape[-2:]
    window = _window(projection[:, :height, :width])
    patch, seen = picture[window], projection[:, :height, :width][window]
    sides = (to_picture(patch), signed_tile(seen, float(seen.abs().max())))
    left, right = (fitted_tile(side, PATCH_SIDE) for side in sides)
    pair = Image.new("RGB", (left.width + right.width + 2, left.height), (255, 255, 255))
    pair.paste(left, (0, 0))
    pair.paste(right, (left.width + 2, 0))
    return pair


def _window(projection: Tensor) -> tuple[slice, slice, slice]:
    """The square that holds all that is not 0, moved inside the picture; at least `SMALLEST_PATCH` pixels a side."""
    lit = projection.abs().amax(0) > 0
    spans = [
        (int(line.nonzero().min()), int(line.nonzero().max()) + 1) for line in (lit.any(1), lit.any(0)) if lit.any()
    ]
    if not spans:
        return slice(None), slice(None), slice(None)
    side = max(*(end - start for start, end in spans), SMALLEST_PATCH)
    rows, columns = (
        _inside((start + end) // 2 - side // 2, side, length)
        for (start, end), length in zip(spans, lit.shape, strict=True)
    )
    return slice(None), rows, columns


def _inside(start: int, side: int, length: int) -> slice:
    start = max(min(start, length - side), 0)
    return slice(start, min(start + side, length))


def _as_facts(unit: Unit) -> dict[str, Any]:
    return {"channel": unit.channel, "row": unit.row, "column": unit.column, "value": unit.value}
