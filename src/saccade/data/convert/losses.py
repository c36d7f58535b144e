"""What a format cannot hold: counted before anything is written, and refused unless it was allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from saccade.core.errors import DataError, UsageError

KINDS = {
    "areas": "areas of objects that are not those of their boxes or outlines",
    "boxes": "boxes that are no bounds of their outlines (YOLO), or narrower than a pixel (VOC)",
    "classes": "objects of other classes than that of the largest",
    "contours": "maps of contours",
    "crowds": "marks of crowds",
    "difficult": "marks of difficult objects",
    "ignored": "regions to ignore whatever is in them",
    "holes": "masks with holes, which are filled",
    "joints": "names, pairs or bones of joints",
    "keypoints": "joints of objects",
    "left_out": "pictures in the data's folder that are not read, or folders of them, which `data check` lists",
    "label": "classes of whole pictures that do not follow from the largest object",
    "labels": "lists of a picture's classes that do not follow from its objects",
    "masks": "masks of objects",
    "objects": "objects, one by one",
    "outlines": "masks whose outline gives slightly other pixels",
    "outside": "joints outside their picture, which become joints that nobody annotated",
    "overlaps": "objects, or masks of classes, that cover each other, of which the smallest stays on top",
    "parts": "masks of several parts, of which the largest is kept",
    "person": "places and sizes of persons",
    "pictures": "pictures without what the format is about, which are left out",
    "pose": "joints of a picture's one person",
    "semantic": "classes of pixels",
    "semantic_masks": "masks of classes of pixels, of which a pixel may have several",
    "sought": "pictures where some class was not looked for, which becomes absent, or of pixels unknown",
    "unannotated": "pictures whose objects nobody annotated, which become pictures without objects",
    "unknown": "pictures with pixels of which nothing is known, which become pixels of no class",
}


@dataclass
class LossCounts:
    """How often each kind of loss happens, and where first.

    Attributes:
        counts: By kind.
        places: The first picture by kind.
    """

    counts: dict[str, int] = field(default_factory=dict[str, int])
    places: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, kind: str, count: int, place: str) -> None:
        """Notes that `count` things of a kind would be lost in one picture; 0 notes nothing."""
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.places.setdefault(kind, place)

    def refuse(self, allowed: frozenset[str], form: str) -> None:
        """Refuses losses that are not allowed.

        Raises:
            DataError: There are some; the message names each kind, how often it happens and where first.
        """
        kinds = sorted(set(self.counts) - allowed)
        if not kinds:
            return
        told = "\n".join(f"    {kind}: {self.said(kind)}" for kind in kinds)
        raise DataError(
            f"data that {form} can hold",
            f"some that would be lost:\n{told}",
            cure=f"allow it with --allow-loss {','.join(kinds)}, or all with --lossy",
        )

    def said(self, kind: str) -> str:
        """One kind in words: how many, what, and where first."""
        return f"{self.counts[kind]} {KINDS[kind]}; the first in {self.places[kind]}"


def known_kinds(names: Iterable[str]) -> frozenset[str]:
    """The kinds of loss that are allowed.

    Raises:
        UsageError: A name is no kind.
    """
    found = frozenset(names)
    unknown = sorted(found - set(KINDS))
    if unknown:
        raise UsageError("kinds of loss", ", ".join(unknown), cure=f"known are {', '.join(sorted(KINDS))}")
    return found
