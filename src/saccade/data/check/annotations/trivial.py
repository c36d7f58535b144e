"""Splits that teach nothing: not one object, or one class alone."""

from collections.abc import Iterator

from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.split_names import canonical
from saccade.data.label_places import label_places


def without_objects(part: Part, objects: Objects | None) -> Iterator[Defect]:
    """A split to learn from or to measure on that shows nothing, where no other defect explains it."""
    count = len(part.data)
    if objects is None or len(objects) or not count or part.errors or canonical(part.name) not in ("train", "val"):
        return  # A test split may be without labels.
    if {"semantic", "semantic_masks"} & part.data.fields:
        return  # Pixels are annotated; that there are objects too is a form's, such as VOC's.
    found = f"none in {count} pictures of {part.name}; {label_places(part.data)}"
    yield Defect(None, None, None, found, "objects", "put the labels where they are sought, or drop the split")


def one_class_notes(part: Part) -> Iterator[str]:
    """What a classifier would find too easy; objects of one class can still be sought."""
    names = part.data.vocabularies.main
    if part.data.fields in (frozenset({"label"}), frozenset({"semantic"})) and len(names) == 1:
        yield f"{part.name}: one class alone, {names[0]}: no classifier learns from that; {label_places(part.data)}"
