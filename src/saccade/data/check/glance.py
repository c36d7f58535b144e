"""The part of a check that costs next to nothing, for the moment before a training."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.check.annotations.boxes import repeated, thin
from saccade.data.check.annotations.summaries import in_fractions, summaries
from saccade.data.check.notes import number_of
from saccade.data.check.objects import objects_of
from saccade.data.check.parts import Part
from saccade.data.formats.common.store import Store


def quick_check(data: Dataset, name: str) -> Iterator[str]:
    """What is odd about the boxes of a data set that keeps them in arrays; nothing of others.

    Args:
        data: The data set.
        name: How a person calls it.

    Raises:
        DataError: A label is none of the classes.
    """
    store: Any = getattr(data, "store", None)
    objects = objects_of(data) if isinstance(store, Store) else None
    if objects is None:
        return
    beyond = np.flatnonzero(objects.unknown(len(data.classes)))
    if len(beyond):
        raise DataError(
            f"labels from 0 to {len(data.classes) - 1}",
            int(objects.labels[beyond[0]]),
            path=data.id(objects.picture(int(beyond[0]))),
            cure="`saccade data check` lists them all",
        )
    summed = next(summaries(Part(name, data), objects, ()), None)
    if summed is not None:
        yield f"warning: {name}: {summed.found}; {summed.cure}"
    odd = {"box of a pixel's width": 0 if in_fractions(objects) else len(thin(objects))}
    odd["object that is there twice"] = len(repeated(objects))
    said = [number_of(count, noun, _many(noun)) for noun, count in odd.items() if count]
    if said:
        yield f"note: {name}: {' and '.join(said)}: `saccade data check` lists them"


def _many(noun: str) -> str:
    return noun.replace("box", "boxes").replace("object that is", "objects that are")
