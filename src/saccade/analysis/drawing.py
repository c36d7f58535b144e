"""A drawing of a network: picture, trunk, neck and heads, with arrows from the maps that each head reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

from saccade.analysis.description import Description, NamedMap
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.text import shortened

WIDTH, HEIGHT, GAP, BETWEEN = 190, 44, 14, 110
MARGIN, TITLE, INSET = 24, 70, 9
INK, QUIET, PAPER = "#1f2933", "#9aa5b1", "#ffffff"
# ``map`` or ``head``, and its name.
Key = tuple[str, str]
FILLS = {"image": "#f5f0e1", "trunk": "#dbeafe", "neck": "#dcfce7", "heads": "#fde7d3"}


@dataclass(frozen=True)
class Box:
    """A box with two lines of text; x and y are its upper left corner, in pixels of the drawing."""

    x: float
    y: float
    title: str
    told: str
    fill: str

    @property
    def entry(self) -> tuple[float, float]:
        """Where arrows meet it: the middle of its left side."""
        return self.x, self.y + HEIGHT / 2

    def drawn(self) -> Markup:
        """The box as SVG."""
        number = {"x": _number(self.x), "y": _number(self.y), "width": str(WIDTH), "height": str(HEIGHT)}
        frame = element("rect", rx="6", fill=self.fill, stroke=INK, **number)
        hover = element("title", f"{self.title}: {self.told}")
        title = _text(self.x + 10, self.y + 18, shortened(self.title), weight="600")
        return element("g", hover, frame, title, _text(self.x + 10, self.y + 35, shortened(self.told, 30), size="11"))


def drawing(description: Description) -> str:
    """An SVG that needs nothing outside itself.

    Args:
        description: The network.

    Returns:
        The text of the file.
    """
    columns = [("picture", ["image"]), *_columns(description), ("heads", [head.name for head in description.heads])]
    boxes = _boxes(description, columns)
    width = 2 * MARGIN + len(columns) * (WIDTH + BETWEEN) - BETWEEN
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    titles = [_text(_left(place), TITLE - 14, name, size="13", fill=QUIET) for place, (name, _) in enumerate(columns)]
    heading = _text(MARGIN, 28, _headline(description), size="16", weight="600")
    arrows = [*_flow(boxes, description), *_reading(boxes, description)]
    body = joined(_arrowhead(), heading, *titles, *arrows, *(box.drawn() for box in boxes.values()))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _sheet(body, width, height) + "\n"


def _columns(description: Description) -> list[tuple[str, list[str]]]:
    """Names of the maps of the trunk and, where there is one, of the neck."""
    found = [(part, [map.name for map in description.maps if map.part == part]) for part in ("trunk", "neck")]
    return [(part, names) for part, names in found if names]


def _boxes(description: Description, columns: Sequence[tuple[str, Sequence[str]]]) -> dict[Key, Box]:
    """A box for each map and head; heads stand beside the maps that they read, as far as there is room."""
    boxes: dict[Key, Box] = {}
    maps = {map.name: map for map in description.maps}
    for place, (_, names) in enumerate(columns[:-1]):
        for row, name in enumerate(names):
            y = TITLE + row * (HEIGHT + GAP)
            boxes["map", name] = Box(_left(place), y, name, _told(maps[name]), FILLS[maps[name].part])
    wanted = [(mean(boxes["map", name].y for name in head.reads), head) for head in description.heads]
    free = float(TITLE)
    for y, head in sorted(wanted, key=lambda pair: pair[0]):
        told = f"{head.kind}, silent in use" if head.is_silent else head.kind
        boxes["head", head.name] = Box(_left(len(columns) - 1), max(y, free), head.name, told, FILLS["heads"])
        free = max(y, free) + HEIGHT + GAP
    return boxes


def _headline(description: Description) -> str:
    millions = description.parameters / 1e6
    return f"{description.name}: {millions:.2f} M parameters, {description.multiply_adds / 1e9:.2f} G multiply-adds"


def _left(column: int) -> float:
    return MARGIN + column * (WIDTH + BETWEEN)


def _told(map: NamedMap) -> str:
    told = " × ".join(str(size) for size in map.shape)
    return told + (f", stride {map.stride}" if map.stride is not None else ", one position")


def _flow(boxes: Mapping[Key, Box], description: Description) -> list[Markup]:
    """From the picture into the trunk, and down the trunk from the finest map to the deepest."""
    trunk = [boxes["map", map.name] for map in description.maps if map.part == "trunk"]
    return [_across(boxes["map", "image"], trunk[0].entry, QUIET), *(_down(a, b) for a, b in pairwise(trunk))]


def _reading(boxes: Mapping[Key, Box], description: Description) -> list[Markup]:
    """From each map to the heads that read it, and to the neck as a whole, which a frame holds together."""
    ends = {head.name: boxes["head", head.name].entry for head in description.heads}
    neck = [boxes["map", map.name] for map in description.maps if map.part == "neck"]
    frame: list[Markup] = []
    if neck:
        left, top, bottom = neck[0].x - INSET, neck[0].y - INSET, neck[-1].y + HEIGHT + INSET
        sides = {"x": _number(left), "y": _number(top), "height": _number(bottom - top)}
        width = _number(WIDTH + 2 * INSET)
        frame = [element("rect", width=width, rx="9", fill="none", stroke=QUIET, stroke_dasharray="4 3", **sides)]
        ends["neck"] = (left, (top + bottom) / 2)
    pairs = [(boxes["map", map.name], ends[name]) for map in description.maps for name in map.readers]
    return [*frame, *(_across(start, end, INK) for start, end in pairs)]


def _across(start: Box, end: tuple[float, float], colour: str) -> Markup:
    x1, y1, x2, y2 = start.x + WIDTH, start.entry[1], end[0] - 3, end[1]
    bend = (x2 - x1) / 2
    points = [x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2]
    return _path("M{} {} C{} {} {} {} {} {}", points, colour)


def _down(above: Box, below: Box) -> Markup:
    x = above.x + WIDTH / 2
    return _path("M{} {} L{} {}", [x, above.y + HEIGHT, x, below.y - 2], QUIET)


def _path(form: str, points: Sequence[float], colour: str) -> Markup:
    line = form.format(*(_number(point) for point in points))
    return element("path", d=line, fill="none", stroke=colour, stroke_width="1.4", marker_end="url(#arrow)")


def _arrowhead() -> Markup:
    tip = element("path", d="M0 0 L8 4 L0 8 z", fill=INK)
    marker = {"markerWidth": "8", "markerHeight": "8", "refX": "7", "refY": "4", "orient": "auto"}
    return element("defs", element("marker", tip, id="arrow", markerUnits="userSpaceOnUse", **marker))


def _text(x: float, y: float, text: str, *, size: str = "12", weight: str = "400", fill: str = INK) -> Markup:
    place = {"x": _number(x), "y": _number(y)}
    return element("text", text, fill=fill, font_size=size, font_weight=weight, **place)


def _sheet(body: Markup, width: float, height: float) -> Markup:
    ground = element("rect", width="100%", height="100%", fill=PAPER)
    sides = {"width": _number(width), "height": _number(height), "viewBox": f"0 0 {_number(width)} {_number(height)}"}
    font = "Helvetica, Arial, sans-serif"
    return element("svg", ground, body, xmlns="http://www.w3.org/2000/svg", font_family=font, role="img", **sides)


def _number(value: float) -> str:
    return f"{value:g}"
