"""Splits that teach nothing: not one object, or one class alone."""

from collections.abc import Iterator

from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.split_names import canonical
from saccade.data.label_places import label_places


def trivial(part: Part, objects: Objects | None) -> Iterator[Defect]:
    """What a split that is learnt from or measured on lacks; a test split may be without labels."""
    split, count = canonical(part.name), len(part.data)
    if objects is not None and not len(objects) and count and split in ("train", "val"):
        found = f"none in {count} pictures of {part.name}; {label_places(part.data)}"
        yield Defect(None, None, None, found, "objects", "put the labels where they are sought, or drop the split")
    names = part.data.vocabularies.main
    if part.data.fields in (frozenset({"label"}), frozenset({"semantic"})) and len(names) == 1 and split == "train":
        what = "picture" if "label" in part.data.fields else "pixel"
        found = f"{names[0]!r} alone; {label_places(part.data)}"
        expected = f"two classes or more, of which each {what} has one"
        yield Defect(None, None, None, found, expected, "add what is none of it as a class of its own, such as 'other'")
