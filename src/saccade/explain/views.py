"""The views by name, which of them a system has, and the one way to make them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from PIL import Image

from saccade.core.errors import UsageError
from saccade.explain.deconvnet import why_not
from saccade.explain.detector_views import anchor_view, cell_view, no_anchors, no_cells, target_view
from saccade.explain.filters import first_filters
from saccade.explain.layers import evidence_head, spatial_levels
from saccade.explain.overlays import Drawn, activation, occlusion, part_view, prediction, seen_field
from saccade.explain.sheets import activation_sheet, filter_sheet, projection_sheet
from saccade.explain.subject import Subject
from saccade.network.system import System
from saccade.network.views import Inspectable, PartView


@dataclass(frozen=True)
class Visualization:
    """A view that was made.

    Attributes:
        name: Its name, such as ``cam``, or ``PART/VIEW`` of a part that shows something of its own.
        title: What it is called.
        lead: What it shows, in a sentence.
        picture: RGB.
        facts: The numbers behind it, as JSON takes them.
    """

    name: str
    title: str
    lead: str
    picture: Image.Image
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of view.

    Attributes:
        title: What it is called.
        lead: What it shows, in a sentence.
        make: Makes it of a subject and the layer that is asked for, or None.
        lacks: Why a system cannot have it, or None.
        of_run: Whether it is the same for every picture.
        of_maps: Whether the layer that it takes must be a map.
    """

    title: str
    lead: str
    make: Callable[[Subject, str | None], Drawn]
    lacks: Callable[[System], str | None] = lambda _: None
    of_run: bool = False
    of_maps: bool = False


def _no_evidence(system: System) -> str | None:
    if not spatial_levels(system):
        return "its trunk has no map with several positions"
    return None if evidence_head(system) else "no head gives each class of the picture a score"


def _no_scores(system: System) -> str | None:
    scored = system.gives & {"label_scores", "instances.scores"}
    return None if scored else "its predictions hold no probability of a class"


def _no_filters(system: System) -> str | None:
    return None if first_filters(system) is not None else "its trunk has no convolution"


def _no_maps(system: System) -> str | None:
    return None if spatial_levels(system) else "its trunk makes no maps of whole pictures"


KINDS: dict[str, Kind] = {
    "answer": Kind("Prediction", "What the network says.", prediction),
    "cam": Kind(
        "Class activation",
        "Where the evidence for the class lies (Grad-CAM). Dark: not seen.",
        activation,
        _no_evidence,
    ),
    "occlusion": Kind(
        "Occlusion", "Where a grey square lowers the class's probability; bright: by most.", occlusion, _no_scores
    ),
    "field": Kind(
        "Receptive field",
        "What the middle position of a layer sees (box), and how much each pixel of it counts (heat); thin boxes: its "
        "neighbour and the first position. Grey: padding around the picture.",
        seen_field,
        _no_maps,
    ),
    "filters": Kind(
        "First-layer filters",
        "Weights of the first convolution on one scale; 0 is middle grey.",
        lambda subject, _: filter_sheet(subject.system),
        _no_filters,
        of_run=True,
    ),
    "activations": Kind(
        "Strongest maps",
        "The channels that fire most, each on its own scale.",
        activation_sheet,
        _no_maps,
        of_maps=True,
    ),
    "deconvnet": Kind(
        "Projections",
        "What the units that fire most saw (left), and what of it made them fire, led back to pixels (right).",
        projection_sheet,
        lambda system: why_not(system.trunk),
        of_maps=True,
    ),
    "anchors": Kind(
        "Anchors",
        "The boxes that the detector starts from at the middle position of each map.",
        anchor_view,
        no_anchors,
    ),
    "targets": Kind(
        "Targets",
        "Were the surest predictions (white) the truth: which of these boxes would answer for them, and where each "
        "must move.",
        target_view,
        no_anchors,
    ),
    "cells": Kind(
        "Cells",
        "The class that each cell of the grid would tell, the surer the stronger, and the boxes that it is surest of.",
        cell_view,
        no_cells,
    ),
}
OF_RUN = frozenset(name for name, kind in KINDS.items() if kind.of_run)
OF_MAPS = frozenset(name for name, kind in KINDS.items() if kind.of_maps)


def views_of(system: System) -> list[str]:
    """Names of the general views that a system has."""
    return [name for name, kind in KINDS.items() if kind.lacks(system) is None]


def visualize(
    subject: Subject, names: Sequence[str] = (), layer: str | None = None, *, of_run: bool = True
) -> dict[str, Visualization]:
    """Views of one picture.

    Args:
        subject: The picture in front of the network.
        names: Which views; by default all that the system has, those of its parts among them.
        layer: A map's name, or for ``cam`` and ``field`` a module's path: the layer for views that look at one.
        of_run: Whether views that are the same for every picture are made too.

    Returns:
        The views by name, in their order.

    Raises:
        UsageError: A view is unknown, or the system lacks it; the message lists those that it has.
        ConfigError: A value on the way is not finite.
    """
    own = _own_views(subject)
    known = [*views_of(subject.system), *own]
    for name in names:
        if name not in known:
            reason = KINDS[name].lacks(subject.system) if name in KINDS else None
            said = f"{name!r}: {reason}" if reason else repr(name)
            raise UsageError("views that this system has", said, cure=f"it has {', '.join(known)}")
    is_map = layer is None or layer in spatial_levels(subject.system)
    fitting = [name for name in known if is_map or name not in OF_MAPS]
    wanted = [name for name in names or fitting if of_run or name not in OF_RUN]
    return {name: _made(subject, name, own, layer) for name in wanted}


def _made(subject: Subject, name: str, own: Mapping[str, PartView], layer: str | None) -> Visualization:
    if name in own:
        part, _, view = name.partition("/")
        return Visualization(name, f"{part}: {view}", f"What {part} shows of itself.", *part_view(subject, own[name]))
    kind = KINDS[name]
    return Visualization(name, kind.title, kind.lead, *kind.make(subject, layer))


def _own_views(subject: Subject) -> dict[str, PartView]:
    """What the trunk, the neck and the heads show of their own, by ``PART/VIEW``."""
    system = subject.system
    parts = {"trunk": system.trunk, "neck": system.neck, **dict(system.each_head())}
    found: dict[str, PartView] = {}
    with torch.no_grad():
        for name, part in parts.items():
            if isinstance(part, Inspectable):
                found |= {f"{name}/{view}": shown for view, shown in part.views(subject.maps).items()}
    return found
