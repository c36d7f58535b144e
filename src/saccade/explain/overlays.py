"""Views laid over the picture: the prediction, class activation, occlusion, and what parts show of their own."""

from typing import Any

import torch
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.explain.cam import grad_cam
from saccade.explain.occlusion import occlude
from saccade.explain.receptive import receptive_field
from saccade.explain.subject import Subject
from saccade.network.views import PartView
from saccade.view.drawing.draw import draw, drawn_from
from saccade.view.drawing.heat import captioned, heat_over
from saccade.view.drawing.sheet import sheet
from saccade.view.drawing.windows import windows_over

Drawn = tuple[Image.Image, dict[str, Any]]

MOST_TILES, TILE_SIDE = 32, 240


def prediction(subject: Subject, layer: str | None) -> Drawn:
    """The network's prediction over the picture; of a detector what it is sure of, as in predictions."""
    least = drawn_from(subject.prediction, None, subject.drawn_from)
    return draw(subject.picture, subject.prediction, subject.system.vocabularies, threshold=least), {}


def activation(subject: Subject, layer: str | None) -> Drawn:
    """The class activation map over the picture."""
    found = grad_cam(subject.system, subject.batch, subject.label, layer)
    heat = subject.on_canvas(found.values)[0]
    drawn = captioned(heat_over(subject.canvas, heat, subject.seen), subject.caption)
    return drawn, {"layer": found.layer, "size": list(found.values.shape[1:]), "greatest": float(found.values.max())}


def occlusion(subject: Subject, layer: str | None) -> Drawn:
    """By how much hiding a place lowers the class's probability, over the picture."""
    found = occlude(subject.system, subject.batch, subject.label, group=subject.group)
    height, width = subject.batch.images.shape[-2:]
    padded = torch.zeros(1, height, width)
    padded[0, : found.size[0], : found.size[1]] = found.fall()
    lowest, highest = float(found.probability.min()), float(found.probability.max())
    text = f"{subject.caption}, hidden {lowest:.0%} to {highest:.0%}"
    drawn = captioned(heat_over(subject.canvas, subject.on_canvas(padded)[0], subject.seen), text)
    facts = {"whole": found.whole, "lowest": lowest, "highest": highest, "side": found.side}
    return drawn, facts | {"squares": list(found.probability.shape)}


def seen_field(subject: Subject, layer: str | None) -> Drawn:
    """What the middle position of a layer sees, beside what its neighbour and the first position see."""
    found = receptive_field(subject.system, subject.batch, layer)
    row, column = found.place
    places = [(0, 0), (min(row + 1, found.positions[0] - 1), min(column + 1, found.positions[1] - 1)), found.place]
    boxes = subject.boxes_on_canvas(torch.stack([found.box(*place) for place in places]))
    height, width = found.size
    text = (
        f"{found.layer}: {height} × {width} pixels of {' × '.join(map(str, found.counts.shape))}, every {found.step:g}"
    )
    # A few pixels count most by far: roots let the others be seen.
    heat = subject.on_canvas(found.counts.sqrt()[None])[0]
    drawn = windows_over(heat_over(subject.canvas, heat, subject.seen), boxes.tolist())
    facts = {"layer": found.layer, "positions": list(found.positions), "place": [row, column]}
    told = {"size": [height, width], "step": found.step, "box": found.box(row, column).tolist(), "half": found.half}
    return captioned(drawn, text), facts | told


def part_view(subject: Subject, shown: PartView) -> Drawn:
    """What a part shows of its own: maps as tiles over the picture, or an annotation drawn on it."""
    if isinstance(shown, Tensor):
        return _tiles(subject, shown[0])
    (one,) = subject.batch.undo([_plain(shown[0])])
    return draw(subject.picture, one, subject.system.vocabularies), {}


def _tiles(subject: Subject, maps: Tensor) -> Drawn:
    kept = subject.on_canvas(maps[:MOST_TILES])
    overlays = [heat_over(subject.canvas, heat, subject.seen) for heat in kept]
    facts = {"maps": len(maps), "shown": len(overlays)}
    names = _names_of(subject, len(maps))
    captions = [f"{names[place]}: up to {float(heat.max()):.3g}" for place, heat in enumerate(maps[:MOST_TILES])]
    if len(overlays) == 1:
        return captioned(overlays[0], captions[0]), facts
    for picture in overlays:
        picture.thumbnail((TILE_SIDE, TILE_SIDE))
    return sheet(overlays, captions), facts


def _names_of(subject: Subject, count: int) -> list[str]:
    """What so many maps are called: by the joints, where there is one of each, or several one after another."""
    joints = subject.system.vocabularies.names("pose")
    each = count // len(joints) if len(joints) > 1 and count % len(joints) == 0 else 0
    return [joints[place // each] if each else str(place) for place in range(count)]


def _plain(annotation: Annotation) -> Annotation:
    return annotation.map(lambda t: t.detach().to("cpu", torch.float32 if t.is_floating_point() else t.dtype))
