"""The page of a data check, put together: counts become charts, and the worst pictures are drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from saccade.command_line.data_commands.check_text import relative
from saccade.core.errors import SaccadeError
from saccade.data.check import CheckResult
from saccade.data.check.defects import Defect
from saccade.data.check.parts import Part
from saccade.runtime.tools.suspects import Suspicion
from saccade.safe_io.writing.atomic import write_text
from saccade.view.drawing.draw import draw
from saccade.view.pages.check import CheckContent, render_check
from saccade.view.pages.content import GalleryItem
from saccade.view.plots import data as plot_data

_MOST_PICTURES, _EVEN, _MOST_WORDS, _MOST_SUSPECTS = 12, 6, 4, 24
_RED = (220, 20, 40)

Chart = tuple[str, str, bytes]


def write_page(path: str | Path, checked: CheckResult, data: str, suspicious: Sequence[Suspicion] = ()) -> None:
    """Write the page as one HTML file, whole or not at all.

    Args:
        path: The file.
        checked: What was found.
        data: How a person calls the data.
        suspicious: What networks contradict, the most suspicious first.

    Raises:
        ResourceError: The disk is full.
    """
    counts = checked.counts
    facts = {name: _said(one.pictures, one.objects) for name, one in counts.items()}
    content = CheckContent(
        data=data,
        facts={"Defects": str(len(checked.defects)), **facts},
        defects=[defect.row() | {"path": relative(defect.path, data)} for defect in checked.defects],
        notes=checked.notes,
        charts=list(_charts(checked)),
        classes=_classes(checked),
        pictures=list(_pictures(checked)),
        suspects=list(_suspects(checked, suspicious)),
    )
    write_text(path, render_check(content))


def _said(pictures: int, objects: int | None) -> str:
    return f"{pictures:,} pictures" + ("" if objects is None else f", {objects:,} objects")


def _charts(checked: CheckResult) -> Iterator[Chart]:
    counts = checked.counts
    kinds = {
        "objects": {name: one.instances for name, one in counts.items() if one.instances},
        "pixels": {name: one.pixels for name, one in counts.items() if one.pixels and not one.instances},
        "pictures": {name: one.classes for name, one in counts.items() if one.classes},
    }
    unit, by_class = next(((unit, found) for unit, found in kinds.items() if found), ("", {}))
    if by_class:
        yield "Class balance", f"How many {unit} each class has.", plot_data.class_bars(by_class, unit)
    sizes = {name: one.sizes for name, one in counts.items() if one.sizes}
    if sizes:
        yield "Sizes of pictures", "The larger a dot, the more pictures.", plot_data.picture_sizes(sizes)
    heats = [one.heat for one in counts.values() if one.heat is not None]
    if heats and any(heat.any() for heat in heats):
        yield "Where boxes are", "Pictures stretched to a square.", plot_data.heat(np.sum(heats, axis=0))
    sides = {name: np.sqrt(one.sides.prod(1)) for name, one in counts.items() if one.sides is not None}
    if any(len(values) for values in sides.values()):
        lead = "Square root of a box's share of the picture."
        yield "Sizes of objects", lead, plot_data.spread(sides, "size by the picture's", "objects", (0.0, 1.0))
    ratios = {name: one.ratios for name, one in counts.items() if one.ratios is not None}
    if any(len(values) for values in ratios.values()):
        lead = "Width by height of boxes."
        yield "Shapes of objects", lead, plot_data.spread(ratios, "width / height", "objects", (0.1, 10.0), log=True)


def _classes(checked: CheckResult) -> Mapping[str, Mapping[str, int]]:
    names = dict.fromkeys(name for one in checked.counts.values() for name in one.classes)
    table: dict[str, dict[str, int]] = {}
    for name in names:
        row: dict[str, int] = {}
        for split, one in checked.counts.items():
            row[f"{split} pictures"] = one.classes.get(name, 0)
            if one.instances:
                row[f"{split} objects"] = one.instances.get(name, 0)
            elif one.pixels:
                row[f"{split} pixels"] = one.pixels.get(name, 0)
        table[name] = row
    return table


def _pictures(checked: CheckResult) -> Iterator[GalleryItem]:
    """Those with the most defects; where there are none, an even sample."""
    found: dict[str, list[Defect]] = {}
    for defect in checked.defects:
        if defect.picture is not None:
            found.setdefault(defect.picture, []).append(defect)
    worst = sorted(found, key=lambda name: -len(found[name]))[:_MOST_PICTURES]
    places = _places(checked, set(worst))
    for name in worst:
        if name in places:
            yield from _drawn(*places[name], found[name])
    if not worst:
        for part in checked.parts:
            for index in np.linspace(0, len(part.data) - 1, min(len(part.data), _EVEN)).astype(int).tolist():
                yield from _drawn(part, index, ())


def _suspects(checked: CheckResult, suspicious: Sequence[Suspicion]) -> Iterator[GalleryItem]:
    """The pictures of the most suspicious annotations, each annotation ringed."""
    chosen = suspicious[:_MOST_SUSPECTS]
    places = _places(checked, {one.defect.picture for one in chosen if one.defect.picture is not None})
    for one in chosen:
        if one.defect.picture in places:
            told = one.suspect
            said = f"{told.kind} ({told.suspicion:.2f}): annotated {told.found}, the network says {told.expected}"
            yield from _drawn(*places[one.defect.picture], [replace(one.defect, found=said)])


def _places(checked: CheckResult, names: set[str]) -> dict[str, tuple[Part, int]]:
    if not names:
        return {}
    return {
        part.data.id(index): (part, index)
        for part in checked.parts
        for index in range(len(part.data))
        if part.data.id(index) in names
    }


def _drawn(part: Part, index: int, defects: Sequence[Defect]) -> Iterator[GalleryItem]:
    """A picture with what it shows, faulty objects ringed; nothing where it cannot be read, which has a row already."""
    data = part.data
    try:
        sample = data[index]
    except SaccadeError:
        return
    picture = draw(sample.image, sample.truth, data.vocabularies, data.joints)
    for defect in defects:
        if defect.box is not None:
            _ring(picture, [side * picture.width / sample.image.shape[2] for side in defect.box])
    said = dict.fromkeys(defect.found for defect in defects[:_MOST_WORDS])
    yield GalleryItem("\n".join([f"{data.id(index)} ({part.name})", *said]), picture)


def _ring(picture: Image.Image, box: Sequence[float]) -> None:
    """A ring around a box, with room between the two: some boxes are a pixel."""
    room = max(picture.size) / 50
    x1, y1, x2, y2 = box
    ImageDraw.Draw(picture).ellipse((x1 - room, y1 - room, x2 + room, y2 + room), outline=_RED, width=4)
