"""A page to leaf through pictures: chosen by class, size of objects, defect and name; thumbnails in a folder beside it.

The page works from a disk, without a server; a picture is loaded when it is scrolled to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from saccade.safe_io.writing.atomic import replacing_folder, write_text
from saccade.view.pages.markup import Markup, element, joined

LONGEST = 800  # pixels of a thumbnail's longer side
SIZES = {"s": "small (below 32² pixels)", "m": "medium (below 96² pixels)", "l": "large"}
FOLDER = "-pictures"


@dataclass(frozen=True)
class Card:
    """One picture of the page.

    Attributes:
        name: What it is called.
        picture: The picture with its annotations drawn.
        shown: Class and size (a key of `SIZES`, or empty) of each thing that it shows.
        note: What stands below its name, such as how many objects it shows.
        defects: What is wrong with it.
    """

    name: str
    picture: Image.Image
    shown: frozenset[tuple[int, str]] = frozenset()
    note: str = ""
    defects: Sequence[str] = ()


def size_key(area: float) -> str:
    """The size class of an area in pixels, by COCO's bounds; a key of `SIZES`."""
    return "s" if area < 32**2 else "m" if area < 96**2 else "l"


def write_browser(path: str | Path, title: str, cards: Iterable[Card], classes: Sequence[str]) -> int:
    """Writes the page, and its pictures into a folder beside it; what is there is replaced.

    Args:
        path: The page.
        title: What the data are called.
        cards: The pictures, taken one by one.
        classes: C names.

    Returns:
        The number of pictures.

    Raises:
        ResourceError: The disk is full.
    """
    path = Path(path)
    folder = path.with_name(path.stem + FOLDER)
    figures: list[Markup] = []
    with replacing_folder(folder) as partial:
        for place, card in enumerate(cards):
            name = f"{place:06}.jpg"
            small = card.picture.convert("RGB")
            small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
            small.save(partial / name, "JPEG", quality=86)
            figures.append(_figure(card, f"{quote(folder.name)}/{name}", small.size))
    write_text(path, _page(title, figures, classes))
    return len(figures)


def _figure(card: Card, source: str, size: tuple[int, int]) -> Markup:
    shown = " ".join(f"{label}{key}" for label, key in sorted(card.shown))
    image = element(
        "img", src=source, alt=card.name, loading="lazy", width=str(size[0]), height=str(size[1]), decoding="async"
    )
    wrong = [element("li", text) for text in card.defects]
    caption = element(
        "figcaption", element("b", card.name), element("span", card.note), element("ul", *wrong) if wrong else None
    )
    return element(
        "figure",
        element("a", image, href=source, target="_blank"),
        caption,
        class_="bad" if wrong else None,
        data_shown=shown,
        data_name=card.name.lower(),
    )


def _page(title: str, figures: Sequence[Markup], classes: Sequence[str]) -> str:
    # Nothing is fetched but the pictures beside the page.
    policy = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    has_defects = any('class="bad"' in figure[:40] for figure in figures)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(_resource("browser.css"))),
    )
    defect = {"": "with defects or without", "bad": "with defects", "good": "without defects"}
    bar = element(
        "form",
        _choice("class", {"": "all classes"} | {str(label): name for label, name in enumerate(classes)}),
        _choice("size", {"": "all sizes"} | SIZES),
        _choice("defect", defect) if has_defects else None,
        element("input", id="name", type="search", placeholder="part of a name", aria_label="Part of a name"),
        element("output", id="count"),
    )
    body = element(
        "body",
        element("header", element("h1", title), bar),
        element("main", joined(*figures)),
        element("script", Markup(_resource("browser.js"))),
    )
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n'


def _choice(name: str, options: Mapping[str, str]) -> Markup:
    found = [element("option", text, value=value) for value, text in options.items()]
    return element("select", *found, id=name, aria_label=name.capitalize())


def _resource(name: str) -> str:
    return resources.files("saccade.view.pages").joinpath(name).read_text(encoding="utf-8")
