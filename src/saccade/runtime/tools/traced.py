"""Where the split's own data have what a network contradicts, whatever lies between these and what it was shown."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.data.datasets.persons.samples import PersonSamples


class Traced(NamedTuple):
    """A place in a split's own data.

    Attributes:
        picture: Its place.
        row: The object among the picture's, or None where it is no object, or not known which.
    """

    picture: int
    row: int | None


def traced(own: Dataset, dataset: Dataset, index: int, row: int | None) -> Traced | None:
    """What one picture of a data set, and an object in it, are in the split's own data; None where they are not of it.

    Args:
        own: The split's own data.
        dataset: These, or what was made of them. A person that is a sample of its own is an object there.
        index: The picture's place in `dataset`.
        row: The object's among that picture's, or None.
    """
    if dataset is own:
        return Traced(index, row)
    person: tuple[Annotation, int] | None = None
    while dataset is not own:
        if isinstance(dataset, PersonSamples):
            person = dataset.truth(index), dataset.row(index)
        below: Any = getattr(dataset, "beneath", None)
        if not callable(below):
            return None
        dataset, index = cast("Callable[[int], tuple[Dataset, int]]", below)(index)
    # In between classes may have been left out, and rows with them: joints say which row it is.
    return Traced(index, None if person is None else _row(own.truth(index).instances, *person))


def _row(rows: Instances | None, truth: Annotation, row: int) -> int | None:
    """The row that has a person's joints: `row`, or else the first."""
    if rows is None or rows.keypoints is None or rows.visible is None:
        return None
    same = (rows.keypoints == truth.pose).flatten(1).all(1) & (rows.visible == truth.pose_visible).all(1)
    found = same.nonzero().flatten().tolist()
    return row if row in found else next(iter(found), None)
