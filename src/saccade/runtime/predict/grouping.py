"""Pictures that go through the network together: those that get into it in one size, as many as may wait for others."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from saccade.core.geometry.resample import Size
from saccade.runtime.predict.buckets import buckets
from saccade.runtime.predict.preprocess import Preprocessor

# Pixels of resized pictures that may wait for others of their size: 800 MB as float RGB.
ROOM = 2**26

T = TypeVar("T")


def grouped(
    preprocessor: Preprocessor, items: Iterable[T], size: Callable[[T], Size | None], batch: int, room: int
) -> Iterator[list[T]]:
    """Pictures of one size together, as they come: once on each way, before they are read or after.

    Args:
        preprocessor: How they get into the network.
        items: What stands for a picture.
        size: Height and width of each; None where that is not known: these are grouped by themselves.
        batch: Greatest number of pictures of a group.
        room: Pixels that may wait.
    """
    sized = ((item, size(item)) for item in items)
    groups = buckets(sized, lambda s: preprocessor.company(s[1]), lambda s: preprocessor.weight(s[1]), batch, room)
    yield from ([item for item, _ in group] for group in groups)
