"""Classes of a picture's pixels that are read part by part, where the whole map would be too much to hold.

A data set of files may offer a method `classes_by_window(index, most)`. It promises that its pictures are the pixels of
the files that its `path` names; those that change pictures on the way have no such method.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from saccade.core.dataset import Dataset


@dataclass(frozen=True)
class ClassesByWindow:
    """Classes of one picture's pixels.

    Attributes:
        size: (H, W) of the picture, as its map has it.
        read: (h, w) int64, 255 = ignore, of a window: first row, first column, the row and the column after the last.
    """

    size: tuple[int, int]
    read: Callable[[int, int, int, int], Tensor]

    @staticmethod
    def of(semantic: Tensor) -> "ClassesByWindow":
        """The parts of a map (H, W) that is held whole."""
        size = (semantic.shape[0], semantic.shape[1])
        return ClassesByWindow(size, lambda top, left, bottom, right: semantic[top:bottom, left:right])

    def map(self, function: Callable[[Tensor], Tensor]) -> "ClassesByWindow":
        """The same classes under other numbers: `function` of each part."""
        return replace(self, read=lambda *window: function(self.read(*window)))


def classes_by_window(dataset: Dataset, index: int, most: int) -> ClassesByWindow | None:
    """Classes of one picture's pixels, as the data set's own `classes_by_window` tells; None where it has none.

    Args:
        dataset: The data.
        index: Which picture.
        most: Pixels that a map may have which is read by window.

    Raises:
        DataError: The map cannot be read.
    """
    own: Any = getattr(dataset, "classes_by_window", None)
    found: Any = own(index, most) if callable(own) else None
    return found
