"""Errors drawn into the annotations of a COCO file: what a search for wrong annotations should find."""

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

KINDS = ("class", "missing", "box")
# A box is moved by so much of its sides, and scaled by one of two factors.
MOVES, FACTORS = (0.35, 0.5), (0.6, 1.5)


@dataclass(frozen=True)
class Injected:
    """An error that was drawn.

    Attributes:
        kind: ``class``: another class; ``missing``: the object was taken out; ``box``: moved and scaled.
        image: The picture's identifier.
        annotation: The annotation's identifier; of what is missing the one that it had.
        box: x, y, width, height: of what is missing those that it had, else those that stand there now.
    """

    kind: str
    image: Any
    annotation: Any
    box: tuple[float, float, float, float]


def inject(document: dict[str, Any], share: float, seed: int) -> tuple[dict[str, Any], list[Injected]]:
    """A COCO document with a share of its annotations made wrong, each in one way, and what was done.

    Args:
        document: As it is read from the file; it stays as it is.
        share: How many annotations become wrong, 0..1.
        seed: What is drawn from.
    """
    draw = random.Random(seed)
    changed, done = deepcopy(document), list[Injected]()
    rows = [row for row in changed["annotations"] if not row.get("iscrowd")]
    chosen = draw.sample(rows, round(share * len(rows)))
    sizes = {image["id"]: (image["width"], image["height"]) for image in changed["images"]}
    kinds = list(_kinds(changed, len(chosen), draw))
    for row, kind in zip(chosen, kinds, strict=True):
        if kind == "class":
            others = [one["id"] for one in changed["categories"] if one["id"] != row["category_id"]]
            row["category_id"] = draw.choice(others)
        elif kind == "box":
            row["bbox"] = _moved(row["bbox"], sizes[row["image_id"]], draw)
            row.pop("segmentation", None)
            row["area"] = row["bbox"][2] * row["bbox"][3]
        x, y, width, height = row["bbox"]
        done.append(Injected(kind, row["image_id"], row["id"], (x, y, width, height)))
    gone = {one.annotation for one in done if one.kind == "missing"}
    changed["annotations"] = [row for row in changed["annotations"] if row["id"] not in gone]
    return changed, done


def _kinds(document: dict[str, Any], count: int, draw: random.Random) -> Iterator[str]:
    """As many of each kind, in any order; classes change where there are two."""
    known = KINDS if len(document["categories"]) > 1 else KINDS[1:]
    kinds = [known[place % len(known)] for place in range(count)]
    draw.shuffle(kinds)
    yield from kinds


def _moved(box: list[float], size: tuple[int, int], draw: random.Random) -> list[float]:
    """A box that was drawn badly, inside its picture of `size` (W, H)."""
    x, y, width, height = box
    factor = draw.choice(FACTORS)
    middle_x = x + width / 2 + draw.choice((-1, 1)) * draw.uniform(*MOVES) * width
    middle_y = y + height / 2 + draw.choice((-1, 1)) * draw.uniform(*MOVES) * height
    x1, x2 = (min(max(middle_x + sign * factor * width / 2, 0), size[0]) for sign in (-1, 1))
    y1, y2 = (min(max(middle_y + sign * factor * height / 2, 0), size[1]) for sign in (-1, 1))
    return [x1, y1, max(x2 - x1, 1.0), max(y2 - y1, 1.0)]
