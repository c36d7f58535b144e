"""Where a tensor keeps the rows and columns of the picture, through every view and product, and what they see.

Each dimension of a tensor is a product of factors, since a view may merge rows, columns and channels into one
dimension and part them again. A factor is a size and the axis of the picture that it counts along: 0 rows, 1 columns,
None anything else.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from saccade.analysis.reach import Reach

Factor = tuple[int, int | None]
Dimension = tuple[Factor, ...]


@dataclass(frozen=True)
class Footprint:
    """What the positions of a tensor see of the picture.

    Attributes:
        dimensions: Factors of each dimension.
        reaches: What a position sees along rows and along columns.
    """

    dimensions: tuple[Dimension, ...]
    reaches: tuple[Reach, Reach]

    @staticmethod
    def of_pictures(shape: Sequence[int]) -> "Footprint":
        """Pictures (B, C, H, W): each pixel sees itself."""
        return Footprint((plain(shape[0]), plain(shape[1]), ((shape[2], 0),), ((shape[3], 1),)), (Reach(), Reach()))

    @property
    def placed(self) -> bool:
        """Whether the tensor still has rows and columns."""
        return {axis for dimension in self.dimensions for _, axis in dimension} >= {0, 1}

    @property
    def positions(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        counts = [1, 1]
        for size, axis in (factor for dimension in self.dimensions for factor in dimension):
            if axis is not None:
                counts[axis] *= size
        return counts[0], counts[1]

    def axis_of(self, dimension: int) -> int | None:
        """The axis that a dimension counts along, if it counts along one and nothing else."""
        factors = self.dimensions[dimension]
        return factors[0][1] if len(factors) == 1 else None

    def seeing(self, axis: int, change: Callable[[Reach], Reach]) -> "Footprint":
        """The same places, with another reach along one axis."""
        rows, columns = self.reaches
        return replace(self, reaches=(change(rows), columns) if axis == 0 else (rows, change(columns)))

    def placed_at(self, dimensions: Iterable[Dimension]) -> "Footprint":
        """The same reach, in other dimensions."""
        return replace(self, dimensions=tuple(dimensions))

    def mixed(self, dimension: int) -> "Footprint":
        """The positions along a dimension, seen together."""
        found = self
        for size, axis in self.dimensions[dimension]:
            if axis is not None:
                found = found.seeing(axis, lambda reach, size=size: reach.over(size))
        return found

    def whole(self) -> "Footprint":
        """Every position sees the whole picture."""
        return replace(self, reaches=(self.reaches[0].whole(), self.reaches[1].whole()))

    def joined(self, other: "Footprint") -> "Footprint":
        """What this and another see together, in the dimensions of this."""
        rows, columns = (one.joined(two) for one, two in zip(self.reaches, other.reaches, strict=True))
        return replace(self, reaches=(rows, columns))

    def viewed(self, shape: Sequence[int]) -> "Footprint":
        """The same numbers in another shape."""
        left = deque(factor for dimension in self.dimensions for factor in dimension)
        found, dimensions = self, list[Dimension]()
        for size in shape:
            if size == 1:
                dimensions.append((left.popleft(),) if left and left[0][0] == 1 else ())
                continue
            taken: list[Factor] = []
            while size > 1 and left:
                count, axis = left.popleft()
                if size % count == 0:
                    taken += [(count, axis)] if count > 1 else []
                    size //= count
                elif count % size == 0:
                    # The outer part of what is parted keeps the axis; the inner part is seen with it.
                    if axis is not None:
                        found = found.seeing(axis, lambda reach, part=count // size: reach.grouped(part))
                    taken.append((size, axis))
                    left.appendleft((count // size, None))
                    size = 1
                else:
                    return self.scattered(shape)
            dimensions.append(tuple(taken))
        return found.placed_at(dimensions)

    def scattered(self, shape: Sequence[int]) -> "Footprint":
        """A shape in which rows and columns are lost: every number may be from anywhere in the map."""
        found = self
        for dimension in range(len(self.dimensions)):
            found = found.mixed(dimension)
        return found.placed_at(plain(size) for size in shape)


def plain(size: int) -> Dimension:
    """A dimension that counts along no axis."""
    return ((size, None),) if size > 1 else ()
