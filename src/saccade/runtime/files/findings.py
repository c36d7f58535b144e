"""What the predictions of a folder say together, counted entry by entry."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from saccade.core.threshold import UNMEASURED
from saccade.view.drawing.draw import least_drawn


@dataclass
class Findings:
    """What is in some pictures.

    Attributes:
        pictures: How many; frames of videos count.
        frames: How many of them are frames of videos.
        objects: The objects in all of them, or None where the network speaks of none.
        drawn: How many of these a drawing shows.
        best: The best score of an object that was kept; None where none has one.
        classes: How many pictures are of each class.
        pixels: The share of the pixels of each class, summed over the pictures.
        small: How many pictures are too large to be drawn in their own size.
        drawn_from: From which score on objects are drawn where nobody gave a threshold.
    """

    pictures: int = 0
    frames: int = 0
    objects: int | None = None
    drawn: int = 0
    best: float | None = None
    classes: Counter[str] = field(default_factory=Counter[str])
    pixels: Counter[str] = field(default_factory=Counter[str])
    small: int = 0
    drawn_from: float = UNMEASURED


def findings_of(
    entries: Iterable[Mapping[str, Any]], threshold: float | None, drawn_from: float = UNMEASURED
) -> Findings:
    """The sum of the entries of a ``predictions.json``.

    Args:
        entries: One a picture.
        threshold: The score below which objects were left out, or None.
        drawn_from: From which score on they are drawn where there is no threshold.
    """
    found = Findings(drawn_from=drawn_from)
    for entry in entries:
        found.pictures += 1
        found.frames += "frame" in entry
        found.small += "drawn_size" in entry
        found.classes.update(entry.get("classes", [entry["class"]] if "class" in entry else []))
        for kind in (*entry.get("semantic_classes", []), *entry.get("semantic_masks", [])):
            found.pixels[kind["class"]] += kind["share"]
        if "instances" in entry:
            _add_objects(found, entry, threshold)
    return found


def _add_objects(found: Findings, entry: Mapping[str, Any], threshold: float | None) -> None:
    rows: Mapping[str, Any] = entry["instances"]
    count = max(map(len, rows.values()), default=0)
    found.objects = (found.objects or 0) + count
    scores: list[float] | None = rows.get("scores")
    if scores is None:
        found.drawn += count
        return
    least = least_drawn(count, "label_scores" in entry, threshold, found.drawn_from)
    found.drawn += sum(least is None or score >= least for score in scores)
    if scores:
        found.best = max(*scores, found.best or 0.0)
