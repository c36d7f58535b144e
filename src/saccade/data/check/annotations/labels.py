"""Labels that are no class, splits without pictures, and splits that disagree about the classes."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from saccade.data.check.annotations.places import object_defect
from saccade.data.check.classes import rename_flag, renames
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part


def odd_labels(part: Part, objects: Objects | None) -> Iterator[Defect]:
    """A split without pictures, and objects whose labels are not among its classes."""
    if not len(part.data):
        yield Defect(None, None, None, f"none in the split {part.name}", "pictures", "add some, or drop the split")
    yield from _odd_marks(part)
    if objects is None:
        return
    count = len(part.data.classes)
    for row in np.flatnonzero(objects.unknown(count)).tolist():
        found, expected = f"the label {int(objects.labels[row])}", f"a label from 0 to {count - 1}"
        yield object_defect(part, objects, row, found, expected, "mend the label, or name its class")


def _odd_marks(part: Part) -> Iterator[Defect]:
    """Pictures whose marks of the classes that were looked for are not one a class."""
    for field, key in (("sought", "instances"), ("semantic_sought", "semantic")):
        count = len(part.data.vocabularies.get(key, ()))
        for index in range(len(part.data) if field in part.data.fields else 0):
            marks: Tensor | None = part.data.truth(index).get(field)
            if marks is not None and (marks.dtype != torch.bool or marks.shape != (count,)):
                name, expected = part.data.id(index), f"{count} marks, true or false, one a class"
                found = f"{field} of shape {tuple(marks.shape)} and type {str(marks.dtype).removeprefix('torch.')}"
                yield Defect(name, None, None, found, expected, "mark each class, or leave it out for all", name)


def disagreements(parts: Sequence[Part]) -> Iterator[Defect]:
    """Splits whose classes are not those of the first, in the same order: a training refuses such pairs."""
    for part in parts[1:]:
        first, own = list(parts[0].data.classes), list(part.data.classes)
        if own != first:
            lacking = [name for name in first if name not in own]
            added = [name for name in own if name not in first]
            found = f"others in {part.name}: " + (
                "; ".join(
                    f"{what} {', '.join(map(repr, names[:10]))}"
                    for what, names in (("without", lacking), ("with", added))
                    if names
                )
                or "in another order"
            )
            expected = f"the {len(first)} classes of {parts[0].name} in all splits"
            alike = renames(added, lacking)
            cure = f"train with {rename_flag(alike)}, or " if alike else ""
            yield Defect(None, None, None, found, expected, f"{cure}give all splits the same classes in the same order")
